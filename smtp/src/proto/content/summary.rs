//! Facts about a whole message in memory, found before any of it is sent.
//!
//! With them `SIZE=` is exact, a message that cannot be sent costs no connection, and the encoder
//! need not look again for what the message does not hold.

use memchr::memchr;

use super::error::ContentError;
use super::header::HeaderScan;
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
    /// Whether the header holds UTF-8 beyond ASCII, which takes SMTPUTF8 (RFC 6531 §3.6).
    pub(crate) utf8_header: bool,
    /// The same, and the rest is ASCII: then SMTPUTF8 alone declares the message.
    pub(crate) utf8_header_alone: bool,
    /// Whether every line end is CRLF, also the last line's.
    clean: bool,
    /// Whether a line begins with a dot.
    dotted: bool,
}

impl ContentSummary {
    /// A message that is not looked at as lines; its header is one all the same (RFC 3030 §3).
    fn of_binary(content: &[u8]) -> Self {
        Self {
            bytes: content.len() as u64,
            eight_bit: true,
            utf8_header: false,
            utf8_header_alone: false,
            clean: false,
            dotted: true,
        }
        .with_header(HeaderScan::of(content))
    }

    fn with_header(self, HeaderScan { utf8, utf8_alone }: HeaderScan) -> Self {
        Self { utf8_header: utf8, utf8_header_alone: utf8_alone, ..self }
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
            return Ok(Self::of_binary(content));
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
        let summary = Self {
            bytes: bytes + bare + if finished { 0 } else { 2 },
            eight_bit: scan.eight_bit,
            utf8_header: false,
            utf8_header_alone: false,
            clean: !scan.bare && content.ends_with(b"\n"),
            dotted: scan.dotted,
        };
        if scan.eight_bit { Ok(summary.with_header(HeaderScan::of(content))) } else { Ok(summary) }
    }
}
