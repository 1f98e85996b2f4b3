//! SCRAM-*-PLUS at a real server: an authentication that is bound to its TLS session.

use std::sync::Arc;
use std::task::{Context, Poll};

use smtp::auth::{
    AfterRefusal, Challenge, ChannelBinding, Credentials, Facts, MechanismError, RefusedAuth,
    ScramSha1, ScramSha256, Step, Strength,
};
use smtp::grammar::Capabilities;
use smtp::state::{Exporter, Tls};
use smtp::{Connection, Error, Mechanism, Secret, Submission, TlsConfig};
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::version::TLS12;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::server::Server;

const NAME: &str = "exim-gsasl";

/// A mechanism that remembers how it began, and may be told of another session than its own.
struct Observed<M> {
    mechanism: M,
    /// The value of another session.
    exporter: Option<(Capabilities, Exporter)>,
    initial: Vec<u8>,
}

impl<M: Mechanism> Observed<M> {
    fn new(mechanism: M) -> Self {
        Self { mechanism, exporter: None, initial: Vec::new() }
    }

    /// The channel binding flag, which is the first part of the first message (RFC 5802 §7).
    fn flag(&self) -> &str {
        let text = std::str::from_utf8(&self.initial).expect("text");
        text.split(',').next().unwrap_or_default()
    }
}

impl<M: Mechanism> Mechanism for Observed<M> {
    fn name(&self) -> &str {
        self.mechanism.name()
    }
    fn reveals_secret(&self) -> bool {
        self.mechanism.reveals_secret()
    }
    fn begin(&mut self, facts: &Facts<'_>) -> Result<(), MechanismError> {
        let Some((capabilities, exporter)) = &self.exporter else {
            return self.mechanism.begin(facts);
        };
        let security = facts.security().expect("TLS");
        let other = Facts::new(facts.server_name(), capabilities).with_security(security);
        self.mechanism.begin(&other.with_exporter(exporter))
    }
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), MechanismError>> {
        self.mechanism.poll_ready(cx)
    }
    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        let initial = self.mechanism.initial_response()?;
        self.initial =
            initial.as_ref().map(|initial| initial.expose().to_vec()).unwrap_or_default();
        Ok(initial)
    }
    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        self.mechanism.respond(challenge)
    }
    fn is_complete(&self) -> bool {
        self.mechanism.is_complete()
    }
    fn refused(&mut self, refused: &RefusedAuth<'_>) -> AfterRefusal {
        self.mechanism.refused(refused)
    }
    fn must_be_listed(&self) -> bool {
        self.mechanism.must_be_listed()
    }
}

async fn inside(server: &Server, tls: TlsConfig, protocol: &str) -> Connection<Tls> {
    let connection = server.secured("PORT_SUBMISSION", tls).await;
    assert_eq!(connection.security().expect("TLS").protocol, protocol);
    connection
}

/// Trusts the server's authority, and speaks TLS 1.2 alone.
fn tls_1_2(server: &Server) -> TlsConfig {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(&server.authority()).expect("PEM");
    roots.add(authority).expect("an authority");
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS12])
        .expect("a version")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConfig::from_rustls(Arc::new(config), smtp::state::Verification::Roots)
}

/// Authenticates inside TLS 1.3 with a mechanism that must bind.
async fn binds<M: Mechanism>(server: &Server, mechanism: M, name: &str) {
    let mut observed = Observed::new(mechanism);
    let connection = inside(server, server.tls(), "TLSv1_3").await;
    let authenticated = connection.authenticate(&mut observed).await;
    let connection = authenticated.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(observed.name(), name);
    assert_eq!(observed.flag(), "p=tls-exporter");
    connection.quit().await.expect("QUIT");
}

/// Authenticates inside TLS 1.2 with a mechanism that tells the server that it cannot bind.
async fn unbound<M: Mechanism>(server: &Server, mechanism: M, name: &str) {
    let mut observed = Observed::new(mechanism);
    let connection = inside(server, tls_1_2(server), "TLSv1_2").await;
    let authenticated = connection.authenticate(&mut observed).await;
    let connection = authenticated.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!((observed.name(), observed.flag()), (name, "n"));
    connection.quit().await.expect("QUIT");
}

