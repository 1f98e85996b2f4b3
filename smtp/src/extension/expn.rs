//! EXPN: the server names the members of a list (RFC 5321 §3.5).

use smtp_grammar::{Capability, Params};

/// EXPN: the server names the members of a list (RFC 5321 §3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpnExtension;

impl Capability for ExpnExtension {
    const KEYWORD: &'static str = "EXPN";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
