//! Sessions that are resumed, by the facts and by the logs of real servers: one configuration keeps
//! the tickets of a server, and no other configuration uses them.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use smtp::auth::{ChannelBinding, ScramSha256};
use smtp::grammar::Domain;
use smtp::state::{Security, Tls, Verification};
use smtp::{Connection, DeliverError, Envelope, Submission, TlsConfig};
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use super::server::Server;

/// How long a server may take to write its log, and the pause between two looks into it.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// Trusts the server's authority, and speaks this version of TLS alone.
fn only(version: &'static SupportedProtocolVersion, server: &Server) -> TlsConfig {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(&server.authority()).expect("PEM");
    roots.add(authority).expect("an authority");
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[version])
        .expect("a version")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConfig::from_rustls(Arc::new(config), Verification::Roots)
}

/// Trusts the server's certificate alone.
fn pinned(server: &Server) -> TlsConfig {
    let certificate = Path::new(server.get("CA")).with_file_name("server.pem");
    let pem = std::fs::read(certificate).expect("a certificate");
    TlsConfig::builder().pin_certificate_pem(pem).build().expect("a certificate")
}

/// One more session, inside TLS from the first byte or from STARTTLS on.
async fn open(server: &Server, tls: &TlsConfig, implicit: bool, name: &str) -> Connection<Tls> {
    let submission = Submission::new("localhost").client_name(name.parse::<Domain>().expect(name));
    let submission = if implicit {
        submission.implicit_tls().port(server.port("PORT_SMTPS"))
    } else {
        submission.port(server.port("PORT_SUBMISSION"))
    };
    submission.tls(tls.clone()).connect().await.expect("a session")
}

/// The facts of one more session. The server refuses a message in it, and logs the refusal with the
/// client's name.
async fn facts(server: &Server, tls: &TlsConfig, implicit: bool, name: &str) -> Security {
    let mut connection = open(server, tls, implicit, name).await;
    let facts = connection.security().expect("TLS").clone();
    let envelope = Envelope::new("a@example.com", ["b@example.com"]).expect("addresses");
    let refused = connection.deliver(&envelope, "x\r\n").await;
    assert!(matches!(refused, Err(DeliverError::Refused(_))), "{refused:?}");
    connection.quit().await.expect("QUIT");
    facts
}

/// The second session of a configuration resumes the first, and keeps its facts. Every
/// configuration begins with a full handshake, whatever others have left.
async fn resumes(server: &Server, tls: &TlsConfig, implicit: bool, name: &str) -> Security {
    let mut first = facts(server, tls, implicit, &format!("full.{name}")).await;
    assert!(!first.resumed, "{name}: by a ticket of another configuration");
    let second = facts(server, &tls.clone(), implicit, &format!("resumed.{name}")).await;
    assert!(second.resumed, "{name}");
    assert!(second.verified && second.peer_certificates.iter().count() > 0, "{second:?}");
    first.resumed = true;
    assert_eq!(second, first, "{name}: other facts than the first session's");
    second
}

/// In both versions, after STARTTLS and from the first byte. `logged` says by the server's log
/// whether the session of a client of this name was resumed.
async fn in_every_way(server: &Server, logged: Option<fn(&str, &str) -> Option<bool>>) {
    let both = || server.tls();
    let mut names = Vec::new();
    for implicit in [false, true] {
        let begins = if implicit { "implicit" } else { "starttls" };
        let ways = [
            ("tls12", only(&TLS12, server), "TLSv1_2", Verification::Roots),
            ("tls13", only(&TLS13, server), "TLSv1_3", Verification::Roots),
            ("roots", both(), "TLSv1_3", Verification::Roots),
            ("pinned", pinned(server), "TLSv1_3", Verification::Pinned),
        ];
        for (way, tls, protocol, verification) in ways {
            let name = format!("{way}.{begins}.resumption.example");
            let facts = resumes(server, &tls, implicit, &name).await;
            assert_eq!((&*facts.protocol, facts.verification), (protocol, verification), "{name}");
            names.push(name);
        }
    }
    let Some(logged) = logged else { return };
    for name in names {
        for (kind, resumed) in [("full", false), ("resumed", true)] {
            let name = format!("{kind}.{name}");
            assert_eq!(log_says(server, logged, &name).await, resumed, "{name}");
        }
    }
}

