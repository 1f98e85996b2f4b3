//! The choice of a mechanism for a password or a token.

use std::sync::Arc;

use smtp::auth::{Credentials, Strength};
use smtp::testing::{Certificate, Script};
use smtp::{Connection, Error, TlsConfig};
use tests::{error, greeted, hello, script, secured, server};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::version::TLS12;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

mod exchange;

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
        ("CRAM-MD5 LOGIN".to_owned(), password().also("CRAM-MD5"), "LOGIN"),
        ("CRAM-MD5".to_owned(), password().also("cram-md5"), "CRAM-MD5"),
        ("CRAM-MD5 DIGEST-MD5".to_owned(), password().only("CRAM-MD5"), "CRAM-MD5"),
        (
            "CRAM-MD5 DIGEST-MD5".to_owned(),
            password().also("CRAM-MD5").also("DIGEST-MD5").at_least(Strength::Guessable),
            "DIGEST-MD5",
        ),
        ("PLAIN".to_owned(), password().only("LOGIN").though_unlisted(), "LOGIN"),
        (
            "SCRAM-SHA-256".to_owned(),
            password().only("scram-sha-256-plus").though_unlisted(),
            "SCRAM-SHA-256-PLUS",
        ),
        ("LOGIN PLAIN".to_owned(), password().acting_as("boss"), "PLAIN"),
        ("EXTERNAL PLAIN".to_owned(), Credentials::external(), "EXTERNAL"),
        ("ANONYMOUS PLAIN".to_owned(), Credentials::anonymous("a test"), "ANONYMOUS"),
    ];
    for (offers, credentials, expected) in table {
        assert_eq!(chosen(&offers, credentials).await.as_deref(), Ok(expected), "{offers}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_says_why_no_mechanism_fits() {
    let known = "SCRAM-SHA-512-PLUS, SCRAM-SHA-384-PLUS, SCRAM-SHA-256-PLUS, SCRAM-SHA-224-PLUS, \
                 SCRAM-SHA-1-PLUS, SCRAM-SHA-512, SCRAM-SHA-384, SCRAM-SHA-256, SCRAM-SHA-224, \
                 SCRAM-SHA-1, PLAIN, LOGIN, DIGEST-MD5, CRAM-MD5, \
                 NTLM";
    let table = [
        (
            "CRAM-MD5 NTLM",
            password(),
            format!(
                "the server offers CRAM-MD5, NTLM; CRAM-MD5: weak, and used where `also` or `only` \
                 names it; NTLM: weak, and used where `also` or `only` names it; these credentials \
                 know {known}"
            ),
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
            "LOGIN",
            password().acting_as("boss"),
            format!(
                "the server offers LOGIN; LOGIN: it cannot act as another user; these credentials \
                 know {known}"
            ),
        ),
        (
            "PLAIN",
            Credentials::external(),
            "the server offers PLAIN; these credentials know EXTERNAL".to_owned(),
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

/// An exclusion that is misspelt would exclude nothing.
#[tokio::test(start_paused = true)]
async fn a_name_that_no_mechanism_has_is_an_error() {
    for credentials in [password().without("PLIAN"), password().also("CRAM_MD5")] {
        let error = chosen("PLAIN CRAM-MD5", credentials).await.expect_err("misspelt");
        assert!(error.contains("is none of them: ANONYMOUS, CRAM-MD5"), "{error}");
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
        let tls = TlsConfig::builder().dangerous().accept_any_certificate().build().expect("any");
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

/// A mechanism that the server lists and does not know is followed by the next one, and by no
/// weaker one than the caller wants.
#[tokio::test(start_paused = true)]
async fn a_mechanism_that_the_server_does_not_know_is_followed_by_the_next() {
    let mut credentials = password();
    for code in ["504 5.5.4 unknown", "500 what", "501 5.5.4 no", "502 not implemented"] {
        let dialogue = format!(
            "C: AUTH SCRAM-SHA-256 *
             S: {code}
             C: AUTH PLAIN AG1lAHBlbmNpbA==
             S: {code}
             C: AUTH LOGIN
             S: 334
             C: bWU=
             S: 334
             C: cGVuY2ls
             S: 235 ok"
        );
        let (connection, peer) = secured(&["AUTH LOGIN PLAIN SCRAM-SHA-256"], &dialogue).await;
        // The same value on several connections: each begins with the strongest.
        connection.authenticate(&mut credentials).await.expect("LOGIN");
        assert_eq!(smtp::Mechanism::name(&credentials), "LOGIN");
        peer.finish();
    }
    let dialogue = "C: AUTH SCRAM-SHA-256 *\nS: 504 5.5.4 unknown";
    let (connection, peer) = secured(&["AUTH PLAIN SCRAM-SHA-256"], dialogue).await;
    let strong = &mut password().at_least(Strength::Proof);
    let refused = error(connection.authenticate(strong).await);
    assert_eq!(refused.reply().map(|reply| reply.code().value()), Some(504), "{refused}");
    peer.finish();
    // One that was tried though it was not listed is not tried without end.
    let dialogue = "C: AUTH LOGIN\nS: 504 5.5.4 unknown";
    let (connection, peer) = secured(&[], dialogue).await;
    let refused = connection.authenticate(&mut password().only("login").though_unlisted()).await;
    assert_eq!(error(refused).reply().map(|reply| reply.code().value()), Some(504));
    peer.finish();
}

/// Any other failure ends the choice: 535, 4yz, and a refusal after a challenge.
#[tokio::test(start_paused = true)]
async fn a_mechanism_that_has_failed_is_followed_by_none() {
    for refusal in
        ["S: 535 5.7.8 no", "S: 454 4.7.0 later", "S: 503 5.5.1 no", "S: 334 eD14\n-- close --"]
    {
        let dialogue = format!("C: AUTH SCRAM-SHA-256 *\n{refusal}");
        let (connection, peer) = secured(&["AUTH PLAIN SCRAM-SHA-256"], &dialogue).await;
        let refused = error(connection.authenticate(&mut password()).await);
        let text = refused.to_string();
        assert_eq!(
            text.contains(
                "SCRAM-SHA-256 was used, and the server also offers PLAIN, which \
                 `Credentials::only` names"
            ),
            refusal.contains("535"),
            "{text}"
        );
        drop(peer);
    }
    let dialogue = "C: AUTH LOGIN\nS: 334\nC: bWU=\nS: 504 5.5.4 unknown";
    let (connection, peer) = secured(&["AUTH LOGIN CRAM-MD5"], dialogue).await;
    let mut weak = password().also("CRAM-MD5");
    let refused = error(connection.authenticate(&mut weak).await);
    assert_eq!(refused.reply().map(|reply| reply.code().value()), Some(504), "{refused}");
    peer.finish();
}

/// A -PLUS that the server lists and does not know is followed by another, and then by one that says
/// `y`: the client could bind, and the server did not want it. A server that never heard of -PLUS
/// notices the third side that has said 504.
#[tokio::test(start_paused = true)]
async fn a_plus_that_is_not_known_leaves_a_trace() {
    let dialogue = "C: AUTH SCRAM-SHA-512-PLUS *
                    S: 504 5.5.4 unknown
                    C: AUTH SCRAM-SHA-256-PLUS *
                    S: 504 5.5.4 unknown
                    C: AUTH SCRAM-SHA-256 *
                    S: 535 5.7.8 no";
    let offers = "AUTH SCRAM-SHA-256 SCRAM-SHA-256-PLUS SCRAM-SHA-512-PLUS";
    let (connection, peer) = secured(&[offers], dialogue).await;
    let refused = error(connection.authenticate(&mut password()).await);
    assert_eq!(refused.reply().map(|reply| reply.code().value()), Some(535), "{refused}");
    let written = String::from_utf8(peer.written()).expect("text");
    // "y,," and "p=tls-exporter,,"
    assert!(written.contains("AUTH SCRAM-SHA-256 eSws"), "{written}");
    assert_eq!(written.matches("-PLUS cD10bHMtZXhwb3J0ZXIsL").count(), 2, "{written}");
    peer.finish();
}

/// Inside TLS 1.2 the channel is bound where -PLUS is named and the configuration requires the
/// extended master secret (RFC 9266 §4.2); else the client says `n`.
#[tokio::test(start_paused = true)]
async fn tls_1_2_binds_where_that_is_named() {
    let certificate = Certificate::default();
    let authority = CertificateDer::from_pem_slice(certificate.authority_pem().as_bytes());
    let authority = authority.expect("PEM");
    let named = || password().only("SCRAM-SHA-256-PLUS");
    for (requires, mut credentials, expected) in [
        (true, named(), Some("AUTH SCRAM-SHA-256-PLUS cD10bHMtZXhwb3J0ZXIsL")),
        (true, password(), Some("AUTH SCRAM-SHA-256 biws")),
        (false, named(), None),
        (false, password(), Some("AUTH SCRAM-SHA-256 biws")),
    ] {
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone()).expect("an authority");
        let config = ClientConfig::builder_with_protocol_versions(&[&TLS12]);
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.require_ems = requires;
        let tls = TlsConfig::from_rustls(Arc::new(config), smtp::state::Verification::Roots);
        let dialogue = if expected.is_some() { "C: AUTH *\nS: 535 5.7.8 no" } else { "" };
        let script =
            Script::new("-- tls --").then(&hello(&["AUTH SCRAM-SHA-256 SCRAM-SHA-256-PLUS"]));
        let (stream, peer) = script.then(dialogue).certificate(&certificate).start();
        let connection = Connection::from_tls_stream(stream, &server(), &tls).await.expect("TLS");
        let refused = error(connection.authenticate(&mut credentials).await).to_string();
        match expected {
            Some(line) => assert!(String::from_utf8_lossy(&peer.written()).contains(line)),
            None => assert!(refused.contains("PLUS: the connection cannot be bound"), "{refused}"),
        }
        peer.finish();
    }
}
