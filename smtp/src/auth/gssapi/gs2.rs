//! GS2-KRB5: a Kerberos ticket in fewer messages, and bound to the TLS session in its -PLUS form
//! (RFC 5801).

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::task::{Context, Poll};

use super::Service;
use super::context::Inner;
#[cfg(test)]
use super::context::Open;
use super::dialogue::{Layers, Settings};
use super::exchange::Exchange;
use super::token::without_header;
use crate::auth::binding::{ChannelBinding, Chosen};
use crate::auth::facts::Facts;
use crate::auth::mechanism::{Challenge, Mechanism, Step};
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// The mechanism GS2-KRB5, and its form GS2-KRB5-PLUS, which is bound to the TLS session.
///
/// -PLUS is chosen as [`Scram`](crate::auth::ScramSha256) chooses its own: where the connection can
/// be bound and the server offers it. The binding reaches Kerberos in both forms, with the
/// `gs2-header` alone where there is none, so an attacker cannot change one form into the other.
///
/// ```
/// use smtp::auth::{ChannelBinding, Gs2Krb5};
///
/// let mut mechanism = Gs2Krb5::new();
/// let mut bound = Gs2Krb5::new().channel_binding(ChannelBinding::Required);
/// ```
///
/// ```text
/// C: gs2-header token             ; without the header of RFC 2743 §3.1
/// S: token
/// C: nothing                                                 ; RFC 5801 §4
/// gs2-header = [ "F," ] gs2-cbind-flag "," [ "a=" authzid ] ","
/// ```
///
/// Few servers have it. GS2-KRB5 is tested with Cyrus SASL through Postfix. No SMTP server is known
/// to offer -PLUS: its messages are tested with a server of the tests, which has the same library.
///
/// [`Gssapi`](super::Gssapi) tells of the ticket, of the system's library and of security.
pub struct Gs2Krb5 {
    service: Service,
    authzid: String,
    binding: ChannelBinding,
    chosen: Option<Chosen>,
    header: String,
    exchange: Exchange,
}

impl Gs2Krb5 {
    pub(crate) const NAME: &'static str = "GS2-KRB5";
    pub(crate) const PLUS: &'static str = "GS2-KRB5-PLUS";

    /// Authenticates as the user of the ticket.
    pub fn new() -> Self {
        Self {
            service: Service::default(),
            authzid: String::new(),
            binding: ChannelBinding::Automatic,
            chosen: None,
            header: String::new(),
            exchange: Exchange::default(),
        }
    }

    /// Asks to act as another user than the one of the ticket.
    #[must_use]
    pub fn acting_as(mut self, authzid: impl Into<String>) -> Self {
        self.authzid = authzid.into();
        self
    }

    /// Sets the host in the name of the service, `smtp@host`. Without it, this is the name of the
    /// server that was connected to.
    #[must_use]
    pub fn service_host(mut self, host: impl Into<String>) -> Self {
        self.service.host = Some(host.into());
        self
    }

    /// Sets how the authentication is bound to the TLS session.
    #[must_use]
    pub fn channel_binding(mut self, binding: ChannelBinding) -> Self {
        self.binding = binding;
        self
    }

    #[cfg(test)]
    pub(super) fn with_contexts(mut self, open: Open) -> Self {
        self.service.open = open;
        self
    }
}

impl Default for Gs2Krb5 {
    fn default() -> Self {
        Self::new()
    }
}

impl Mechanism for Gs2Krb5 {
    fn name(&self) -> &str {
        match &self.chosen {
            Some(chosen) if chosen.is_bound() => Self::PLUS,
            _ => Self::NAME,
        }
    }

    fn reveals_secret(&self) -> bool {
        false
    }

    fn begin(&mut self, facts: &Facts<'_>) -> Result<(), MechanismError> {
        let service = self.service.name(facts)?;
        let chosen = self.binding.choose(facts, Self::PLUS)?;
        self.header = chosen.header(&self.authzid)?;
        // "The application-data field MUST be set to the gs2-header, excluding the initial
        // [gs2-nonstd-flag ","] part, concatenated with ... the channel binding data (if any)"
        // (RFC 5801 §5.1).
        let data = chosen.data()?;
        let bindings = Secret::concat(&[self.header.as_bytes(), data.expose()]);
        self.chosen = Some(chosen);
        self.exchange.begin(Settings {
            open: Arc::clone(&self.service.open),
            inner: Inner::Kerberos,
            service,
            bindings: Some(bindings),
            authzid: String::new(),
            layers: Layers::Never,
        });
        Ok(())
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), MechanismError>> {
        self.exchange.poll(cx)
    }

    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        let token = self.exchange.initial()?;
        // The server puts the header back; the flag says that there was none.
        let (flag, token) = match without_header(token.expose()) {
            Some(inner) => ("", inner),
            None => ("F,", token.expose()),
        };
        Ok(Some(Secret::concat(&[flag.as_bytes(), self.header.as_bytes(), token])))
    }

    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        self.exchange.respond(challenge)
    }

    fn is_complete(&self) -> bool {
        self.exchange.is_complete()
    }
}

impl Debug for Gs2Krb5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gs2Krb5")
            .field("name", &self.name())
            .field("service_host", &self.service.host)
            .field("acting_as", &self.authzid)
            .field("channel_binding", &self.binding)
            .field("state", &self.exchange.progress())
            .finish_non_exhaustive()
    }
}
