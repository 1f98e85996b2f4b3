//! TURN: client and server change their roles; it is never asked for (RFC 5321 appendix F.1).

use smtp_grammar::{Capability, Params};

/// TURN: client and server change their roles; it is never asked for (RFC 5321 appendix F.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnExtension;

impl Capability for TurnExtension {
    const KEYWORD: &'static str = "TURN";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
