//! XCLIENT: tells a server that trusts this client for which other client it speaks.

use std::net::IpAddr;

use smtp_derive::SmtpCommand;
use smtp_grammar::Host;

use super::attributes::{Attributes, Required, TEMPORARILY_UNAVAILABLE, UNAVAILABLE};

/// The command XCLIENT (Postfix, `XCLIENT_README`).
///
/// ```text
/// xclient-command = "XCLIENT" 1*( SP attribute-name "=" attribute-value )
/// attribute-name  = "NAME" / "ADDR" / "PORT" / "PROTO" / "HELO" / "LOGIN" / "DESTADDR" / "DESTPORT"
/// attribute-value = xtext
/// ```
///
/// The server answers 220 and is at its greeting again: the session goes on after another EHLO, which
/// the connection says. TLS stays, and an authentication ends:
/// [`AnyConnection::from`](crate::connection::AnyConnection) gives the state that the session had before it. An attribute that the server does not list makes the command
/// unsendable: a server that does not hear the address would judge this client instead of the other.
///
/// Attributes that do not fit into one line of 512 bytes travel in several:
///
/// ```no_run
/// use smtp::command::XClient;
/// use smtp::state::Greeted;
/// use smtp::{Connection, connection::TransitionError};
///
/// # async fn speak(
/// #     mut connection: Connection<Greeted>,
/// # ) -> Result<Connection<Greeted>, TransitionError<Greeted>> {
/// let client = XClient::new().address("192.0.2.7".parse().unwrap()).name("client.example");
/// for part in client.into_lines() {
///     (connection, _) = connection.transition(part).await?;
/// }
/// # Ok(connection)
/// # }
/// ```
#[derive(Debug, Clone, Default, SmtpCommand)]
#[smtp(
    verb = "XCLIENT",
    requires = "XCLIENT",
    accepts(220),
    transition(
        Greeted => Greeted, Tls => Tls,
        Authed => BeforeAuth, BeforeAuth => BeforeAuth,
    ),
    resets
)]
#[must_use]
pub struct XClient {
    #[smtp(flatten)]
    attributes: Required,
}

impl XClient {
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

    /// The client's host name could not be looked up now: `[TEMPUNAVAIL]`.
    pub fn name_not_found_now(self) -> Self {
        self.with(|all| all.set("NAME", TEMPORARILY_UNAVAILABLE))
    }

    /// The client's address.
    pub fn address(self, address: IpAddr) -> Self {
        self.with(|all| all.set_address("ADDR", address))
    }

    /// The client's port.
    pub fn port(self, port: u16) -> Self {
        self.with(|all| all.set("PORT", port))
    }

    /// The protocol that the client speaks: `SMTP` or `ESMTP`.
    pub fn protocol(self, protocol: impl Into<String>) -> Self {
        self.with(|all| all.set("PROTO", protocol.into()))
    }

    /// The name that the client has given in EHLO or HELO.
    pub fn helo(self, host: impl Into<Host>) -> Self {
        let host = host.into();
        self.with(|all| all.set("HELO", host))
    }

    /// The user that the client is authenticated as.
    pub fn login(self, user: impl Into<String>) -> Self {
        self.with(|all| all.set("LOGIN", user.into()))
    }

    /// The address that the client has connected to.
    pub fn destination_address(self, address: IpAddr) -> Self {
        self.with(|all| all.set_address("DESTADDR", address))
    }

    /// The port that the client has connected to.
    pub fn destination_port(self, port: u16) -> Self {
        self.with(|all| all.set("DESTPORT", port))
    }

    /// As many commands as these attributes need, each of at most 512 bytes. The address is in the
    /// last one: with it a server may stop to trust this client.
    pub fn into_lines(self) -> Vec<Self> {
        let parts = self.attributes.0.split("XCLIENT", "ADDR").into_iter();
        parts.map(|part| Self { attributes: Required(part) }).collect()
    }

    fn with(mut self, set: impl FnOnce(&mut Attributes)) -> Self {
        set(&mut self.attributes.0);
        self
    }
}
