//! SOML: messages to the terminal of a user, or else to the mailbox (RFC 821 §3.4).

use smtp_grammar::{Capability, Params};

/// SOML: messages to the terminal of a user, or else to the mailbox (RFC 821 §3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SomlExtension;

impl Capability for SomlExtension {
    const KEYWORD: &'static str = "SOML";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
