//! Facts about a whole message in memory, found before any of it is sent.
//!
//! With them `SIZE=` is exact, a message that cannot be sent costs no connection, and the encoder
//! need not look again for what the message does not hold.

use memchr::memchr;

use super::error::ContentError;
use super::line_ends::{LineEnds, TEXT_LINE};
use super::lines::{Lines, check_lines};
use super::scan::ContentScan;

/// A summary of a whole message, made before any of it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContentSummary {
    /// Bytes with CRLF line ends, without doubled dots and without the final one: what SIZE counts
    /// (RFC 1870 §5).
    pub(crate) bytes: u64,
    /// Whether a byte is beyond ASCII, as far as is known.
    pub(crate) eight_bit: bool,
    /// Whether every line end is CRLF, also the last line's.
    clean: bool,
    /// Whether a line begins with a dot.
    dotted: bool,
}

impl ContentSummary {
    /// A message of so many bytes, of which nothing else is known.
    pub(crate) fn of_length(bytes: u64) -> Self {
        Self { bytes, eight_bit: true, clean: false, dotted: true }
    }

    /// Whether the message can be sent as it is. `dots` says that leading dots are doubled, as DATA
    /// needs it; `eight_bit` says that server and client agreed on bytes beyond ASCII.
    pub(crate) fn is_ready(self, dots: bool, eight_bit: bool) -> bool {
        self.clean && !(dots && self.dotted) && (eight_bit || !self.eight_bit)
    }

    /// Summarizes `content`.
    ///
    /// # Errors
    ///
    /// The fault that makes it unsendable under `line_ends`.
    pub(crate) fn of(content: &[u8], line_ends: LineEnds) -> Result<Self, ContentError> {
        let bytes = content.len() as u64;
        if line_ends == LineEnds::Binary {
            return Ok(Self::of_length(bytes));
        }
        let scan = ContentScan::of(content);
        if scan.nul {
            return Err(ContentError::Nul(memchr(0, content).unwrap_or_default() as u64));
        }
        let mut bare = 0;
        if scan.bare || line_ends == LineEnds::Strict {
            let lines = Lines::of(content);
            bare = lines.bare;
            if line_ends == LineEnds::Strict && (bare > 0 || lines.longest > TEXT_LINE) {
                check_lines(content)?;
            }
        }
        let finished = matches!(content.last(), None | Some(b'\r' | b'\n'));
        Ok(Self {
            bytes: bytes + bare + if finished { 0 } else { 2 },
            eight_bit: scan.eight_bit,
            clean: !scan.bare && content.ends_with(b"\n"),
            dotted: scan.dotted,
        })
    }
}
