//! Message content made safe for its way: line ends, dots, the end.
//!
//! A message that holds a bare CR, a bare LF or a NUL may be cut in two by the next server ("SMTP
//! smuggling"), so none of them ever leaves, but in a message that is declared as binary. Dots are
//! doubled and line ends completed on the fly, however the message is split into pieces, and what
//! needs no change is not touched.

mod measure;
mod survey;

use std::fmt::{self, Display};
use std::ops::Range;

use memchr::{memchr, memchr2, memmem, memrchr};

use measure::Lines;
pub(crate) use measure::Measure;
use survey::Survey;

/// Octets of a message that are copied, read or searched at a time: few enough for a cache.
pub(crate) const PIECE: usize = 64 * 1024;

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
    /// Take the message as octets, not as lines, and send them as they are. It needs a server that
    /// offers BINARYMIME and CHUNKING (RFC 3030 §3).
    Binary,
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

/// Where the next line begins with a dot.
fn next_dot(finder: &memmem::Finder<'_>, octets: &[u8]) -> Option<usize> {
    // Where one line does, the next often does too, and is found with less than a search for both.
    let near = &octets[..octets.len().min(TEXT_LINE)];
    let feed = match memchr(b'\n', near) {
        Some(feed) if octets.get(feed + 1) == Some(&b'.') => feed,
        _ => finder.find(octets)?,
    };
    Some(feed + 1)
}

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

/// The state of one message on its way: for DATA with its dots doubled (RFC 5321 §4.5.2), for BDAT
/// without (RFC 3030 §2).
#[derive(Debug)]
pub(crate) struct Encoder {
    line_ends: LineEnds,
    eight_bit: bool,
    /// For DATA.
    dots: bool,
    /// The message was found to need no change, or none but doubled dots.
    ready: bool,
    clean: bool,
    position: Position,
    /// Octets of the line that the last piece ended in.
    column: usize,
    /// Octets of the pieces before.
    offset: u64,
}

impl Encoder {
    /// An encoder for DATA. `eight_bit` says that octets beyond ASCII have been agreed on.
    pub(crate) fn new(line_ends: LineEnds, eight_bit: bool) -> Self {
        Self {
            line_ends,
            eight_bit,
            dots: true,
            ready: false,
            clean: false,
            position: Position::LineStart,
            column: 0,
            offset: 0,
        }
    }

    /// The same for BDAT, where octets are counted and a dot means nothing.
    pub(crate) fn in_chunks(mut self) -> Self {
        self.dots = false;
        self
    }

    /// The same for a message of which this is known: what it does not need is not looked for again.
    pub(crate) fn measured(mut self, measure: Option<Measure>) -> Self {
        self.ready = measure.is_some_and(|measure| measure.is_ready(self.dots, self.eight_bit));
        self.clean = measure.is_some_and(|measure| measure.is_ready(false, self.eight_bit));
        self
    }

    /// Encodes the next piece. After an error the message must be abandoned.
    pub(crate) fn encode(
        &mut self,
        piece: &[u8],
        sink: &mut impl Sink,
    ) -> Result<(), ContentError> {
        if self.ready || self.line_ends == LineEnds::Binary {
            sink.keep(0..piece.len());
            return Ok(());
        }
        if self.clean {
            self.double_dots(piece, sink);
            return Ok(());
        }
        let survey = Survey::of(piece);
        if survey.nul {
            let at = memchr(0, piece).unwrap_or_default();
            return Err(ContentError::Nul(self.place(at)));
        }
        if !self.eight_bit && survey.eight_bit {
            return Err(ContentError::EightBit);
        }
        if self.is_clean(piece, &survey) {
            if self.dots && survey.dotted {
                self.double_dots(piece, sink);
            } else {
                sink.keep(0..piece.len());
                self.pass(piece);
            }
        } else {
            self.mend(piece, sink)?;
        }
        self.offset += piece.len() as u64;
        Ok(())
    }

    /// Whether each line end of a piece is CRLF, and no line is too long. Most mail is like that,
    /// and finding it out costs less than looking at each line for itself.
    fn is_clean(&self, piece: &[u8], survey: &Survey) -> bool {
        if survey.bare || self.position == Position::AfterCr {
            return false;
        }
        self.line_ends != LineEnds::Strict || self.column + Lines::of(piece).longest <= TEXT_LINE
    }

    /// Doubles the dots of a piece whose line ends are CRLF. Nothing has to be inserted for that: a
    /// dot ends what is kept before it, and begins what is kept behind.
    fn double_dots(&mut self, piece: &[u8], sink: &mut impl Sink) {
        let mut kept = 0;
        if self.position == Position::LineStart && piece.first() == Some(&b'.') {
            sink.keep(0..1);
        }
        let finder = memmem::Finder::new(b"\n.");
        while let Some(place) = next_dot(&finder, &piece[kept..]) {
            let dot = kept + place;
            sink.keep(kept..dot + 1);
            kept = dot;
        }
        sink.keep(kept..piece.len());
        self.pass(piece);
    }

    /// Takes note of where in a line such a piece ends.
    fn pass(&mut self, piece: &[u8]) {
        match memrchr(b'\n', piece) {
            Some(feed) => self.column = piece.len() - feed - 1,
            None => self.column += piece.len(),
        }
        self.position = if self.column > 0 { Position::Middle } else { Position::LineStart };
    }

    /// Completes line ends and doubles dots, line by line.
    fn mend(&mut self, piece: &[u8], sink: &mut impl Sink) -> Result<(), ContentError> {
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
            if self.dots && self.position == Position::LineStart && piece[at] == b'.' {
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
        Ok(())
    }

    /// Octets that a piece of a message in memory should have: one that needs no change is not cut.
    pub(crate) fn piece(&self) -> usize {
        if self.ready || self.line_ends == LineEnds::Binary { usize::MAX } else { PIECE }
    }

    /// Ends the message: completes the last line, and for DATA writes the final dot.
    pub(crate) fn finish(&mut self, sink: &mut impl Sink) -> Result<(), ContentError> {
        if self.line_ends == LineEnds::Binary {
            return Ok(());
        }
        if self.column > TEXT_LINE && self.line_ends == LineEnds::Strict {
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
        if self.dots {
            sink.insert(b".\r\n");
        }
        Ok(())
    }

    fn tolerate(&self, error: fn(u64) -> ContentError, at: usize) -> Result<(), ContentError> {
        match self.line_ends {
            LineEnds::Strict => Err(error(self.place(at))),
            LineEnds::Normalize | LineEnds::Binary => Ok(()),
        }
    }

    fn place(&self, at: usize) -> u64 {
        self.offset + at as u64
    }
}

struct Nowhere;

impl Sink for Nowhere {
    fn keep(&mut self, _: Range<usize>) {}
    fn insert(&mut self, _: &'static [u8]) {}
}

#[cfg(test)]
mod tests;
