//! A message as it is sent: line ends completed, dots doubled, the end of the message written.
//!
//! The encoder says which bytes of a segment to keep and what to insert between them, and leaves
//! it to its [`Sink`] whether they are copied: most segments are kept whole.

use std::ops::Range;

use memchr::{memchr, memchr2, memmem, memrchr};

use super::error::ContentError;
use super::line_ends::{LineEnds, TEXT_LINE};
use super::lines::Lines;
use super::scan::ContentScan;
use super::summary::ContentSummary;

/// Bytes of a message that are copied, read or searched at a time: few enough for a cache.
pub(crate) const PIECE: usize = 64 * 1024;

/// Takes what the encoder makes of a segment of content.
pub(crate) trait Sink {
    /// These bytes of the segment, as they are.
    fn keep(&mut self, range: Range<usize>);
    /// These bytes, which the segment does not hold.
    fn insert(&mut self, bytes: &'static [u8]);
}

/// Where in a line the last segment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    LineStart,
    AfterCr,
    Middle,
}

/// How the server finds the end of the message, and what is a line in it. There is no binary DATA:
/// bytes that are not lines could hold the final dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    /// Lines up to one that is a lone dot; other leading dots are doubled (RFC 5321 §4.5.2).
    Data,
    /// Lines, whose bytes are counted: a dot means nothing (RFC 3030 §2).
    Bdat,
    /// Bytes that are counted, and need not be lines (RFC 3030 §3).
    BinaryBdat,
}

/// The state of one message while it is sent.
#[derive(Debug)]
pub(crate) struct Encoder {
    method: Method,
    /// Wrong line ends and long lines are refused; otherwise line ends are completed.
    strict: bool,
    eight_bit: bool,
    /// The message needs no change.
    ready: bool,
    /// The message needs no change except doubled dots.
    clean: bool,
    position: Position,
    /// Bytes of the line that the last segment ended in.
    column: usize,
    /// Bytes of the segments before.
    offset: u64,
}

impl Encoder {
    /// An encoder for DATA. `eight_bit` says that server and client agreed on bytes beyond ASCII.
    ///
    /// # Errors
    ///
    /// [`ContentError::BinaryNeedsBdat`], because every byte that DATA sends is part of a line:
    /// "BINARYMIME cannot be used with the DATA command" (RFC 3030 §3).
    pub(crate) fn for_data(line_ends: LineEnds, eight_bit: bool) -> Result<Self, ContentError> {
        match line_ends {
            LineEnds::Normalize | LineEnds::Strict => {
                Ok(Self::new(Method::Data, line_ends, eight_bit))
            }
            LineEnds::Binary => Err(ContentError::BinaryNeedsBdat),
        }
    }

    /// An encoder for BDAT. `eight_bit` says that server and client agreed on bytes beyond ASCII.
    pub(crate) fn for_bdat(line_ends: LineEnds, eight_bit: bool) -> Self {
        let method = match line_ends {
            LineEnds::Normalize | LineEnds::Strict => Method::Bdat,
            LineEnds::Binary => Method::BinaryBdat,
        };
        Self::new(method, line_ends, eight_bit)
    }

    fn new(method: Method, line_ends: LineEnds, eight_bit: bool) -> Self {
        Self {
            method,
            strict: line_ends == LineEnds::Strict,
            eight_bit,
            ready: false,
            clean: false,
            position: Position::LineStart,
            column: 0,
            offset: 0,
        }
    }

    /// The same for a message of which this is known: the encoder does not look again for what the
    /// message does not hold.
    pub(crate) fn summarized(mut self, summary: Option<ContentSummary>) -> Self {
        self.ready =
            summary.is_some_and(|summary| summary.is_ready(self.has_dots(), self.eight_bit));
        self.clean = summary.is_some_and(|summary| summary.is_ready(false, self.eight_bit));
        self
    }

    /// Bytes that a segment of a message in memory should have at most: a message that needs no
    /// change is not cut.
    pub(crate) fn segment_len(&self) -> usize {
        if self.is_unchanged() { usize::MAX } else { PIECE }
    }

    /// Encodes the next segment.
    ///
    /// # Errors
    ///
    /// The fault that makes the message unsendable. The caller must then abandon it.
    pub(crate) fn encode(
        &mut self,
        segment: &[u8],
        sink: &mut impl Sink,
    ) -> Result<(), ContentError> {
        if self.is_unchanged() {
            sink.keep(0..segment.len());
            return Ok(());
        }
        if self.clean {
            self.double_dots(segment, sink);
            return Ok(());
        }
        let scan = ContentScan::of(segment);
        if scan.nul {
            let at = memchr(0, segment).unwrap_or_default();
            return Err(ContentError::Nul(self.offset_of(at)));
        }
        if !self.eight_bit && scan.eight_bit {
            return Err(ContentError::EightBit);
        }
        if self.is_clean(segment, &scan) {
            if self.has_dots() && scan.dotted {
                self.double_dots(segment, sink);
            } else {
                sink.keep(0..segment.len());
                self.pass(segment);
            }
        } else {
            self.mend(segment, sink)?;
        }
        self.offset += segment.len() as u64;
        Ok(())
    }

