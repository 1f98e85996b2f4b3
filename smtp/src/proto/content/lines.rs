//! Line ends of content: how many stand alone, how long lines are, and the first wrong one.
//!
//! Counting is fast and runs over every `Strict` message; the search for the first wrong line is
//! slow and runs only over a message that is refused.

use memchr::{memchr_iter, memchr2, memchr2_iter};

use super::error::ContentError;
use super::line_ends::TEXT_LINE;

/// The line ends of bytes that begin a line, counted.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// CR and LF that stand alone.
    pub(super) bare: u64,
    /// Bytes of the longest line; exact where each line end is CRLF.
    pub(super) longest: usize,
}

impl Lines {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let (mut feeds, mut ends, mut longest, mut start) = (0, 0, 0, 0);
        for at in memchr_iter(b'\n', bytes) {
            feeds += 1;
            ends += u64::from(at > 0 && bytes[at - 1] == b'\r');
            longest = longest.max((at - start).saturating_sub(1));
            start = at + 1;
        }
        let returns = memchr_iter(b'\r', bytes).count() as u64;
        let longest = longest.max(bytes.len() - start);
        Self { bare: feeds + returns - 2 * ends, longest }
    }
}

/// Checks the lines of a whole message as [`Strict`](super::line_ends::LineEnds::Strict) demands.
///
/// # Errors
///
/// The first bare CR, bare LF or line that is too long: the one that the encoder would find.
pub(super) fn check_lines(content: &[u8]) -> Result<(), ContentError> {
    let mut start = 0;
    while start < content.len() {
        let length = memchr2(b'\r', b'\n', &content[start..]);
        let end = length.map_or(content.len(), |length| start + length);
        if end - start > TEXT_LINE {
            return Err(ContentError::LineTooLong(end as u64));
        }
        match content[end..] {
            [] => break,
            [b'\r', b'\n', ..] => start = end + 2,
            [b'\r', ..] => return Err(ContentError::BareCarriageReturn(end as u64 + 1)),
            [_, ..] => return Err(ContentError::BareLineFeed(end as u64)),
        }
    }
    Ok(())
}

/// Finds a line that is too long, whatever its line end is.
///
/// # Errors
///
/// The first one.
pub(crate) fn find_long_line(content: &[u8]) -> Result<(), ContentError> {
    let mut start = 0;
    for end in memchr2_iter(b'\r', b'\n', content).chain([content.len()]) {
        if end - start > TEXT_LINE {
            return Err(ContentError::LineTooLong(end as u64));
        }
        start = end + 1;
    }
    Ok(())
}
