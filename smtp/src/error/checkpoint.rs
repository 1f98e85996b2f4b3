//! A message that cannot go on where the server has stopped.

use std::fmt::{self, Display};
use std::io;

/// The server has a part of the message from an earlier session (355, RFC 1845 §4), and the rest of
/// this message cannot follow it. Nothing of the message was sent.
///
/// The message is another one than that of the earlier session, or the server has counted wrongly:
/// send the message with another [`TransactionId`](crate::extension::TransactionId). It is the inner
/// error of [`Refusal::body_error`](crate::Refusal::body_error), and
/// [`Refusal::checkpoint`](crate::Refusal::checkpoint) gives its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointError {
    offset: u64,
    length: Option<u64>,
}

impl CheckpointError {
    /// The message is shorter than the part that the server has.
    pub(crate) fn beyond(offset: u64, length: u64) -> Self {
        Self { offset, length: Some(length) }
    }

    /// No line begins where the rest does.
    pub(crate) fn within_line(offset: u64) -> Self {
        Self { offset, length: None }
    }

    /// How many bytes of the message the server says that it has.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// How many bytes the message has, with CRLF line ends, where it has fewer; `None` where no line
    /// begins at the offset, as it must after DATA (RFC 1845 §4).
    pub fn length(&self) -> Option<u64> {
        self.length
    }
}

impl Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = self.offset;
        match self.length {
            Some(length) => write!(
                f,
                "the server has {offset} bytes of it from an earlier session, and it has {length}: \
                 send it with another `TransactionId` (RFC 1845)"
            ),
            None => write!(
                f,
                "the server has {offset} bytes of it from an earlier session, and no line begins \
                 there: send it with another `TransactionId` (RFC 1845 §4)"
            ),
        }
    }
}

impl std::error::Error for CheckpointError {}

impl From<CheckpointError> for io::Error {
    fn from(error: CheckpointError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}
