//! The facts that a mechanism is told: TLS, its channel binding, the server, and its offers.

mod waiting;

use std::sync::Arc;
use std::time::SystemTime;

use smtp::auth::{Challenge, Facts, MechanismError, Step};
use smtp::connection::TransitionError;
use smtp::error::Blame;
use smtp::grammar::Capabilities;
use smtp::state::{Exporter, Security, Tls, Verification};
use smtp::testing::{Certificate, Peer, Script};
use smtp::{Connection, Error, Mechanism, Plain, Secret, TlsConfig};
use tests::{ehlo, error, greeted, hello, script, secured, server, trust};
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

const LOGIN: &str = "C: AUTH X-CURIOUS =\nS: 235 ok";

/// Keeps what it was told, and takes the channel binding when it is to.
#[derive(Default)]
struct Curious {
    takes: bool,
    seen: Option<Seen>,
}

struct Seen {
    server_name: String,
    mechanisms: Vec<String>,
    security: Option<Security>,
    certificate: Option<Vec<u8>>,
    supports_exporter: bool,
    time: Option<SystemTime>,
    exporter: Option<Secret>,
}

impl Curious {
    fn taking() -> Self {
        Self { takes: true, seen: None }
    }

    fn seen(&self) -> &Seen {
        self.seen.as_ref().expect("`begin` was called")
    }

    fn exporter(&self) -> &[u8] {
        self.seen().exporter.as_ref().expect("an exporter").expose()
    }
}

impl Mechanism for Curious {
    fn name(&self) -> &'static str {
        "X-CURIOUS"
    }
    fn reveals_secret(&self) -> bool {
        false
    }
    fn begin(&mut self, facts: &Facts<'_>) -> Result<(), MechanismError> {
        self.seen = Some(Seen {
            server_name: facts.server_name().to_owned(),
            mechanisms: facts.mechanisms().names().map(str::to_owned).collect(),
            security: facts.security().cloned(),
            certificate: facts.peer_certificate().map(<[u8]>::to_vec),
            supports_exporter: facts.supports_exporter(),
            time: facts.time(),
            exporter: if self.takes { Some(facts.take_exporter()?) } else { None },
        });
        Ok(())
    }
    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        Ok(Some(Secret::default()))
    }
    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        Err(challenge.unexpected())
    }
}

/// Begins TLS with the first byte, over a server that has this certificate.
async fn implicit(certificate: &Certificate, tls: &TlsConfig) -> (Connection<Tls>, Peer) {
    let hello = hello(&["AUTH X-CURIOUS"]);
    let script = Script::new("-- tls --").then(&hello).then(LOGIN);
    let (stream, peer) = script.certificate(certificate).start();
    let connection = Connection::from_tls_stream(stream, &server(), tls).await.expect("TLS");
    (connection, peer)
}

/// Trusts this certificate's authority, with a configuration of the caller's.
fn custom(
    certificate: &Certificate,
    version: &'static SupportedProtocolVersion,
    require_ems: bool,
) -> TlsConfig {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(certificate.authority_pem().as_bytes());
    roots.add(authority.expect("PEM")).expect("an authority");
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[version])
        .expect("a version")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.require_ems = require_ems;
    TlsConfig::from_rustls(Arc::new(config), Verification::Custom)
}

fn trusts(certificate: &Certificate) -> TlsConfig {
    TlsConfig::builder().root_pem(certificate.authority_pem()).build().expect("an authority")
}

#[tokio::test(start_paused = true)]
async fn after_starttls() {
    let began = SystemTime::now();
    let offers = ["AUTH X-CURIOUS X-OTHER"];
    let dialogue = format!("C: STARTTLS\nS: 220 go\n-- tls --\n{}{LOGIN}", ehlo(&offers));
    let (connection, peer) = greeted(script(&["STARTTLS", "AUTH X-CLEAR"], &dialogue)).await;
    let connection = connection.starttls(&trust(&peer)).await.expect("TLS");
    let security = connection.security().expect("TLS").clone();
    let mut curious = Curious::taking();
    let connection = connection.authenticate(&mut curious).await.expect("a login");
    peer.finish();
    let seen = curious.seen();
    assert_eq!(seen.server_name, "mail.example.test");
    assert_eq!(seen.mechanisms, ["X-CURIOUS", "X-OTHER"], "those of the EHLO inside TLS");
    assert_eq!(seen.security.as_ref(), Some(&security));
    assert!(seen.time.is_some_and(|time| time >= began), "the time of the login");
    assert!(seen.supports_exporter);
    assert_eq!(Some(curious.exporter().to_vec()), peer.tls_exporter());
    assert_eq!(connection.security(), Some(&security), "the facts outlive the login");
}

