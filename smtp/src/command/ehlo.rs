//! EHLO: says who the client is, learns what the server offers.

use smtp_derive::SmtpCommand;
use smtp_grammar::{Capabilities, Host};

/// The command EHLO.
///
/// ```text
/// ehlo = "EHLO" SP ( Domain / address-literal ) CRLF      ; RFC 5321 §4.1.1.1
/// ```
///
/// It begins the session anew, so the connection sends it itself where the protocol asks for it.
#[derive(Debug, Clone, SmtpCommand)]
#[smtp(verb = "EHLO", reply = Capabilities, stage = Hello, valid_in())]
pub struct Ehlo {
    client: Host,
}

impl Ehlo {
    /// Says that the client is `client`: its domain name, or the literal of its address.
    pub fn new(client: impl Into<Host>) -> Self {
        Self { client: client.into() }
    }
}
