//! What a message holds, found before any of it leaves.

use memchr::{memchr, memchr_iter};

use super::survey::Survey;
use super::{ContentError, Encoder, LineEnds, Nowhere, TEXT_LINE};

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

/// The line ends of octets that begin a line, counted.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// CR and LF that stand alone.
    bare: u64,
    /// Octets of the longest line.
    pub(super) longest: usize,
}

impl Lines {
    pub(super) fn of(octets: &[u8]) -> Self {
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
