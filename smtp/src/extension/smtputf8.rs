//! SMTPUTF8: addresses and headers may hold UTF-8 (RFC 6531).

use smtp_grammar::{Capability, Params};

/// SMTPUTF8: addresses and headers may hold UTF-8 (RFC 6531).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmtpUtf8;

impl Capability for SmtpUtf8 {
    const KEYWORD: &'static str = "SMTPUTF8";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
