//! GSS-SPNEGO: the mechanism inside of the GSS-API is negotiated (RFC 4178), and is Kerberos where
//! there is a ticket.

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::task::{Context, Poll};

use super::Service;
use super::context::Inner;
#[cfg(test)]
use super::context::Open;
use super::dialogue::{Layers, Settings};
use super::exchange::Exchange;
use crate::auth::facts::Facts;
use crate::auth::mechanism::{Challenge, Mechanism, Step};
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// The mechanism GSS-SPNEGO, which servers of Microsoft and Dovecot have.
///
/// Inside TLS the authentication is bound to the server's certificate (`tls-server-end-point`, RFC
/// 5929 §4), as the "Extended Protection" of Windows wants it, where the certificate has such a
/// hash. Servers that do not look for a binding ignore it.
///
/// ```
/// use smtp::auth::Spnego;
///
/// let mut mechanism = Spnego::new();
/// ```
///
/// ```text
/// C: NegTokenInit                 ; RFC 4178 §4.2
/// S: NegTokenResp                 ; until the context is established
/// ```
///
/// Some servers, Dovecot among them, then offer security layers as in [`Gssapi`](super::Gssapi), and
/// get the same answer. `Gssapi` tells of the ticket, of the system's library and of security.
///
/// A mechanism without mutual authentication, such as NTLM, is refused. A proof of the server's that
/// is made with a wrong key cancels the exchange, and does not end the connection: inside of the
/// negotiation the library does not tell it from other errors.
pub struct Spnego {
    service: Service,
    binds: bool,
    exchange: Exchange,
}

/// The name of the channel binding, which precedes its value (RFC 5056 §2.1).
const END_POINT: &[u8] = b"tls-server-end-point:";

impl Spnego {
    /// Authenticates as the user of the ticket.
    pub fn new() -> Self {
        Self { service: Service::default(), binds: true, exchange: Exchange::default() }
    }

    /// Sets the host in the name of the service, `smtp@host`. Without it, this is the name of the
    /// server that was connected to.
    #[must_use]
    pub fn service_host(mut self, host: impl Into<String>) -> Self {
        self.service.host = Some(host.into());
        self
    }

    /// Does not bind the authentication to the server's certificate: for a server whose TLS is
    /// ended by another machine, with another certificate.
    #[must_use]
    pub fn without_channel_binding(mut self) -> Self {
        self.binds = false;
        self
    }

    #[cfg(test)]
    pub(super) fn with_contexts(mut self, open: Open) -> Self {
        self.service.open = open;
        self
    }
}

impl Default for Spnego {
    fn default() -> Self {
        Self::new()
    }
}

impl Mechanism for Spnego {
    fn name(&self) -> &'static str {
        "GSS-SPNEGO"
    }

    fn reveals_secret(&self) -> bool {
        false
    }

    fn begin(&mut self, facts: &Facts<'_>) -> Result<(), MechanismError> {
        let hash = if self.binds { facts.server_end_point().ok() } else { None };
        self.exchange.begin(Settings {
            open: Arc::clone(&self.service.open),
            inner: Inner::Spnego,
            service: self.service.name(facts)?,
            bindings: hash.map(|hash| Secret::concat(&[END_POINT, &hash])),
            authzid: String::new(),
            layers: Layers::Optional,
        });
        Ok(())
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), MechanismError>> {
        self.exchange.poll(cx)
    }

    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        self.exchange.initial().map(Some)
    }

    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        self.exchange.respond(challenge)
    }

    fn is_complete(&self) -> bool {
        self.exchange.is_complete()
    }
}

impl Debug for Spnego {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spnego")
            .field("service_host", &self.service.host)
            .field("binds", &self.binds)
            .field("state", &self.exchange.progress())
            .finish()
    }
}
