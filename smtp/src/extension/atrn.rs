//! ATRN: the server sends what it holds for a domain over the same connection (RFC 2645).

use smtp_grammar::{Capability, Params};

/// ATRN: the server sends what it holds for a domain over the same connection (RFC 2645).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtrnExtension;

impl Capability for AtrnExtension {
    const KEYWORD: &'static str = "ATRN";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
