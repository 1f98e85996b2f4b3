//! What a message holds, found before any of it leaves.

use memchr::{memchr, memchr_iter};

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

/// What octets that begin a line hold, found in one pass without a branch: most mail holds nothing
/// that must be looked at again.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) nul: bool,
    pub(super) eight_bit: bool,
    /// Whether a CR or a LF stands alone.
    pub(super) bare: bool,
    /// Whether a line begins with a dot.
    pub(super) dotted: bool,
}

/// Octets that are looked at as one.
const LANES: usize = 16;

/// How many of them are looked at in a round.
const ROUND: usize = 4;

impl Survey {
    pub(super) fn of(octets: &[u8]) -> Self {
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
