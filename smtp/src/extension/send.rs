//! SEND: messages to the terminal of a user (RFC 821 §3.4).

use smtp_grammar::{Capability, Params};

/// SEND: messages to the terminal of a user (RFC 821 §3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendExtension;

impl Capability for SendExtension {
    const KEYWORD: &'static str = "SEND";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
