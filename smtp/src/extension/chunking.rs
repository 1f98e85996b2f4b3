//! CHUNKING: messages may be sent in counted chunks (RFC 3030).

use smtp_grammar::{Capability, Params};

/// CHUNKING: messages may be sent in counted chunks (RFC 3030).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunking;

impl Capability for Chunking {
    const KEYWORD: &'static str = "CHUNKING";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}
