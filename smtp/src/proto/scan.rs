//! Whether a line is plain text, and where it ends, found eight bytes at a time.
//!
//! Every argument of every command is looked at before it may leave, and every reply is searched
//! for its end. Lines are short: searches made for long texts would spend more on getting ready
//! than on looking.

use memchr::memchr;

/// Whether every byte is from `first`, which is ASCII, to `~`.
#[inline]
pub(crate) fn is_plain(bytes: &[u8], first: u8) -> bool {
    let below = ONES * u64::from(first);
    let mut high = 0;
    let mut test = |bytes: [u8; 8]| {
        let word = u64::from_ne_bytes(bytes);
        // The first subtraction that borrows sets the high bit of its byte; DEL sets it by the
        // addition. A byte beyond ASCII may change the bytes next to it, which does not matter: it
        // has set the high bit already.
        high |= word | word.wrapping_sub(below) | word.wrapping_add(ONES);
    };
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().copied().for_each(&mut test);
    if !rest.is_empty() {
        // Some bytes are seen twice, which costs less than seeing the rest one by one.
        match (bytes.last_chunk(), bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(&last), ..) => test(last),
            (None, Some(first), Some(last)) => {
                let mut both = [0; 8];
                both[..4].copy_from_slice(first);
                both[4..].copy_from_slice(last);
                test(both);
            }
            _ => rest.iter().for_each(|&byte| test([byte; 8])),
        }
    }
    high & HIGH == 0
}

/// Whether a command has this parameter, which is written with a space before it and `=` after it.
pub(crate) fn has_param(line: &[u8], param: &[u8]) -> bool {
    line.windows(param.len()).any(|part| part.eq_ignore_ascii_case(param))
}

/// Bytes in which a line feed is looked for before the search for long texts takes over.
const SHORT: usize = 64;

/// The offset of the first line feed.
#[inline]
pub(crate) fn line_feed(bytes: &[u8]) -> Option<usize> {
    let (words, _) = bytes[..bytes.len().min(SHORT)].as_chunks::<8>();
    for (index, &word) in words.iter().enumerate() {
        if let Some(at) = line_feed_in(word) {
            return Some(8 * index + at);
        }
    }
    match bytes.last_chunk() {
        // Nothing but the end is left to be searched, with some bytes that hold none.
        Some(&last) if bytes.len() <= SHORT => Some(bytes.len() - 8 + line_feed_in(last)?),
        _ => memchr(b'\n', bytes),
    }
}

/// The offset of the first line feed in eight bytes.
#[inline]
fn line_feed_in(bytes: [u8; 8]) -> Option<usize> {
    let other = u64::from_le_bytes(bytes) ^ (ONES * u64::from(b'\n'));
    // A byte is zero where it is a line feed. The lowest bit set belongs to the first one: only
    // bytes after a zero can be taken for zeros by mistake.
    let zeros = other.wrapping_sub(ONES) & !other & HIGH;
    (zeros != 0).then(|| zeros.trailing_zeros() as usize / 8)
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);

/// `esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")` (RFC 5321 §4.1.2)
#[inline]
pub(crate) fn is_keyword(keyword: &str) -> bool {
    !keyword.is_empty()
        && !keyword.starts_with('-')
        && keyword.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether a space stands outside of a quoted string, or a control character anywhere.
pub(super) fn splits(argument: &[u8]) -> bool {
    let mut quoted = false;
    let mut escaped = false;
    for &byte in argument {
        match byte {
            0..b' ' | 0x7f => return true,
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b' ' if !quoted => return true,
            _ => {}
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_seen_at_every_place() {
        for length in 1..20 {
            for offset in 0..length {
                for byte in 0..=255 {
                    let mut bytes = vec![b'a'; length];
                    bytes[offset] = byte;
                    for first in [b' ', b'!'] {
                        let plain = (first..=b'~').contains(&byte);
                        assert_eq!(is_plain(&bytes, first), plain, "{byte:#04x} at {offset}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_first_line_feed_is_found() {
        for length in 0..100 {
            for filler in [b'a', 0x0b, 0x8a, 0] {
                let mut bytes = vec![filler; length];
                assert_eq!(line_feed(&bytes), None);
                for offset in (0..length).rev() {
                    bytes[offset] = b'\n';
                    assert_eq!(line_feed(&bytes), Some(offset), "of {length}");
                }
            }
        }
    }

    #[test]
    fn neighbours_hide_nothing() {
        for one in 0..=255 {
            for other in 0..=255 {
                for bytes in [[one, other, b'a', b'a'], [b'~', b' ', one, other]] {
                    let plain = bytes.iter().all(|byte| (b' '..=b'~').contains(byte));
                    assert_eq!(is_plain(&bytes.repeat(3), b' '), plain, "{bytes:?}");
                }
            }
        }
    }
}
