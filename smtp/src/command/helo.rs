//! HELO: what EHLO was before there were extensions.

use smtp_derive::SmtpCommand;
use smtp_grammar::Host;

/// The command HELO.
///
/// ```text
/// helo = "HELO" SP Domain CRLF      ; RFC 5321 §4.1.1.1
/// ```
///
/// An address literal is sent too where the client has no name, as EHLO allows it.
#[derive(Debug, Clone, SmtpCommand)]
#[smtp(verb = "HELO", stage = Hello, valid_in())]
pub struct Helo {
    client: Host,
}

impl Helo {
    /// Says that the client is `client`.
    pub fn new(client: impl Into<Host>) -> Self {
        Self { client: client.into() }
    }
}