    /// Ends the message: completes the last line, and for DATA writes the final dot.
    ///
    /// # Errors
    ///
    /// The fault that makes the message unsendable. The caller must then abandon it.
    pub(crate) fn finish(&mut self, sink: &mut impl Sink) -> Result<(), ContentError> {
        if self.method == Method::BinaryBdat {
            return Ok(());
        }
        if self.strict && self.column > TEXT_LINE {
            return Err(ContentError::LineTooLong(self.offset));
        }
        match self.position {
            Position::LineStart => {}
            Position::Middle => sink.insert(b"\r\n"),
            Position::AfterCr => {
                self.tolerate(ContentError::BareCarriageReturn, 0)?;
                sink.insert(b"\n");
            }
        }
        if self.has_dots() {
            sink.insert(b".\r\n");
        }
        Ok(())
    }

    /// Whether leading dots are doubled, and a lone dot ends the message.
    fn has_dots(&self) -> bool {
        self.method == Method::Data
    }

    /// Whether every segment is sent as it is.
    fn is_unchanged(&self) -> bool {
        self.ready || self.method == Method::BinaryBdat
    }

    /// Whether each line end of a segment is CRLF, and no line is too long. Most mail is like that,
    /// and it is found out for the whole segment at less cost than line by line.
    fn is_clean(&self, segment: &[u8], scan: &ContentScan) -> bool {
        if scan.bare || self.position == Position::AfterCr {
            return false;
        }
        !self.strict || self.column + Lines::of(segment).longest <= TEXT_LINE
    }

    /// Doubles the dots of a segment whose line ends are CRLF. Nothing has to be inserted for that:
    /// a dot ends the range that is kept before it, and begins the range following it.
    fn double_dots(&mut self, segment: &[u8], sink: &mut impl Sink) {
        let mut kept = 0;
        if self.position == Position::LineStart && segment.first() == Some(&b'.') {
            sink.keep(0..1);
        }
        let finder = memmem::Finder::new(b"\n.");
        while let Some(next) = next_dot(&finder, &segment[kept..]) {
            let dot = kept + next;
            sink.keep(kept..dot + 1);
            kept = dot;
        }
        sink.keep(kept..segment.len());
        self.pass(segment);
    }

    /// Records where in a line a segment ends whose line ends are CRLF.
    fn pass(&mut self, segment: &[u8]) {
        match memrchr(b'\n', segment) {
            Some(feed) => self.column = segment.len() - feed - 1,
            None => self.column += segment.len(),
        }
        self.position = if self.column > 0 { Position::Middle } else { Position::LineStart };
    }

    /// Completes line ends and doubles dots, line by line.
    fn mend(&mut self, segment: &[u8], sink: &mut impl Sink) -> Result<(), ContentError> {
        let mut kept = 0;
        let mut at = 0;
        while at < segment.len() {
            if self.position == Position::AfterCr {
                self.position = Position::LineStart;
                if segment[at] == b'\n' {
                    at += 1;
                    continue;
                }
                self.tolerate(ContentError::BareCarriageReturn, at)?;
                sink.keep(kept..at);
                sink.insert(b"\n");
                kept = at;
            }
            if self.has_dots() && self.position == Position::LineStart && segment[at] == b'.' {
                sink.keep(kept..at);
                sink.insert(b".");
                kept = at;
            }
            let Some(length) = memchr2(b'\r', b'\n', &segment[at..]) else {
                self.column += segment.len() - at;
                self.position = Position::Middle;
                break;
            };
            let end = at + length;
            if self.strict && self.column + length > TEXT_LINE {
                return Err(ContentError::LineTooLong(self.offset_of(end)));
            }
            self.column = 0;
            if segment[end] == b'\r' {
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
        sink.keep(kept..segment.len());
        Ok(())
    }

    /// Refuses a wrong line end at `at` of the segment, unless line ends are completed.
    fn tolerate(&self, error: fn(u64) -> ContentError, at: usize) -> Result<(), ContentError> {
        if self.strict { Err(error(self.offset_of(at))) } else { Ok(()) }
    }

    /// The offset in the message of a byte of the segment.
    fn offset_of(&self, at: usize) -> u64 {
        self.offset + at as u64
    }
}

/// Where the next line begins with a dot.
fn next_dot(finder: &memmem::Finder<'_>, bytes: &[u8]) -> Option<usize> {
    // Where one line does, the next often does too, and is found with less than a search for both.
    let near = &bytes[..bytes.len().min(TEXT_LINE)];
    let feed = match memchr(b'\n', near) {
        Some(feed) if bytes.get(feed + 1) == Some(&b'.') => feed,
        _ => finder.find(bytes)?,
    };
    Some(feed + 1)
}
