//! GSSAPI: a Kerberos ticket instead of a password (RFC 4752), and its relatives GS2-KRB5 (RFC
//! 5801) and GSS-SPNEGO (RFC 4178).
//!
//! | file | what it holds |
//! |---|---|
//! | [`gs2`] | GS2-KRB5 and GS2-KRB5-PLUS |
//! | [`spnego`] | GSS-SPNEGO |
//! | [`exchange`] | the steps, each on a thread of tokio's |
//! | [`dialogue`] | the messages of one exchange |
//! | [`layers`] | the choice of no security layer |
//! | [`token`] | the header of a token |
//! | [`context`] | the part of the GSS-API that is used |
//! | [`system`] | the system's library, and its errors |

mod context;
mod dialogue;
mod exchange;
mod gs2;
mod layers;
mod spnego;
mod system;
mod token;

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::task::{Context, Poll};

pub use gs2::Gs2Krb5;
pub use spnego::Spnego;

use super::facts::Facts;
use super::mechanism::{Challenge, Mechanism, Step};
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;
use context::{Inner, Open};
use dialogue::{Layers, Settings};
use exchange::Exchange;

/// The mechanism GSSAPI: the client shows a Kerberos ticket, and the server proves that it could
/// read it.
///
/// ```
/// use smtp::auth::Gssapi;
///
/// let mut mechanism = Gssapi::new();
/// // The service is not called as the server that is connected to.
/// let mut mechanism = Gssapi::new().service_host("mail.example.com");
/// ```
///
/// ```text
/// C: token
/// S: token                        ; until the context is established
/// C: token, or nothing
/// S: wrap(mask max-size)          ; security layers on offer
/// C: wrap(%x01 %x00.00.00 [authzid])                         ; RFC 4752 §3.1
/// ```
///
/// It takes the feature `gssapi`, the GSS-API library of a Unix system (MIT Kerberos or Heimdal),
/// and a ticket: `kinit` gets one. The single sign-on of Windows is not provided.
///
/// # Security
///
/// The server has to prove who it is. It is taken for an impostor, and the connection ends
/// ([`MechanismError::untrusted`]), where its proof or a signature is made with a wrong key, and
/// where the mechanism that was negotiated proves nothing. A token that cannot be read, or in which
/// the server reports an error, cancels the exchange and no more.
///
/// No security layer is provided: without TLS, all that follows the login can be read and changed.
/// A server that demands a layer is refused. GSSAPI is not bound to the TLS session, as RFC 4752
/// has it; [`Gs2Krb5`] and [`Spnego`] are. The client delegates no ticket.
///
/// # The system's library
///
/// - It reads the environment and the files of the system: `KRB5_CONFIG`, `KRB5CCNAME`,
///   `KRB5_CLIENT_KTNAME` and `KRB5_TRACE` among them, where it is MIT Kerberos.
/// - It asks the KDC by itself, with time-outs of its own. Each step therefore runs on a thread of
///   tokio's ([`spawn_blocking`](tokio::task::spawn_blocking)), and the connection waits for it
///   within [`Timeouts::auth`](crate::connect::Timeouts::auth). A call that is dropped abandons the
///   step; its thread goes on until the library returns, and a runtime that ends waits for it.
/// - It frees its copies of the tokens without wiping them. Those of this crate are wiped.
/// - This crate does not look up the canonical name of the host. The library may do so:
///   `dns_canonicalize_hostname = false` in `krb5.conf` keeps it from trusting DNS with the name
///   of the service.
pub struct Gssapi {
    service: Service,
    authzid: String,
    exchange: Exchange,
}

impl Gssapi {
    /// Authenticates as the user of the ticket.
    pub fn new() -> Self {
        let exchange = Exchange::default();
        Self { service: Service::default(), authzid: String::new(), exchange }
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

    #[cfg(test)]
    fn with_contexts(mut self, open: Open) -> Self {
        self.service.open = open;
        self
    }
}

impl Default for Gssapi {
    fn default() -> Self {
        Self::new()
    }
}

impl Mechanism for Gssapi {
    fn name(&self) -> &'static str {
        "GSSAPI"
    }

    fn reveals_secret(&self) -> bool {
        false
    }

    fn begin(&mut self, facts: &Facts<'_>) -> Result<(), MechanismError> {
        // "The authorization identity ... MUST NOT be null-terminated" (RFC 4752 §3.1), and a NUL
        // inside of it would end it for some servers.
        if self.authzid.contains('\0') {
            return Err(MechanismError::new("a name holds a NUL"));
        }
        self.exchange.begin(Settings {
            open: Arc::clone(&self.service.open),
            inner: Inner::Kerberos,
            service: self.service.name(facts)?,
            // "chan_binding of NULL" (RFC 4752 §3.1).
            bindings: None,
            authzid: self.authzid.clone(),
            layers: Layers::Always,
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

impl Debug for Gssapi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gssapi")
            .field("service_host", &self.service.host)
            .field("acting_as", &self.authzid)
            .field("state", &self.exchange.progress())
            .finish()
    }
}

/// The service that a ticket is for, and the contexts with it.
struct Service {
    host: Option<String>,
    open: Open,
}

impl Default for Service {
    fn default() -> Self {
        Self { host: None, open: Arc::new(system::open) }
    }
}

impl Service {
    /// ```text
    /// service "@" hostname            ; GSS_C_NT_HOSTBASED_SERVICE, RFC 2743 §4.1
    /// ```
    fn name(&self, facts: &Facts<'_>) -> Result<String, MechanismError> {
        let host = self.host.as_deref().unwrap_or_else(|| facts.server_name());
        let host = host.trim_end_matches('.');
        // Without a host, MIT Kerberos takes the name of the client's own machine.
        let is_name = !host.is_empty()
            && !host.contains(|c: char| c.is_control() || c.is_whitespace() || "@/\\".contains(c));
        if !is_name {
            return Err(MechanismError::new(format!(
                "{host:?} is no host of a service: `service_host` sets it"
            )));
        }
        Ok(format!("smtp@{host}"))
    }
}

#[cfg(test)]
mod tests;
