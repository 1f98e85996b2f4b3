//! XFORWARD: tells the next server, for its log, where a message came from.

use std::net::IpAddr;

use smtp_derive::SmtpCommand;
use smtp_grammar::Host;

use super::attributes::{Attributes, IfListed, UNAVAILABLE};

/// The command XFORWARD (Postfix, `XFORWARD_README`).
///
/// ```text
/// xforward-command = "XFORWARD" 1*( SP attribute-name "=" attribute-value )
/// attribute-name   = "NAME" / "ADDR" / "PORT" / "PROTO" / "HELO" / "IDENT" / "SOURCE"
/// attribute-value  = xtext      ; at most 255 bytes before it is encoded
/// ```
///
/// It is sent before MAIL, and holds for one message. An attribute that the server does not list is
/// left out: the server would refuse the command, and loses a word in its log without it.
///
/// Attributes that do not fit into one line of 512 bytes travel in several:
/// [`into_lines`](Self::into_lines).
#[derive(Debug, Clone, Default, SmtpCommand)]
#[smtp(verb = "XFORWARD", requires = "XFORWARD", pipelining, valid_in(Idle))]
#[must_use]
pub struct XForward {
    #[smtp(flatten)]
    attributes: IfListed,
}

/// Where a message came from, as XFORWARD says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ForwardSource {
    /// From a client of the server's own network.
    Local,
    /// From elsewhere.
    Remote,
}

impl XForward {
    /// Without an attribute, which cannot be sent.
    pub fn new() -> Self {
        Self::default()
    }

    /// The client's host name, from the DNS.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.with(|all| all.set("NAME", name.into()))
    }

    /// The client has no host name: `[UNAVAILABLE]`.
    pub fn without_name(self) -> Self {
        self.with(|all| all.set("NAME", UNAVAILABLE))
    }

    /// The client's address.
    pub fn address(self, address: IpAddr) -> Self {
        self.with(|all| all.set_address("ADDR", address))
    }

    /// The client's port.
    pub fn port(self, port: u16) -> Self {
        self.with(|all| all.set("PORT", port))
    }

    /// The protocol by which the message came: `SMTP`, `ESMTP`, `LMTP`.
    pub fn protocol(self, protocol: impl Into<String>) -> Self {
        self.with(|all| all.set("PROTO", protocol.into()))
    }

    /// The name that the client has given in EHLO or HELO.
    pub fn helo(self, host: impl Into<Host>) -> Self {
        let host = host.into();
        self.with(|all| all.set("HELO", host))
    }

    /// The name of the message in the queue of this side, for the logs of both.
    pub fn queue_id(self, id: impl Into<String>) -> Self {
        self.with(|all| all.set("IDENT", id.into()))
    }

    /// Where the message came from.
    pub fn source(self, source: ForwardSource) -> Self {
        let source = match source {
            ForwardSource::Local => "LOCAL",
            ForwardSource::Remote => "REMOTE",
        };
        self.with(|all| all.set("SOURCE", source))
    }

    /// As many commands as these attributes need, each of at most 512 bytes.
    pub fn into_lines(self) -> Vec<Self> {
        let parts = self.attributes.0.split("XFORWARD", "").into_iter();
        parts.map(|part| Self { attributes: IfListed(part) }).collect()
    }

    fn with(mut self, set: impl FnOnce(&mut Attributes)) -> Self {
        set(&mut self.attributes.0);
        self
    }
}
