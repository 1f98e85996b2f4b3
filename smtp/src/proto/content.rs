//! Message content made safe for its way: line ends, dots, the end.
//!
//! A message that holds a bare CR, a bare LF or a NUL may be cut in two by the next server ("SMTP
//! smuggling"), so none of them ever leaves, but in a message that is declared as binary. Dots are
//! doubled and line ends completed on the fly, however the message is split into pieces, and what
//! needs no change is not touched.

use std::fmt::{self, Display};
use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr2, memrchr};

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
    /// The message was found to need no change.
    ready: bool,
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

    /// The same for a message of which this is known: one that needs no change is not searched for
    /// one again.
    pub(crate) fn measured(mut self, measure: Option<Measure>) -> Self {
        let ready = |measure: Measure| measure.is_ready(self.dots, self.eight_bit);
        self.ready = measure.is_some_and(ready);
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
        let survey = Survey::of(piece);
        if survey.nul {
            let at = memchr(0, piece).unwrap_or_default();
            return Err(ContentError::Nul(self.place(at)));
        }
        if !self.eight_bit && survey.eight_bit {
            return Err(ContentError::EightBit);
        }
        let mut searched = false;
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
            if self.position == Position::LineStart && !std::mem::replace(&mut searched, true) {
                if let Some(unfinished) = self.unfinished_behind_ready(&piece[at..]) {
                    self.column = unfinished;
                    self.position =
                        if unfinished > 0 { Position::Middle } else { Position::LineStart };
                    break;
                }
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
        self.offset += piece.len() as u64;
        Ok(())
    }

    /// Whether octets from the start of a line can leave as they are, and then how many stand
    /// behind their last line end. Most mail can, and finding that out costs less than looking at
    /// each line for itself.
    fn unfinished_behind_ready(&self, octets: &[u8]) -> Option<usize> {
        // A CR at the end may be half of a line end.
        let survey = Survey::of(octets);
        if survey.bare || (self.dots && survey.dotted) {
            return None;
        }
        if self.line_ends == LineEnds::Strict && Lines::of(octets).longest > TEXT_LINE {
            return None;
        }
        Some(octets.len() - memrchr(b'\n', octets).map_or(0, |at| at + 1))
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

/// What can be said of a whole message before any of it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measure {
    /// Octets with CRLF line ends, without doubled dots and without the final one: what SIZE counts
    /// (RFC 1870 §5).
    pub(crate) octets: u64,
    pub(crate) eight_bit: bool,
    /// Whether every line end is CRLF, also the last line's.
    clean: bool,
    /// Whether a line begins with a dot.
    dotted: bool,
}

impl Measure {
    /// A message of so many octets, of which nothing else is known.
    pub(crate) fn of_length(octets: u64) -> Self {
        Self { octets, eight_bit: true, clean: false, dotted: true }
    }

    /// Whether the message can leave as it is, for DATA or in chunks; `eight_bit` says that octets
    /// beyond ASCII were agreed on.
    pub(crate) fn is_ready(self, dots: bool, eight_bit: bool) -> bool {
        self.clean && !(dots && self.dotted) && (eight_bit || !self.eight_bit)
    }

    /// Measures `content` and finds what would make it unsendable under `line_ends`.
    pub(crate) fn of(content: &[u8], line_ends: LineEnds) -> Result<Self, ContentError> {
        let octets = content.len() as u64;
        if line_ends == LineEnds::Binary {
            return Ok(Self::of_length(octets));
        }
        let survey = Survey::of(content);
        if survey.nul {
            return Err(ContentError::Nul(memchr(0, content).unwrap_or_default() as u64));
        }
        let mut bare = 0;
        if survey.bare || line_ends == LineEnds::Strict {
            let lines = Lines::of(content);
            bare = lines.bare;
            if line_ends == LineEnds::Strict && (bare > 0 || lines.longest > TEXT_LINE) {
                // Looks again, for the place of what is wrong.
                let mut encoder = Encoder::new(line_ends, true);
                encoder.encode(content, &mut Nowhere)?;
                encoder.finish(&mut Nowhere)?;
            }
        }
        let finished = matches!(content.last(), None | Some(b'\r' | b'\n'));
        Ok(Self {
            octets: octets + bare + if finished { 0 } else { 2 },
            eight_bit: survey.eight_bit,
            clean: !survey.bare && content.ends_with(b"\n"),
            dotted: survey.dotted,
        })
    }
}

/// What octets that begin a line hold, found in one pass without a branch: most mail holds nothing
/// that must be looked at again.
#[derive(Debug, Default)]
struct Survey {
    nul: bool,
    eight_bit: bool,
    /// Whether a CR or a LF stands alone.
    bare: bool,
    /// Whether a line begins with a dot.
    dotted: bool,
}

/// Octets that are looked at as one.
const LANES: usize = 16;

/// How many of them are looked at in a round.
const ROUND: usize = 4;

impl Survey {
    fn of(octets: &[u8]) -> Self {
        let (Some(&first), Some(&last)) = (octets.first(), octets.last()) else {
            return Self::default();
        };
        let (before, octets) = (&octets[..octets.len() - 1], &octets[1..]);
        let (chunks_before, rest_before) = before.as_chunks::<LANES>();
        let (chunks, rest) = octets.as_chunks::<LANES>();
        let mut seen = Seen::of(first);
        // Several at a time: counting rounds costs a fifth of a round.
        let (rounds_before, chunks_before) = chunks_before.as_chunks::<ROUND>();
        let (rounds, chunks) = chunks.as_chunks::<ROUND>();
        for (before, octets) in rounds_before.iter().zip(rounds) {
            for chunk in 0..ROUND {
                seen.note(&before[chunk], &octets[chunk]);
            }
        }
        for (before, octets) in chunks_before.iter().zip(chunks) {
            seen.note(before, octets);
        }
        match (before.last_chunk(), octets.last_chunk()) {
            // Some octets are seen twice, which costs less than seeing the rest one by one.
            (Some(before), Some(octets)) => seen.note(before, octets),
            _ => {
                for (&before, &octet) in rest_before.iter().zip(rest) {
                    seen.note(&[before; LANES], &[octet; LANES]);
                }
            }
        }
        Self {
            nul: seen.least.contains(&0),
            eight_bit: !seen.any.is_ascii(),
            bare: first == b'\n' || last == b'\r' || seen.bare != [0; LANES],
            dotted: first == b'.' || seen.dotted != [0; LANES],
        }
    }
}

/// What was seen in each lane. The last two are all ones or all zeros.
struct Seen {
    any: [u8; LANES],
    least: [u8; LANES],
    bare: [u8; LANES],
    dotted: [u8; LANES],
}

impl Seen {
    fn of(octet: u8) -> Self {
        let none = [0; LANES];
        Self { any: [octet; LANES], least: [octet; LANES], bare: none, dotted: none }
    }

    /// The same for each lane, whatever is in it: the compiler makes one step of all of them.
    fn note(&mut self, before: &[u8; LANES], octets: &[u8; LANES]) {
        for lane in 0..LANES {
            let (before, octet) = (before[lane], octets[lane]);
            self.any[lane] |= octet;
            self.least[lane] = self.least[lane].min(octet);
            // A CR stands before each LF, and a LF behind each CR.
            self.bare[lane] |= mask(octet == b'\n') ^ mask(before == b'\r');
            self.dotted[lane] |= mask(octet == b'.') & mask(before == b'\n');
        }
    }
}

fn mask(holds: bool) -> u8 {
    u8::from(holds).wrapping_neg()
}

/// The line ends of octets that begin a line, counted.
#[derive(Debug, Default)]
struct Lines {
    /// CR and LF that stand alone.
    bare: u64,
    /// Octets of the longest line.
    longest: usize,
}

impl Lines {
    fn of(octets: &[u8]) -> Self {
        let (mut feeds, mut ends, mut longest, mut start) = (0, 0, 0, 0);
        for at in memchr_iter(b'\n', octets) {
            feeds += 1;
            ends += u64::from(at > 0 && octets[at - 1] == b'\r');
            longest = longest.max((at - start).saturating_sub(1));
            start = at + 1;
        }
        let returns = memchr_iter(b'\r', octets).count() as u64;
        let longest = longest.max(octets.len() - start);
        Self { bare: feeds + returns - 2 * ends, longest }
    }
}

struct Nowhere;

impl Sink for Nowhere {
    fn keep(&mut self, _: Range<usize>) {}
    fn insert(&mut self, _: &'static [u8]) {}
}

#[cfg(test)]
mod tests;
