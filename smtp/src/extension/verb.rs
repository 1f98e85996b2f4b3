//! VERB: the server says more (sendmail).

use smtp_grammar::{Capability, Params};

/// VERB: the server says more (sendmail).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerbExtension;

impl Capability for VerbExtension {
    const KEYWORD: &'static str = "VERB";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
