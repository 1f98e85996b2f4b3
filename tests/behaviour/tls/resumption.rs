//! Sessions that are resumed: one configuration is one verifier and one cache of tickets. A session
//! that is resumed is not verified anew, so that a configuration never resumes that of another.

use std::sync::Arc;

use smtp::state::{Security, Verification};
use smtp::{Connection, Error, TlsConfig};
use tests::server;
use tokio::io::AsyncReadExt as _;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use super::{NAME, authority, connect, key, named, of_version, trusting};

/// The facts of one more connection. It ends with the greeting read, and in TLS 1.3 the tickets
/// come before that.
async fn facts(config: &ServerConfig, tls: &TlsConfig) -> Security {
    let connection = connect(config.clone(), tls, &server()).await.expect("a session");
    connection.security().expect("TLS").clone()
}

#[tokio::test]
async fn a_configuration_and_its_clones_resume_and_no_other_does() {
    let (root, key) = (authority("private"), key());
    let certificate = named(NAME).signed_by(&key, &root).expect("signed");
    for version in [&TLS12, &TLS13] {
        // Clones of a server share its cache.
        let config = of_version(version, &certificate, &key);
        let of_root = || TlsConfig::builder().root_pem(root.pem()).build().expect("a root");
        let pinned = TlsConfig::builder().pin_certificate_pem(certificate.pem());
        let any = TlsConfig::builder().dangerous().accept_any_certificate();
        let all = [
            (of_root(), Verification::Roots),
            (of_root(), Verification::Roots),
            (pinned.build().expect("a pin"), Verification::Pinned),
            (any.build().expect("no roots"), Verification::Unverified),
        ];
        for (tls, verification) in &all {
            let first = facts(&config, tls).await;
            assert!(!first.resumed, "{version:?}, {verification:?}: of another configuration");
            for tls in [tls, &tls.clone()] {
                let next = facts(&config, tls).await;
                assert!(next.resumed, "{version:?}, {verification:?}");
                assert_eq!(next.verification, *verification, "{version:?}");
                assert_eq!(next.verified, *verification != Verification::Unverified);
                assert_eq!(next.peer_certificates, first.peer_certificates);
            }
        }
    }
}

/// Also where both use one cache of rustls: the caller's own configuration with another verifier.
#[tokio::test]
async fn another_verifier_never_resumes() {
    use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
    use tokio_rustls::rustls::pki_types::CertificateDer;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};

    let (root, key) = (authority("private"), key());
    let certificate = named(NAME).signed_by(&key, &root).expect("signed");
    let server_config = of_version(&TLS13, &certificate, &key);
    let configure = || {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(root.der().to_vec())).expect("a root");
        ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13])
            .expect("a version")
            .with_root_certificates(roots)
            .with_no_client_auth()
    };
    let first = configure();
    let mut second = configure();
    second.resumption = first.resumption.clone();
    let [first, second] =
        [first, second].map(|config| TlsConfig::from_rustls(Arc::new(config), Verification::Roots));
    assert!(!facts(&server_config, &first).await.resumed);
    assert!(facts(&server_config, &first).await.resumed);
    assert!(!facts(&server_config, &second).await.resumed, "verified by another");
}

/// A handshake that the server breaks off at the client's first message.
async fn breaks_off(tls: &TlsConfig) {
    let (client, mut stream) = tokio::io::duplex(1 << 16);
    tokio::spawn(async move { stream.read(&mut [0; 1024]).await });
    let broken = Connection::from_tls_stream(client, &server(), tls).await;
    assert!(matches!(broken, Err(Error::Lost(_))), "{broken:?}");
}

/// As Dovecot does that asks for client certificates: rustls would offer a session of TLS 1.2 again
/// and again.
#[tokio::test]
async fn a_server_that_breaks_off_a_resumption_is_offered_no_other() {
    let (root, key) = (authority("private"), key());
    let certificate = named(NAME).signed_by(&key, &root).expect("signed");
    for version in [&TLS12, &TLS13] {
        let config = of_version(version, &certificate, &key);
        let tls = trusting(&root.pem());
        // Nothing was offered: this says nothing of sessions.
        breaks_off(&tls).await;
        assert!(!facts(&config, &tls).await.resumed);
        assert!(facts(&config, &tls).await.resumed, "{version:?}");
        breaks_off(&tls).await;
        for _ in 0..4 {
            assert!(!facts(&config, &tls).await.resumed, "{version:?}");
        }
        // Of this configuration alone.
        let tls = trusting(&root.pem());
        assert!(!facts(&config, &tls).await.resumed);
        assert!(facts(&config, &tls).await.resumed, "{version:?}");
    }
}

/// A failure counts against resumption where a session was offered, and in no other handshake.
#[tokio::test]
async fn a_server_that_resumed_and_breaks_off_a_full_handshake_is_offered_sessions_again() {
    let (root, key) = (authority("private"), key());
    let certificate = named(NAME).signed_by(&key, &root).expect("signed");
    let mut config = of_version(&TLS13, &certificate, &key);
    config.send_tls13_tickets = 1;
    let mut without_tickets = config.clone();
    without_tickets.send_tls13_tickets = 0;
    let tls = trusting(&root.pem());
    assert!(!facts(&config, &tls).await.resumed);
    assert!(facts(&without_tickets, &tls).await.resumed);
    breaks_off(&tls).await;
    assert!(!facts(&config, &tls).await.resumed, "a ticket is used once");
    assert!(facts(&config, &tls).await.resumed);
}
