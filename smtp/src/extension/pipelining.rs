//! PIPELINING: commands need not wait for replies (RFC 2920).

use smtp_grammar::{Capability, Params};

/// PIPELINING: commands need not wait for replies (RFC 2920).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pipelining;

impl Capability for Pipelining {
    const KEYWORD: &'static str = "PIPELINING";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
