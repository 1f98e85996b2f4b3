//! A message that is not as long as was said of it.

use std::fmt::{self, Display};
use std::io;

/// A source gave another number of bytes than was [announced](crate::Body::length) for it.
///
/// The message is abandoned: the server was told a length, and what it would keep is not what was
/// meant. It is the inner error of the [`io::Error`] in [`Fault::Body`](crate::error::Fault::Body),
/// and of [`Refusal::body_error`](crate::Refusal::body_error) where the session goes on:
///
/// ```
/// use smtp::error::LengthError;
///
/// fn was_cut(error: &std::io::Error) -> bool {
///     let inner = error.get_ref().and_then(|error| error.downcast_ref::<LengthError>());
///     inner.is_some_and(|error| error.found() < error.announced())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthError {
    announced: u64,
    found: u64,
}

impl LengthError {
    pub(super) fn new(announced: u64, found: u64) -> Self {
        Self { announced, found }
    }

    /// How many bytes were announced.
    pub fn announced(&self) -> u64 {
        self.announced
    }

    /// How many bytes there were. When there are too many, those up to the first that was not
    /// announced, and what came with it.
    pub fn found(&self) -> u64 {
        self.found
    }
}

impl Display for LengthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { announced, found } = self;
        if found < announced {
            write!(f, "it ended after {found} bytes, and {announced} were announced")
        } else {
            write!(f, "it goes on after the {announced} bytes that were announced")
        }
    }
}

impl std::error::Error for LengthError {}

impl From<LengthError> for io::Error {
    fn from(error: LengthError) -> Self {
        let kind = if error.found < error.announced {
            io::ErrorKind::UnexpectedEof
        } else {
            io::ErrorKind::InvalidData
        };
        Self::new(kind, error)
    }
}
