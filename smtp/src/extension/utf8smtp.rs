//! UTF8SMTP: the experiment that SMTPUTF8 has replaced (RFC 5336, withdrawn by RFC 6531).

use smtp_grammar::{Capability, Params};

/// UTF8SMTP: the experiment that SMTPUTF8 has replaced (RFC 5336, withdrawn by RFC 6531).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utf8Smtp;

impl Capability for Utf8Smtp {
    const KEYWORD: &'static str = "UTF8SMTP";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
