//! LHLO: begins a session of LMTP, and learns what the server offers.

use smtp_derive::SmtpCommand;
use smtp_grammar::{Capabilities, Host};

/// The command LHLO.
///
/// ```text
/// lhlo = "LHLO" SP ( Domain / address-literal ) CRLF      ; RFC 2033 §4.1
/// ```
///
/// It stands for EHLO and HELO, which "MUST NOT" be sent over LMTP. The connection sends it itself
/// where the protocol asks for it: [`Connection::connect_lmtp`](crate::Connection::connect_lmtp).
#[derive(Debug, Clone, SmtpCommand)]
#[smtp(verb = "LHLO", reply = Capabilities, stage = Hello, valid_in())]
pub struct Lhlo {
    client: Host,
}

impl Lhlo {
    /// Says that the client is `client`: its domain name, or the literal of its address.
    pub fn new(client: impl Into<Host>) -> Self {
        Self { client: client.into() }
    }
}
