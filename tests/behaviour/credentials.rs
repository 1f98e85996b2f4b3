//! The choice of a mechanism for a password or a token.

use smtp::auth::{Credentials, Strength};
use smtp::testing::Script;
use smtp::{Connection, Error, TlsConfig};
use tests::{error, greeted, hello, script, secured, server};

fn password() -> Credentials {
    Credentials::password("me", "pencil")
}

/// The mechanism that AUTH names, of a session inside TLS 1.3 that offers these; or the error.
async fn chosen(offers: &str, mut credentials: Credentials) -> Result<String, String> {
    let offers = [&*format!("AUTH {offers}")];
    let (connection, peer) = secured(&offers, "C: AUTH *\n-- close --").await;
    let result = connection.authenticate(&mut credentials).await;
    let error = error(result);
    let written = String::from_utf8(peer.written()).expect("text");
    match written.split_once("AUTH ") {
        Some((_, auth)) => Ok(auth.split_whitespace().next().expect("a name").to_owned()),
        None => Err(error.to_string()),
    }
}

#[tokio::test(start_paused = true)]
async fn the_strongest_mechanism_is_chosen() {
    const BOTH: &str = "PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS";
    const ALL: &str = "LOGIN PLAIN SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512";
    let table = [
        (format!("{ALL} SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS"), password(), "SCRAM-SHA-256-PLUS"),
        (format!("{ALL} SCRAM-SHA-1-PLUS"), password(), "SCRAM-SHA-1-PLUS"),
        (ALL.to_owned(), password(), "SCRAM-SHA-512"),
        (ALL.to_owned(), password().without("scram-sha-512"), "SCRAM-SHA-256"),
        (ALL.to_owned(), password().only("PLAIN"), "PLAIN"),
        ("LOGIN PLAIN SCRAM-SHA-1".to_owned(), password(), "SCRAM-SHA-1"),
        (BOTH.to_owned(), password().only("SCRAM-SHA-256"), "SCRAM-SHA-256"),
        (BOTH.to_owned(), password().without("SCRAM-SHA-256-PLUS"), "SCRAM-SHA-256"),
        ("SCRAM-SHA-384 SCRAM-SHA-224".to_owned(), password(), "SCRAM-SHA-384"),
        ("LOGIN PLAIN CRAM-MD5".to_owned(), password(), "PLAIN"),
        ("LOGIN CRAM-MD5".to_owned(), password(), "LOGIN"),
        ("XOAUTH2 OAUTHBEARER PLAIN".to_owned(), Credentials::token("me", "t"), "OAUTHBEARER"),
        ("XOAUTH2 PLAIN".to_owned(), Credentials::token("me", "t"), "XOAUTH2"),
    ];
    for (offers, credentials, expected) in table {
        assert_eq!(chosen(&offers, credentials).await.as_deref(), Ok(expected), "{offers}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_says_why_no_mechanism_fits() {
    let known = "SCRAM-SHA-512-PLUS, SCRAM-SHA-384-PLUS, SCRAM-SHA-256-PLUS, SCRAM-SHA-224-PLUS, \
                 SCRAM-SHA-1-PLUS, SCRAM-SHA-512, SCRAM-SHA-384, SCRAM-SHA-256, SCRAM-SHA-224, \
                 SCRAM-SHA-1, PLAIN, LOGIN";
    let table = [
        (
            "CRAM-MD5 NTLM",
            password(),
            format!("the server offers CRAM-MD5, NTLM; these credentials know {known}"),
        ),
        (
            "PLAIN LOGIN",
            password().at_least(Strength::Proof),
            format!(
                "the server offers PLAIN, LOGIN; PLAIN: weaker than asked for; LOGIN: weaker than \
                 asked for; these credentials know {known}"
            ),
        ),
        (
            "SCRAM-SHA-256 PLAIN",
            password().at_least(Strength::BoundProof).without("PLAIN"),
            format!(
                "the server offers SCRAM-SHA-256, PLAIN; SCRAM-SHA-256: weaker than asked for; \
                 PLAIN: excluded; these credentials know {known}"
            ),
        ),
        (
            "PLAIN",
            Credentials::token("me", "t"),
            "the server offers PLAIN; these credentials know OAUTHBEARER, XOAUTH2".to_owned(),
        ),
    ];
    for (offers, credentials, expected) in table {
        let expected = format!("authentication was not tried: no mechanism fits: {expected}");
        assert_eq!(chosen(offers, credentials).await, Err(expected), "{offers}");
    }
}

/// Where the server is not verified no mechanism that reveals the secret is chosen, but through the
/// door.
#[tokio::test(start_paused = true)]
async fn nothing_is_revealed_to_a_server_that_is_not_verified() {
    let not_verified = |text: &str| {
        assert!(
            text.contains("PLAIN: it reveals the secret, and the server is not verified"),
            "{text}"
        );
    };
    let unverified = async |dialogue: &str, offers: &[&str]| {
        let tls = TlsConfig::builder().dangerous_accept_any_certificate().build().expect("any");
        let script = Script::new("-- tls --").then(&hello(offers)).then(dialogue);
        let (stream, peer) = script.start();
        let connection = Connection::from_tls_stream(stream, &server(), &tls).await;
        (connection.expect("EHLO"), peer)
    };
    let (connection, peer) = unverified("", &["AUTH PLAIN"]).await;
    not_verified(&error(connection.authenticate(&mut password()).await).to_string());
    peer.finish();
    let login = "C: AUTH PLAIN AG1lAHBlbmNpbA==\nS: 235 ok";
    let (connection, peer) = unverified(login, &["AUTH PLAIN"]).await;
    connection.dangerous().authenticate(&mut password()).await.expect("through the door");
    peer.finish();
    let (connection, peer) = greeted(script(&["AUTH PLAIN"], login)).await;
    connection.dangerous().authenticate(&mut password()).await.expect("through the door");
    peer.finish();
    let proof = "C: AUTH SCRAM-SHA-256 *\nS: 535 5.7.8 no";
    let (connection, peer) = unverified(proof, &["AUTH PLAIN SCRAM-SHA-256"]).await;
    let refused = error(connection.authenticate(&mut password()).await);
    // A weaker mechanism does not follow one that has failed.
    assert!(matches!(&refused, Error::Refused(refusal) if refusal.reply().is_some()), "{refused}");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn credentials_serve_several_connections_and_show_no_secret() {
    let mut credentials = password();
    for (offers, line) in [
        ("AUTH PLAIN", "C: AUTH PLAIN AG1lAHBlbmNpbA==\nS: 235 ok"),
        ("AUTH LOGIN", "C: AUTH LOGIN\nS: 334\nC: bWU=\nS: 334\nC: cGVuY2ls\nS: 235 ok"),
    ] {
        let (connection, peer) = secured(&[offers], line).await;
        connection.authenticate(&mut credentials).await.expect("a login");
        assert!(!format!("{credentials:?}").contains("pencil"), "{credentials:?}");
        peer.finish();
    }
}