#[tokio::test]
async fn inside_tls_1_3() {
    let Some(server) = Server::get_started(NAME) else { return };
    for (user, password) in server.accounts() {
        let sha1 = || ScramSha1::new(user, password);
        let sha256 = || ScramSha256::new(user, password);
        binds(server, sha1(), "SCRAM-SHA-1-PLUS").await;
        binds(server, sha256(), "SCRAM-SHA-256-PLUS").await;
        let must = ChannelBinding::Required;
        binds(server, sha1().channel_binding(must), "SCRAM-SHA-1-PLUS").await;
        binds(server, sha256().channel_binding(must), "SCRAM-SHA-256-PLUS").await;
        binds(server, Credentials::password(user, password), "SCRAM-SHA-256-PLUS").await;

        // TLS from the first byte.
        let submission = Submission::new("localhost").implicit_tls();
        let submission = submission.port(server.port("PORT_SMTPS")).tls(server.tls());
        let bound = Credentials::password(user, password).at_least(Strength::BoundProof);
        let connection = submission.auth(bound).connect().await.expect("a login");
        connection.quit().await.expect("QUIT");
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let Some(server) = Server::get_started(NAME) else { return };
    let connection = inside(server, server.tls(), "TLSv1_3").await;
    let mut wrong = Observed::new(ScramSha256::new(server.user(), "wrong"));
    let error = Error::from(connection.authenticate(&mut wrong).await.expect_err("wrong"));
    assert_eq!(wrong.flag(), "p=tls-exporter");
    assert_eq!(error.reply().map(|reply| reply.code().value()), Some(535), "{error}");
}

/// This server takes the binding to the session, and not the one to its certificate.
#[tokio::test]
async fn a_binding_that_the_server_does_not_take_is_refused() {
    let Some(server) = Server::get_started(NAME) else { return };
    let connection = inside(server, server.tls(), "TLSv1_3").await;
    let scram = ScramSha256::new(server.user(), server.get("SMTP_PASSWORD"));
    let mut bound = Observed::new(scram.channel_binding(ChannelBinding::ServerEndPoint));
    let error = Error::from(connection.authenticate(&mut bound).await.expect_err("refused"));
    assert_eq!(bound.flag(), "p=tls-server-end-point");
    assert_eq!(error.reply().map(|reply| reply.code().value()), Some(535), "{error}");
}

/// A third side that passes an authentication on has a TLS session of its own with the server.
#[tokio::test]
async fn an_authentication_of_another_session_is_refused() {
    let Some(server) = Server::get_started(NAME) else { return };
    let connection = inside(server, server.tls(), "TLSv1_3").await;
    let mut passed_on = Observed::new(ScramSha256::new(server.user(), server.get("SMTP_PASSWORD")));
    let other = Exporter::new(vec![7_u8; 32].into());
    passed_on.exporter = Some((connection.capabilities().clone(), other));
    let error = Error::from(connection.authenticate(&mut passed_on).await.expect_err("passed on"));
    assert_eq!(passed_on.name(), "SCRAM-SHA-256-PLUS");
    assert_eq!(error.reply().map(|reply| reply.code().value()), Some(535), "{error}");
}

/// The binding that this server has there is `tls-unique`, which the library does not use.
#[tokio::test]
async fn inside_tls_1_2_nothing_is_bound() {
    let Some(server) = Server::get_started(NAME) else { return };
    for (user, password) in server.accounts() {
        unbound(server, ScramSha1::new(user, password), "SCRAM-SHA-1").await;
        unbound(server, ScramSha256::new(user, password), "SCRAM-SHA-256").await;
        unbound(server, Credentials::password(user, password), "SCRAM-SHA-256").await;
    }
    let connection = inside(server, tls_1_2(server), "TLSv1_2").await;
    let mut must = ScramSha256::new(server.user(), server.get("SMTP_PASSWORD"))
        .channel_binding(ChannelBinding::Required);
    let error = Error::from(connection.authenticate(&mut must).await.expect_err("no binding"));
    assert!(error.to_string().contains("no channel binding"), "{error}");
}
