//! What must be known of octets before they may leave.

/// What octets that begin a line hold.
#[derive(Debug, Default, PartialEq, Eq)]
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

type Chunk = [u8; LANES];

/// Where chunks begin that are looked at in a round, for counting rounds costs half of a look. The
/// last octet of each is the first of the next, so that no two neighbours are parted.
const STARTS: [usize; 4] = [0, LANES - 1, 2 * (LANES - 1), 3 * (LANES - 1)];

/// Octets of a round.
const ROUND: usize = 4 * (LANES - 1);

impl Survey {
    pub(super) fn of(octets: &[u8]) -> Self {
        let (Some(&first), Some(&last)) = (octets.first(), octets.last()) else {
            return Self::default();
        };
        let mut seen = Seen::of(first);
        let mut rest = octets;
        while let Some(round) = rest.first_chunk::<{ ROUND + 2 }>() {
            for start in STARTS {
                match neighbours(round, start) {
                    Some((chunk, behind)) if !is_text(chunk) => seen.note(chunk, behind),
                    // Most chunks hold nothing to be noted.
                    _ => {}
                }
            }
            rest = &rest[ROUND..];
        }
        while let Some((chunk, behind)) = neighbours(rest, 0) {
            seen.note(chunk, behind);
            rest = &rest[LANES..];
        }
        // Some octets are seen twice, which costs less than seeing the rest one by one.
        match octets.last_chunk::<{ LANES + 1 }>().and_then(|end| neighbours(end, 0)) {
            Some((chunk, behind)) => seen.note(chunk, behind),
            None => {
                for pair in rest.windows(2) {
                    seen.note(&[pair[0]; LANES], &[pair[1]; LANES]);
                }
            }
        }
        Self {
            nul: seen.least.into_iter().fold(u8::MAX, u8::min) == 0,
            eight_bit: !seen.any.is_ascii(),
            bare: first == b'\n' || last == b'\r' || seen.bare != [0; LANES],
            dotted: first == b'.' || seen.dotted != [0; LANES],
        }
    }
}

/// The chunk that begins at `start`, and the one that begins an octet behind it.
fn neighbours(octets: &[u8], start: usize) -> Option<(&Chunk, &Chunk)> {
    Some((octets.get(start..)?.first_chunk()?, octets.get(start + 1..)?.first_chunk()?))
}

/// What was seen in each lane. The last two are all ones or all zeros.
struct Seen {
    any: Chunk,
    least: Chunk,
    bare: Chunk,
    dotted: Chunk,
}

impl Seen {
    fn of(octet: u8) -> Self {
        let none = [0; LANES];
        Self { any: [octet; LANES], least: [octet; LANES], bare: none, dotted: none }
    }

    /// The same for each lane, whatever is in it: the compiler makes one step of all of them.
    #[inline]
    fn note(&mut self, before: &Chunk, octets: &Chunk) {
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

/// Whether there is nothing to be noted of octets: no line end, and nothing that is no ASCII text.
#[inline]
fn is_text(octets: &Chunk) -> bool {
    // Of signed numbers, those beyond ASCII are below the controls.
    octets.iter().fold(true, |text, octet| text & (octet.cast_signed() > b'\r'.cast_signed()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same, octet by octet.
    fn slowly(octets: &[u8]) -> Survey {
        let pairs = || octets.windows(2);
        let first_or_last = octets.first() == Some(&b'\n') || octets.last() == Some(&b'\r');
        Survey {
            nul: octets.contains(&0),
            eight_bit: !octets.is_ascii(),
            bare: first_or_last || pairs().any(|pair| (pair[0] == b'\r') != (pair[1] == b'\n')),
            dotted: octets.first() == Some(&b'.') || pairs().any(|pair| pair == b"\n."),
        }
    }

    #[test]
    fn every_pair_is_seen_at_every_place() {
        let unusual = [b'\r', b'\n', b'.', 0, b'\t', 0x80, 0xff, b'a', b' ', 0x7f];
        for length in [1, 2, 3, 16, 63, 64, 65, 127, 128, 130] {
            for place in 0..length {
                for one in unusual {
                    for other in unusual {
                        let mut octets = vec![b'a'; length];
                        octets[place] = one;
                        if let Some(next) = octets.get_mut(place + 1) {
                            *next = other;
                        }
                        assert_eq!(Survey::of(&octets), slowly(&octets), "{octets:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn many_of_them_hide_nothing() {
        for unit in [".\r\n", "\r\n", "\r", "\n", ".", "é", "é\r\n", "\0\r\n.", "\t.\r\n", "\n."]
        {
            for length in 0..200 {
                let octets: Vec<u8> = unit.bytes().cycle().take(length).collect();
                assert_eq!(Survey::of(&octets), slowly(&octets), "{unit:?} up to {length}");
            }
        }
    }
}
