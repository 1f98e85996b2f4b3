//! PIPECONNECT: commands may leave before the greeting, in sessions that follow this one (Exim).

use smtp_grammar::{Capability, Params};

/// PIPECONNECT: commands may leave before the greeting, in sessions that follow this one (Exim).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PipeConnect;

impl Capability for PipeConnect {
    const KEYWORD: &'static str = "PIPECONNECT";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
