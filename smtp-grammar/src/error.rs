//! Why a text is not what it should be.

use std::fmt::{self, Display};

use memchr::memchr3;

/// A text that the grammar does not allow. The text itself is not repeated: it may be hostile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    what: &'static str,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// The rule breaks at this byte.
    At(usize),
    TooLong {
        bytes: usize,
        limit: usize,
    },
    Because(&'static str),
}

impl SyntaxError {
    pub(crate) fn at(what: &'static str, byte: usize) -> Self {
        Self { what, kind: Kind::At(byte) }
    }

    pub(crate) fn too_long(what: &'static str, bytes: usize, limit: usize) -> Self {
        Self { what, kind: Kind::TooLong { bytes, limit } }
    }

    pub(crate) fn because(what: &'static str, reason: &'static str) -> Self {
        Self { what, kind: Kind::Because(reason) }
    }

    /// The byte, counted from 0, at which the text stops being what it should be.
    pub fn byte(&self) -> Option<usize> {
        match self.kind {
            Kind::At(byte) => Some(byte),
            _ => None,
        }
    }
}

impl Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.what;
        match self.kind {
            Kind::At(byte) => write!(f, "not a valid {what} from byte {} on", byte + 1),
            Kind::TooLong { bytes, limit } => {
                write!(f, "the {what} has {bytes} bytes and may have {limit} at most")
            }
            Kind::Because(reason) => write!(f, "not a valid {what}: {reason}"),
        }
    }
}

impl std::error::Error for SyntaxError {}

/// A text that was claimed to be valid holds a CR, a LF or a NUL, which no line of SMTP can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlCharacter {
    byte: u8,
    at: usize,
}

impl ControlCharacter {
    /// What every `new_unchecked` checks all the same.
    pub(crate) fn none_in(text: &str) -> Result<(), Self> {
        match memchr3(b'\r', b'\n', 0, text.as_bytes()) {
            Some(at) => Err(Self { byte: text.as_bytes()[at], at }),
            None => Ok(()),
        }
    }
}

impl Display for ControlCharacter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {} is {:#04x}: remove CR, LF and NUL", self.at + 1, self.byte)
    }
}

impl std::error::Error for ControlCharacter {}