#[tokio::test(start_paused = true)]
async fn inside_tls_from_the_first_byte() {
    let certificate = Certificate::default();
    let (connection, peer) = implicit(&certificate, &trusts(&certificate)).await;
    let mut curious = Curious::taking();
    connection.authenticate(&mut curious).await.expect("a login");
    peer.finish();
    let seen = curious.seen();
    let security = seen.security.as_ref().expect("TLS");
    assert!(security.verified && security.verification.is_verified());
    assert_eq!(security.verification, Verification::Roots);
    assert_eq!(security.protocol, "TLSv1_3");
    assert!(security.cipher_suite.starts_with("TLS13_"), "{}", security.cipher_suite);
    assert!(!security.resumed);
    let leaf = security.peer_certificates.leaf().expect("a certificate");
    assert_eq!(leaf.first(), Some(&0x30), "DER begins with a SEQUENCE");
    assert_eq!(security.peer_certificates.iter().len(), 1);
    assert_eq!(seen.certificate.as_deref(), Some(leaf));
    assert_eq!(curious.exporter().len(), 32);
    assert_eq!(Some(curious.exporter().to_vec()), peer.tls_exporter(), "both ends have the same");
}

#[tokio::test(start_paused = true)]
async fn in_clear_there_is_nothing_to_bind_to() {
    let (connection, peer) = greeted(script(&["AUTH X-CURIOUS"], LOGIN)).await;
    let mut taking = Curious::taking();
    let refused = connection.dangerous().authenticate(&mut taking).await;
    let Err(TransitionError::Refused(refused)) = refused else {
        panic!("there is no exporter to take");
    };
    let told = refused.refusal.to_string();
    assert!(told.contains("tls-exporter"), "{told}");
    let mut curious = Curious::default();
    let connection = refused.connection.dangerous().authenticate(&mut curious).await;
    connection.expect("a login");
    peer.finish();
    let seen = curious.seen();
    assert_eq!((&seen.security, &seen.certificate), (&None, &None));
    assert!(!seen.supports_exporter);
    assert_eq!(seen.mechanisms, ["X-CURIOUS"]);
}

