//! ENHANCEDSTATUSCODES: replies begin with a class, a subject and a detail (RFC 2034).

use smtp_grammar::{Capability, Params};

/// ENHANCEDSTATUSCODES: replies begin with a class, a subject and a detail (RFC 2034).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnhancedStatusCodes;

impl Capability for EnhancedStatusCodes {
    const KEYWORD: &'static str = "ENHANCEDSTATUSCODES";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
