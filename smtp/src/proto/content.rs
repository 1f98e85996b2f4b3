//! Message content made safe for DATA: line ends, dots, the end.
//!
//! A message that holds a bare CR, a bare LF or a NUL may be cut in two by the next server ("SMTP
//! smuggling"), so none of them ever leaves. Dots are doubled and line ends completed on the fly,
//! however the message is split into pieces, and what needs no change is not touched.

use std::fmt::{self, Display};
use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr2};

/// Octets of a text line without its CRLF (RFC 5321 §4.5.3.1.6 counts 1000 with it).
pub(crate) const TEXT_LINE: usize = 998;

/// What to do with line ends that are not CRLF.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineEnds {
    /// Make CRLF of a bare LF and of a bare CR. Right for text that was written on this machine.
    #[default]
    Normalize,
    /// Refuse the message, and also one with a line of more than 998 octets. Right for messages
    /// whose exact octets matter, such as signed ones.
    Strict,
}

/// Why a message cannot be sent as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentError {
    /// A NUL, at this octet of the message.
    Nul(u64),
    /// A CR without LF, at this octet of the message.
    BareCarriageReturn(u64),
    /// A LF without CR, at this octet of the message.
    BareLineFeed(u64),
    /// A line of more than 998 octets, which ends at this octet of the message.
    LineTooLong(u64),
    /// An octet beyond ASCII in a message that was declared to have none, or for a server that
    /// does not offer 8BITMIME.
    EightBit,
}

impl Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nul(at) => write!(
                f,
                "the message holds a NUL at octet {at}, which no mail may hold: encode it \
                 (RFC 5322 §2.2, RFC 2045 §2.7)"
            ),
            Self::BareCarriageReturn(at) => write!(
                f,
                "the message holds a CR without LF at octet {at}: end lines with CRLF, or let \
                 them be normalized (RFC 5321 §2.3.8)"
            ),
            Self::BareLineFeed(at) => write!(
                f,
                "the message holds a LF without CR at octet {at}: end lines with CRLF, or let \
                 them be normalized (RFC 5321 §2.3.8)"
            ),
            Self::LineTooLong(at) => write!(
                f,
                "the message has a line of more than {TEXT_LINE} octets, which ends at octet \
                 {at}: encode it as quoted-printable or base64 (RFC 5321 §4.5.3.1.6)"
            ),
            Self::EightBit => f.write_str(
                "the message holds octets beyond ASCII and the server does not offer 8BITMIME, \
                 or they were not declared: encode them as quoted-printable or base64 (RFC 6152)",
            ),
        }
    }
}

impl std::error::Error for ContentError {}

/// Takes what the encoder makes of a piece of content.
pub(crate) trait Sink {
    /// These octets of the piece, as they are.
    fn keep(&mut self, range: Range<usize>);
    /// These octets, which the piece does not hold.
    fn insert(&mut self, octets: &'static [u8]);
}

/// Where in a line the last piece ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    LineStart,
    AfterCr,
    Middle,
}

/// The dot-stuffing state of one message (RFC 5321 §4.5.2).
#[derive(Debug)]
pub(crate) struct Encoder {
    line_ends: LineEnds,
    eight_bit: bool,
    position: Position,
    /// Octets of the line that the last piece ended in.
    column: usize,
    /// Octets of the pieces before.
    offset: u64,
}

impl Encoder {
    /// `eight_bit` says that octets beyond ASCII have been agreed on.
    pub(crate) fn new(line_ends: LineEnds, eight_bit: bool) -> Self {
        Self { line_ends, eight_bit, position: Position::LineStart, column: 0, offset: 0 }
    }