/// RFC 9266 §4.1: one instance of a mechanism for each connection.
#[tokio::test(start_paused = true)]
async fn the_exporter_is_taken_once() {
    let dialogue = format!("C: AUTH X-CURIOUS =\nS: 535 no\n{LOGIN}");
    let (connection, peer) = secured(&["AUTH X-CURIOUS"], &dialogue).await;
    let debug = format!("{connection:?}");
    assert!(debug.contains("Exporter(<redacted>)"), "{debug}");

    let refused = connection.authenticate(&mut Curious::taking()).await;
    let Err(TransitionError::Refused(refused)) = refused else {
        panic!("the server refused");
    };
    assert_eq!(refused.refusal.blame(), Blame::Server);

    let refused = refused.connection.authenticate(&mut Curious::taking()).await;
    let Err(TransitionError::Refused(refused)) = refused else {
        panic!("the exporter was taken");
    };
    assert!(refused.refusal.is_local());
    assert_eq!(refused.refusal.blame(), Blame::Caller);
    let told = refused.refusal.to_string();
    assert!(told.contains("open a new connection"), "{told}");

    let mut curious = Curious::default();
    refused.connection.authenticate(&mut curious).await.expect("a login without it");
    assert!(curious.seen().supports_exporter, "taken is not the same as never there");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_second_connection_resumes_the_session_and_has_its_own_exporter() {
    let certificate = Certificate::default();
    let tls = trusts(&certificate);
    let mut seen = Vec::new();
    for _ in 0..2 {
        let (connection, peer) = implicit(&certificate, &tls).await;
        let mut curious = Curious::taking();
        connection.authenticate(&mut curious).await.expect("a login");
        assert_eq!(Some(curious.exporter().to_vec()), peer.tls_exporter());
        let security = curious.seen().security.clone().expect("TLS");
        seen.push((security, curious.exporter().to_vec()));
    }
    let [(first, first_exporter), (second, second_exporter)] = &seen[..] else {
        panic!("two connections");
    };
    assert!(!first.resumed && second.resumed);
    assert!(second.verified, "as it was in the session that is resumed");
    assert_eq!(first.peer_certificates, second.peer_certificates);
    assert_ne!(first_exporter, second_exporter);
}

/// RFC 9266 §4.2: TLS 1.2 binds only with the extended master secret, and rustls only says so by
/// requiring it.
#[tokio::test(start_paused = true)]
async fn channel_bindings_of_each_tls_version() {
    let certificate = Certificate::default();
    let table = [
        ("1.3", &TLS13, false, true),
        ("1.3, required", &TLS13, true, true),
        ("1.2", &TLS12, false, false),
        ("1.2, required", &TLS12, true, true),
    ];
    for (name, version, require_ems, binds) in table {
        let (connection, peer) =
            implicit(&certificate, &custom(&certificate, version, require_ems)).await;
        let security = connection.security().expect("TLS");
        assert_eq!(security.verification, Verification::Custom, "{name}");
        assert!(security.verified, "{name}");
        let mut curious = Curious { takes: binds, seen: None };
        connection.authenticate(&mut curious).await.expect("a login");
        assert_eq!(curious.seen().supports_exporter, binds, "{name}");
        if binds {
            assert_eq!(Some(curious.exporter().to_vec()), peer.tls_exporter(), "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_not_verified() {
    let tls = TlsConfig::builder().dangerous().accept_any_certificate().build().expect("a config");
    let (connection, _peer) = implicit(&Certificate::default(), &tls).await;
    let security = connection.security().expect("TLS");
    assert!(!security.verified && !security.verification.is_verified());
    assert_eq!(security.verification, Verification::Unverified);
    assert!(security.peer_certificates.leaf().is_some());
    // A server in the middle would have other bytes at its two ends, so that binding still helps.
    let mut curious = Curious::taking();
    connection.authenticate(&mut curious).await.expect("a login");
    assert_eq!(curious.exporter().len(), 32);
}

#[tokio::test(start_paused = true)]
async fn a_mechanism_that_fails_at_once_sends_nothing() {
    /// Never begins.
    struct Unwilling;

    impl Mechanism for Unwilling {
        fn name(&self) -> &'static str {
            "X-CURIOUS"
        }
        fn reveals_secret(&self) -> bool {
            false
        }
        fn begin(&mut self, _: &Facts<'_>) -> Result<(), MechanismError> {
            Err(MechanismError::new("not on a day like this"))
        }
        fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
            panic!("nothing begins that could go on");
        }
        fn respond(&mut self, _: Challenge<'_>) -> Result<Step, MechanismError> {
            panic!("nothing begins that could go on");
        }
    }

    let (connection, peer) =
        secured(&["AUTH X-CURIOUS PLAIN"], "C: AUTH PLAIN AG1lAHBlbmNpbA==\nS: 235 ok").await;
    let refused = connection.authenticate(&mut Unwilling).await;
    let Err(TransitionError::Refused(refused)) = refused else {
        panic!("the mechanism would not begin");
    };
    assert!(refused.refusal.is_local());
    assert_eq!(refused.refusal.blame(), Blame::Caller);
    let told = refused.refusal.to_string();
    assert_eq!(told, "authentication was not tried: not on a day like this");
    assert!(peer.written().ends_with(b"EHLO client.example.test\r\n"));
    refused.connection.authenticate(&mut Plain::new("me", "pencil")).await.expect("a login");
    peer.finish();
}

/// A mechanism of several names chooses one by what the server offers and what it can do.
#[tokio::test(start_paused = true)]
async fn the_name_is_chosen_by_the_facts() {
    /// The better of two.
    #[derive(Default)]
    struct Best(Option<&'static str>);

    impl Mechanism for Best {
        fn name(&self) -> &str {
            self.0.expect("`begin` comes first")
        }
        fn reveals_secret(&self) -> bool {
            self.name() == "X-WEAK"
        }
        fn begin(&mut self, facts: &Facts<'_>) -> Result<(), MechanismError> {
            let offers = facts.mechanisms();
            self.0 = ["X-STRONG", "X-WEAK"].into_iter().find(|name| offers.has(name));
            self.0.map(|_| ()).ok_or_else(|| MechanismError::new("neither is offered"))
        }
        fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
            Ok(None)
        }
        fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
            Err(challenge.unexpected())
        }
    }

    for (offers, chosen) in
        [("AUTH X-WEAK X-STRONG", "X-STRONG"), ("AUTH X-WEAK", "X-WEAK"), ("AUTH PLAIN", "")]
    {
        let dialogue = format!("C: AUTH {chosen}\nS: 235 ok");
        let (connection, peer) =
            secured(&[offers], if chosen.is_empty() { "" } else { &dialogue }).await;
        let result = connection.authenticate(&mut Best::default()).await;
        assert_eq!(result.is_ok(), !chosen.is_empty(), "{offers}: {result:?}");
        peer.finish();
    }
    // In clear the weak one is refused, under any name that it had before.
    let (connection, peer) = greeted(script(&["AUTH X-WEAK"], "C: AUTH X-WEAK\nS: 235 ok")).await;
    connection.dangerous().authenticate(&mut Best::default()).await.expect("a login");
    peer.finish();
}

/// Every call can be made through `dyn`, and a mechanism can be tested without a connection.
#[test]
fn a_mechanism_is_object_safe() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Facts<'_>>();
    is_shared::<Security>();
    is_shared::<Exporter>();

    let (mut curious, exporter) = (Curious::taking(), Exporter::new(Secret::from("bind me")));
    let mechanism: &mut dyn Mechanism = &mut curious;
    let facts = Facts::new("mail.example.test", &Capabilities::default()).with_exporter(&exporter);
    mechanism.begin(&facts).expect("an exporter");
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(mechanism.poll_ready(&mut cx).is_ready(), "by default");
    assert!(mechanism.initial_response().is_ok_and(|response| response.is_some()));
    assert_eq!(curious.exporter(), b"bind me");
    assert!(facts.take_exporter().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_boxed_mechanism_is_told_too() {
    let (connection, peer) = secured(&["AUTH X-CURIOUS"], LOGIN).await;
    let mut mechanism: Box<dyn Mechanism> = Box::new(Curious::taking());
    connection.authenticate(&mut *mechanism).await.expect("a login");
    peer.finish();

    let (connection, _peer) = secured(&["AUTH PLAIN"], "").await;
    let error = error(connection.authenticate(&mut *mechanism).await);
    assert!(matches!(&error, Error::Refused(refusal) if refusal.is_local()), "{error}");
}
