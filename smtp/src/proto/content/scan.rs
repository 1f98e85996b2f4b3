//! One-pass scan of content for NUL, 8-bit bytes, bare CR or LF, and leading dots.
//!
//! It looks at every byte of nearly every message, so it is written for the compiler to turn into
//! vector instructions: sixteen bytes at a time, with one branch for all of them.

/// The result of a scan of bytes that begin a line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ContentScan {
    pub(super) nul: bool,
    pub(super) eight_bit: bool,
    /// Whether a CR or a LF stands alone.
    pub(super) bare: bool,
    /// Whether a line begins with a dot.
    pub(super) dotted: bool,
}

/// Bytes that are looked at as one.
const LANES: usize = 16;

type Chunk = [u8; LANES];

/// Where the chunks of a round begin. A round has four, because counting rounds costs half as much
/// as looking at a chunk. Each chunk begins with the last byte of the one before, so every pair of
/// bytes is within one of them.
const STARTS: [usize; 4] = [0, LANES - 1, 2 * (LANES - 1), 3 * (LANES - 1)];

/// Bytes of a round.
const ROUND: usize = 4 * (LANES - 1);

impl ContentScan {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else {
            return Self::default();
        };
        let mut seen = Seen::of(first);
        let mut rest = bytes;
        while let Some(round) = rest.first_chunk::<{ ROUND + 2 }>() {
            for start in STARTS {
                match overlapping(round, start) {
                    Some((chunk, following)) if !is_text(chunk) => seen.record(chunk, following),
                    // Most chunks hold nothing to record.
                    _ => {}
                }
            }
            rest = &rest[ROUND..];
        }
        while let Some((chunk, following)) = overlapping(rest, 0) {
            seen.record(chunk, following);
            rest = &rest[LANES..];
        }
        // Some bytes are seen twice, which costs less than one by one.
        match bytes.last_chunk::<{ LANES + 1 }>().and_then(|end| overlapping(end, 0)) {
            Some((chunk, following)) => seen.record(chunk, following),
            None => {
                for pair in rest.windows(2) {
                    seen.record(&[pair[0]; LANES], &[pair[1]; LANES]);
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

/// The chunk that begins at `start`, and the one that begins a byte later.
fn overlapping(bytes: &[u8], start: usize) -> Option<(&Chunk, &Chunk)> {
    Some((bytes.get(start..)?.first_chunk()?, bytes.get(start + 1..)?.first_chunk()?))
}

/// The findings of each lane. The last two are all ones or all zeros.
struct Seen {
    any: Chunk,
    least: Chunk,
    bare: Chunk,
    dotted: Chunk,
}

impl Seen {
    fn of(byte: u8) -> Self {
        let none = [0; LANES];
        Self { any: [byte; LANES], least: [byte; LANES], bare: none, dotted: none }
    }

    /// The same for each lane, whatever is in it: the compiler makes one step of all of them.
    #[inline]
    fn record(&mut self, before: &Chunk, bytes: &Chunk) {
        for lane in 0..LANES {
            let (before, byte) = (before[lane], bytes[lane]);
            self.any[lane] |= byte;
            self.least[lane] = self.least[lane].min(byte);
            // Each LF must follow a CR, and each CR must be followed by a LF.
            self.bare[lane] |= mask(byte == b'\n') ^ mask(before == b'\r');
            self.dotted[lane] |= mask(byte == b'.') & mask(before == b'\n');
        }
    }
}

fn mask(holds: bool) -> u8 {
    u8::from(holds).wrapping_neg()
}

/// Whether a chunk holds nothing to record: each byte is ASCII above CR.
#[inline]
fn is_text(bytes: &Chunk) -> bool {
    // As signed numbers, bytes beyond ASCII are negative and so below CR.
    bytes.iter().fold(true, |text, byte| text & (byte.cast_signed() > b'\r'.cast_signed()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same, byte by byte.
    fn reference_impl(bytes: &[u8]) -> ContentScan {
        let pairs = || bytes.windows(2);
        let first_or_last = bytes.first() == Some(&b'\n') || bytes.last() == Some(&b'\r');
        ContentScan {
            nul: bytes.contains(&0),
            eight_bit: !bytes.is_ascii(),
            bare: first_or_last || pairs().any(|pair| (pair[0] == b'\r') != (pair[1] == b'\n')),
            dotted: bytes.first() == Some(&b'.') || pairs().any(|pair| pair == b"\n."),
        }
    }

    #[test]
    fn every_pair_is_seen_at_every_offset() {
        let unusual = [b'\r', b'\n', b'.', 0, b'\t', 0x80, 0xff, b'a', b' ', 0x7f];
        for length in [1, 2, 3, 16, 63, 64, 65, 127, 128, 130] {
            for offset in 0..length {
                for one in unusual {
                    for other in unusual {
                        let mut bytes = vec![b'a'; length];
                        bytes[offset] = one;
                        if let Some(next) = bytes.get_mut(offset + 1) {
                            *next = other;
                        }
                        assert_eq!(ContentScan::of(&bytes), reference_impl(&bytes), "{bytes:?}");
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
                let bytes: Vec<u8> = unit.bytes().cycle().take(length).collect();
                let expected = reference_impl(&bytes);
                assert_eq!(ContentScan::of(&bytes), expected, "{unit:?} up to {length}");
            }
        }
    }
}
