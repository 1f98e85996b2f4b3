//! PRDR: the server answers a message for each recipient (draft-hall-prdr).

use smtp_grammar::{Capability, Params};

/// PRDR: the server answers a message for each recipient (draft-hall-prdr).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prdr;

impl Capability for Prdr {
    const KEYWORD: &'static str = "PRDR";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
