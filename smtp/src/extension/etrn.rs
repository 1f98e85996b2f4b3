//! ETRN: the server sends what it holds for a domain when it is asked to (RFC 1985).

use smtp_grammar::{Capability, Params};

/// ETRN: the server sends what it holds for a domain when it is asked to (RFC 1985).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EtrnExtension;

impl Capability for EtrnExtension {
    const KEYWORD: &'static str = "ETRN";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