    /// Encodes the next piece. After an error the message must be abandoned.
    pub(crate) fn encode(
        &mut self,
        piece: &[u8],
        sink: &mut impl Sink,
    ) -> Result<(), ContentError> {
        if let Some(at) = memchr(0, piece) {
            return Err(ContentError::Nul(self.place(at)));
        }
        if !self.eight_bit && !piece.is_ascii() {
            return Err(ContentError::EightBit);
        }
        if self.position == Position::LineStart && self.is_ready(piece) {
            sink.keep(0..piece.len());
            self.offset += piece.len() as u64;
            return Ok(());
        }
        let mut kept = 0;
        let mut at = 0;
        while at < piece.len() {
            if self.position == Position::AfterCr {
                self.position = Position::LineStart;
                if piece[at] == b'\n' {
                    at += 1;
                    continue;
                }
                self.tolerate(ContentError::BareCarriageReturn, at)?;
                sink.keep(kept..at);
                sink.insert(b"\n");
                kept = at;
            }
            if self.position == Position::LineStart && piece[at] == b'.' {
                sink.keep(kept..at);
                sink.insert(b".");
                kept = at;
            }
            let Some(length) = memchr2(b'\r', b'\n', &piece[at..]) else {
                self.column += piece.len() - at;
                self.position = Position::Middle;
                break;
            };
            let end = at + length;
            if self.column + length > TEXT_LINE && self.line_ends == LineEnds::Strict {
                return Err(ContentError::LineTooLong(self.place(end)));
            }
            self.column = 0;
            if piece[end] == b'\r' {
                self.position = Position::AfterCr;
            } else {
                self.tolerate(ContentError::BareLineFeed, end)?;
                sink.keep(kept..end);
                sink.insert(b"\r");
                kept = end;
                self.position = Position::LineStart;
            }
            at = end + 1;
        }
        sink.keep(kept..piece.len());
        self.offset += piece.len() as u64;
        Ok(())
    }

    /// Whether a piece is whole lines that can leave as they are. Most mail is, and finding that
    /// out costs less than looking at each line for itself.
    fn is_ready(&self, piece: &[u8]) -> bool {
        if piece.first() == Some(&b'.') || !piece.ends_with(b"\r\n") {
            return false;
        }
        let (mut lines, mut start) = (0, 0);
        for end in memchr_iter(b'\n', piece) {
            let ended = end > 0 && piece[end - 1] == b'\r';
            if !ended || piece.get(end + 1) == Some(&b'.') {
                return false;
            }
            if self.line_ends == LineEnds::Strict && end - 1 - start > TEXT_LINE {
                return false;
            }
            lines += 1;
            start = end + 1;
        }
        // As many CR as line ends: none stands alone.
        count(piece, b'\r') == lines
    }

    /// Ends the message: completes the last line and writes the final dot.
    pub(crate) fn finish(&mut self, sink: &mut impl Sink) -> Result<(), ContentError> {
        if self.column > TEXT_LINE && self.line_ends == LineEnds::Strict {
            return Err(ContentError::LineTooLong(self.offset));
        }
        match self.position {
            Position::LineStart => sink.insert(b".\r\n"),
            Position::Middle => sink.insert(b"\r\n.\r\n"),
            Position::AfterCr => {
                self.tolerate(ContentError::BareCarriageReturn, 0)?;
                sink.insert(b"\n.\r\n");
            }
        }
        Ok(())
    }

    fn tolerate(&self, error: fn(u64) -> ContentError, at: usize) -> Result<(), ContentError> {
        match self.line_ends {
            LineEnds::Normalize => Ok(()),
            LineEnds::Strict => Err(error(self.place(at))),
        }
    }

    fn place(&self, at: usize) -> u64 {
        self.offset + at as u64
    }
}

/// What can be said of a whole message before any of it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measure {
    /// Octets with CRLF line ends, without stuffed dots and without the final one: what SIZE counts
    /// (RFC 1870 §5). Exact for content whose lines end with CRLF, else rather too high.
    pub(crate) octets: u64,
    pub(crate) eight_bit: bool,
}

impl Measure {
    /// Measures `content` and finds what would make it unsendable under `line_ends`.
    pub(crate) fn of(content: &[u8], line_ends: LineEnds) -> Result<Self, ContentError> {
        let eight_bit = !content.is_ascii();
        let mut bare = 0;
        if line_ends == LineEnds::Strict {
            let mut encoder = Encoder::new(line_ends, true);
            encoder.encode(content, &mut Nowhere)?;
            encoder.finish(&mut Nowhere)?;
        } else {
            if let Some(at) = memchr(0, content) {
                return Err(ContentError::Nul(at as u64));
            }
            let feeds = count(content, b'\n');
            bare = feeds.abs_diff(count(content, b'\r'));
        }
        let unfinished = if content.is_empty() || content.ends_with(b"\n") { 0 } else { 2 };
        Ok(Self { octets: content.len() as u64 + bare as u64 + unfinished, eight_bit })
    }
}

fn count(content: &[u8], octet: u8) -> usize {
    memchr_iter(octet, content).count()
}

struct Nowhere;

impl Sink for Nowhere {
    fn keep(&mut self, _: Range<usize>) {}
    fn insert(&mut self, _: &'static [u8]) {}
}

#[cfg(test)]
mod tests;
