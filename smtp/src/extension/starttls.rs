//! STARTTLS: the session can go on inside TLS (RFC 3207).

use smtp_grammar::{Capability, Params};

/// STARTTLS: the session can go on inside TLS (RFC 3207).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartTlsExtension;

impl Capability for StartTlsExtension {
    const KEYWORD: &'static str = "STARTTLS";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
