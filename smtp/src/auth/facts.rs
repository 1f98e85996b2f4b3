//! The facts of a connection, as far as a mechanism may know them.
//!
//! A mechanism does no I/O, so the connection hands it these facts before it says anything: to bind
//! the authentication to TLS, to name the server, to see what else the server offers.

use std::time::SystemTime;

use smtp_grammar::Capabilities;

use super::MechanismError;
use crate::extension::{AuthMechanisms, ExchangeMechanisms};
use crate::secret::Secret;
use crate::state::{Exporter, Security};

/// The connection, as [`Mechanism::begin`](super::Mechanism::begin) is told of it.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    server_name: &'a str,
    mechanisms: AuthMechanisms,
    /// Those that take the verb X-EXPS.
    exchange: AuthMechanisms,
    security: Option<&'a Security>,
    exporter: &'a Exporter,
    time: Option<SystemTime>,
    /// The caller has opened the door named `dangerous`.
    dangerous: bool,
}

impl<'a> Facts<'a> {
    /// The facts of a connection without TLS to this server, which offers these capabilities.
    ///
    /// Connections make their own; this is for the tests of a mechanism.
    pub fn new(server_name: &'a str, capabilities: &Capabilities) -> Self {
        let mechanisms: AuthMechanisms = capabilities.get().unwrap_or_default();
        let exchange: ExchangeMechanisms = capabilities.get().unwrap_or_default();
        let mut exchange = exchange.mechanisms().clone();
        mechanisms.names().for_each(|name| exchange.remove(name));
        let mechanisms = mechanisms.and(&exchange);
        let exporter = Exporter::none();
        Self {
            server_name,
            mechanisms,
            exchange,
            security: None,
            exporter,
            time: None,
            dangerous: false,
        }
    }

    /// The same inside TLS.
    #[must_use]
    pub fn with_security(mut self, security: &'a Security) -> Self {
        self.security = Some(security);
        self
    }

    /// The same, through the door named `dangerous`: a secret may be revealed.
    #[must_use]
    pub(crate) fn dangerous(mut self) -> Self {
        self.dangerous = true;
        self
    }

    /// The same with a channel binding.
    #[must_use]
    pub fn with_exporter(mut self, exporter: &'a Exporter) -> Self {
        self.exporter = exporter;
        self
    }

    /// The same at this time of day.
    #[must_use]
    pub fn with_time(mut self, time: SystemTime) -> Self {
        self.time = Some(time);
        self
    }

    /// The name of the server as the caller gave it, a DNS name or an address: the host of a
    /// `digest-uri` (RFC 2831 §2.1.2) or of a service name such as `smtp@mail.example.com`.
    pub fn server_name(&self) -> &'a str {
        self.server_name
    }

    /// As if the server listed this mechanism too.
    #[must_use]
    pub(crate) fn listing(mut self, name: &str) -> Self {
        self.mechanisms.insert(name);
        self
    }

    /// As if the server did not list this mechanism.
    #[must_use]
    pub(crate) fn not_listing(mut self, name: &str) -> Self {
        self.mechanisms.remove(name);
        self
    }

    /// Whether this mechanism is begun with X-EXPS, and not with AUTH.
    pub(crate) fn takes_exchange_verb(&self, name: &str) -> bool {
        self.exchange.has(name)
    }

    /// The mechanisms that the server's last EHLO reply lists, inside TLS where there is TLS, those
    /// after [X-EXPS](ExchangeMechanisms) included. SCRAM tells from them whether the server could
    /// have bound the channel (RFC 5802 §6).
    pub fn mechanisms(&self) -> &AuthMechanisms {
        &self.mechanisms
    }

    /// The facts of TLS, how the server was verified among them; none without TLS.
    pub fn security(&self) -> Option<&'a Security> {
        self.security
    }

    /// Whether a mechanism that reveals its secret may be used: inside verified TLS, or where the
    /// caller has opened the door named `dangerous`.
    pub fn may_reveal(&self) -> bool {
        self.dangerous || self.security.is_some_and(|security| security.verified)
    }

    /// Whether a connection is bound where the caller says nothing of it: inside TLS 1.3.
    pub(crate) fn binds_by_itself(&self) -> bool {
        let is_newest = self.security.is_some_and(|security| security.protocol == "TLSv1_3");
        is_newest && self.supports_exporter()
    }

    /// The time of day at which the exchange begins, for a mechanism that dates what it sends, as
    /// NTLM does. `None` where there is none, as in a test.
    pub fn time(&self) -> Option<SystemTime> {
        self.time
    }

    /// The server's own certificate, DER.
    pub fn peer_certificate(&self) -> Option<&'a [u8]> {
        self.security.and_then(|security| security.peer_certificates.leaf())
    }

    /// The channel binding `tls-server-end-point`: the hash of the server's certificate, made with
    /// the hash function that has signed it (RFC 5929 §4.1). It needs a feature of ours that
    /// hashes, such as `scram`.
    ///
    /// # Errors
    ///
    /// Without TLS, and where the certificate is signed by an algorithm that has no hash function
    /// of its own, as Ed25519 has none.
    #[cfg(any(feature = "scram", feature = "legacy-auth", feature = "gssapi"))]
    pub fn server_end_point(&self) -> Result<Vec<u8>, MechanismError> {
        match self.peer_certificate() {
            Some(certificate) => super::end_point::of(certificate),
            None => Err(MechanismError::new(
                "the connection has no channel binding `tls-server-end-point`: that takes TLS",
            )),
        }
    }

    /// Whether the connection can be bound with `tls-exporter` (RFC 9266): inside TLS 1.3, and
    /// inside TLS 1.2 where the configuration requires the extended master secret. It stays true
    /// after the value was taken: a client that says it could bind does not lie.
    pub fn supports_exporter(&self) -> bool {
        self.exporter.is_supported()
    }

    /// The channel binding `tls-exporter` of the connection. A clone may be kept, so that the value
    /// is taken when it is used.
    pub fn exporter(&self) -> &'a Exporter {
        self.exporter
    }

    /// Takes the 32 bytes of the channel binding `tls-exporter`. They are there for one
    /// authentication on each connection (RFC 9266 §4.1), so take them only to use them.
    ///
    /// # Errors
    ///
    /// When the connection has none, or an earlier authentication has taken them: then it takes a
    /// new connection.
    pub fn take_exporter(&self) -> Result<Secret, MechanismError> {
        self.exporter.take()
    }
}
