//! 8BITMIME: messages with bytes beyond ASCII (RFC 6152).

use std::fmt::{self, Display};

use smtp_grammar::{Capability, Params};

use crate::proto::line::{Arguments, Line};

/// The keyword 8BITMIME.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EightBitMime;

impl Capability for EightBitMime {
    const KEYWORD: &'static str = "8BITMIME";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}

/// The kind of bytes that a message holds.
///
/// ```text
/// body-value ::= "7BIT" / "8BITMIME" / "BINARYMIME"      ; RFC 6152 §3, RFC 3030 §3
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyKind {
    /// ASCII alone.
    SevenBit,
    /// Any bytes, in lines.
    EightBitMime,
    /// Any bytes at all. Such a message is sent with BDAT (RFC 3030 §3).
    BinaryMime,
}

impl Display for BodyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SevenBit => "7BIT",
            Self::EightBitMime => "8BITMIME",
            Self::BinaryMime => "BINARYMIME",
        })
    }
}

impl Arguments for BodyKind {
    /// `BODY=`, which 8BITMIME brings, or BINARYMIME beside CHUNKING (RFC 3030 §3). A server with
    /// SMTPUTF8 must support 8BITMIME (RFC 6531 §3.1), and some do not list it.
    fn write(&self, line: &mut Line<'_>) {
        match self {
            Self::SevenBit | Self::EightBitMime
                if line.offers("8BITMIME") || line.offers("SMTPUTF8") => {}
            Self::SevenBit | Self::EightBitMime => line.require("8BITMIME"),
            Self::BinaryMime => {
                line.require("BINARYMIME");
                line.require("CHUNKING");
            }
        }
        line.raise_limit(17);
        line.param("BODY", self);
    }
}
