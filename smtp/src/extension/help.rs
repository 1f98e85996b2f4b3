//! HELP: the server explains its commands (RFC 5321 §4.1.1.8).

use smtp_grammar::{Capability, Params};

/// HELP: the server explains its commands (RFC 5321 §4.1.1.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HelpExtension;

impl Capability for HelpExtension {
    const KEYWORD: &'static str = "HELP";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
