//! 8BITMIME: messages with octets beyond ASCII (RFC 6152).

use std::fmt::{self, Display};

use smtp_grammar::{Capability, Params};

/// The keyword 8BITMIME.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EightBitMime;

impl Capability for EightBitMime {
    const KEYWORD: &'static str = "8BITMIME";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}

/// What octets a message holds.
///
/// ```text
/// body-value ::= "7BIT" / "8BITMIME"      ; RFC 6152 §3
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyKind {
    /// ASCII alone.
    SevenBit,
    /// Any octets, in lines.
    EightBitMime,
}

impl Display for BodyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SevenBit => "7BIT",
            Self::EightBitMime => "8BITMIME",
        })
    }
}
