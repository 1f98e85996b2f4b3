//! SAML: messages to the terminal of a user and to the mailbox (RFC 821 §3.4).

use smtp_grammar::{Capability, Params};

/// SAML: messages to the terminal of a user and to the mailbox (RFC 821 §3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SamlExtension;

impl Capability for SamlExtension {
    const KEYWORD: &'static str = "SAML";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