/// Whether the session of a client of this name was resumed, once the log says so or not.
async fn log_says(server: &Server, logged: fn(&str, &str) -> Option<bool>, name: &str) -> bool {
    let path = server.get("LOG");
    let began = Instant::now();
    // Servers write their logs in their own time, which is the real one, and tell of it in no
    // other way.
    let mut looks = tokio::time::interval(PAUSE);
    loop {
        looks.tick().await;
        let log = std::fs::read(path).expect("a log");
        if let Some(resumed) = logged(&String::from_utf8_lossy(&log), name) {
            return resumed;
        }
        assert!(began.elapsed() < PATIENCE, "{name} is not in {path}");
    }
}

/// A process of Postfix serves one session after the other, and logs what it does under its number:
/// `smtpd_tls_loglevel = 2` tells of tickets.
fn postfix_resumed(log: &str, name: &str) -> Option<bool> {
    let helo = format!("helo=<{name}>");
    let until = log.lines().position(|line| line.contains(&helo))?;
    let number = log.lines().nth(until)?.split_once(']')?.0.rsplit_once('[')?.1;
    let process = format!("smtpd[{number}]: ");
    let lines: Vec<_> = log.lines().take(until).filter(|line| line.contains(&process)).collect();
    let session = lines.rsplit(|line| line.contains("]: connect from ")).next()?;
    Some(session.iter().any(|line| line.contains("Reusing old session")))
}

/// Exim marks the cipher of a session that is resumed with an asterisk: `log_selector =
/// +tls_resumption`.
fn exim_resumed(log: &str, name: &str) -> Option<bool> {
    let host = format!("H=({name})");
    let line = log.lines().find(|line| line.contains(&host) && line.contains(" X="))?;
    let cipher = line.split_once(" X=")?.1.split(' ').next()?;
    Some(cipher.ends_with('*'))
}

#[tokio::test]
async fn postfix() {
    let Some(server) = Server::get_started("postfix") else { return };
    in_every_way(server, Some(postfix_resumed)).await;
}

#[tokio::test]
async fn exim() {
    let Some(server) = Server::get_started("exim") else { return };
    in_every_way(server, Some(exim_resumed)).await;
}

/// By our own facts: its log does not say.
#[tokio::test]
async fn dovecot() {
    let tickets = [("DOVECOT_TICKETS", "taken")];
    let Some(server) = Server::start("dovecot", "dovecot-taken", &tickets) else { return };
    in_every_way(&server, None).await;
}

/// Dovecot gives out tickets, and breaks off the handshake in which one comes back: once with each
/// configuration.
#[tokio::test]
async fn dovecot_that_asks_for_client_certificates() {
    let tickets = [("DOVECOT_TICKETS", "refused")];
    let Some(server) = Server::start("dovecot", "dovecot-refused", &tickets) else { return };
    for tls in [server.tls(), pinned(&server)] {
        let mut opened = Vec::new();
        for _ in 0..5 {
            let submission = Submission::new("localhost").port(server.port("PORT_SUBMISSION"));
            let connection = submission.tls(tls.clone()).connect().await;
            opened.push(connection.map(|opened| opened.security().expect("TLS").resumed).ok());
        }
        let full = Some(false);
        assert_eq!(opened, [full, None, full, full, full]);
    }
}

/// The exporter of a session that is resumed is that session's own, and the server has the same.
#[tokio::test]
async fn a_resumed_session_binds() {
    let Some(server) = Server::get_started("exim-gsasl") else { return };
    for implicit in [false, true] {
        let tls = server.tls();
        for resumed in [false, true, true] {
            let connection = open(server, &tls, implicit, "binds.resumption.example").await;
            assert_eq!(connection.security().expect("TLS").resumed, resumed);
            let scram = ScramSha256::new(server.user(), server.get("SMTP_PASSWORD"));
            let mut scram = scram.channel_binding(ChannelBinding::Required);
            let connection = connection.authenticate(&mut scram).await.expect("a bound login");
            connection.quit().await.expect("QUIT");
        }
    }
}
