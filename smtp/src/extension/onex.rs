//! ONEX: the session has one message (sendmail).

use smtp_grammar::{Capability, Params};

/// ONEX: the session has one message (sendmail).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnexExtension;

impl Capability for OnexExtension {
    const KEYWORD: &'static str = "ONEX";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
