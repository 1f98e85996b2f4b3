//! The header of an initial token, which names the mechanism (RFC 2743 §3.1).

/// The first byte of an initial token.
const APPLICATION_0: u8 = 0x60;
/// The tag of an object identifier.
const OBJECT_IDENTIFIER: u8 = 0x06;

/// The token without its header, if it has one.
///
/// ```text
/// 0x60 length 0x06 length oid inner-token            ; lengths in DER, RFC 2743 §3.1
/// ```
pub(super) fn without_header(token: &[u8]) -> Option<&[u8]> {
    let (length, rest) = length(token.strip_prefix(&[APPLICATION_0])?)?;
    if length != rest.len() {
        return None;
    }
    let (length, rest) = self::length(rest.strip_prefix(&[OBJECT_IDENTIFIER])?)?;
    rest.get(length..)
}

/// A length in DER, and the bytes that follow it.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        return Some((first.into(), rest));
    }
    let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
    // Longer ones, and the indefinite form, are not of a token.
    if !(1..=3).contains(&digits.len()) {
        return None;
    }
    let value = digits.iter().fold(0, |value, &digit| value << 8 | usize::from(digit));
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        let long = [&b"\x60\x82\x01\x04\x06\x01\x2a"[..], &[7; 257]].concat();
        let table: &[(&str, &[u8], Option<&[u8]>)] = &[
            ("short lengths", b"\x60\x05\x06\x01\x2axy", Some(b"xy")),
            ("a long length", &long, Some(&[7; 257])),
            ("nothing inside", b"\x60\x03\x06\x01\x2a", Some(b"")),
            ("no bytes", b"", None),
            ("another tag", b"\xa1\x05\x06\x01\x2axy", None),
            ("cut off", b"\x60\x05\x06\x01\x2ax", None),
            ("bytes that follow it", b"\x60\x05\x06\x01\x2axyz", None),
            ("no length", b"\x60", None),
            ("a length that is cut off", b"\x60\x82\x01", None),
            ("the indefinite form", b"\x60\x80\x06\x01\x2a", None),
            (
                "a length of a length that is too long",
                b"\x60\x84\x00\x00\x00\x03\x06\x01\x2a",
                None,
            ),
            ("no object identifier", b"\x60\x03\x04\x01\x2a", None),
            ("an object identifier that is cut off", b"\x60\x03\x06\x02\x2a", None),
        ];
        for (name, token, inner) in table {
            assert_eq!(without_header(token), *inner, "{name}");
        }
    }
}
