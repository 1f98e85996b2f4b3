//! The header of a message, as far as it decides the declaration of MAIL: whether it holds UTF-8.
//!
//! Nothing of its fields is parsed. The header ends at the first empty line (RFC 5322 §2.1), or at the
//! first line that is no field: servers take that one for the first of the body.

use memchr::{memchr, memchr2};

/// The bytes beyond ASCII in the header of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct HeaderScan {
    /// It holds characters beyond ASCII in UTF-8, which make it an internationalized one (RFC 6532
    /// §3). Bytes of another encoding are none.
    pub(super) utf8: bool,
    /// The same, and the body of the message is ASCII.
    pub(super) utf8_alone: bool,
}

impl HeaderScan {
    /// Looks at a message that may hold bytes beyond ASCII.
    // Few messages have them, and a call costs the others less than the code in their way.
    #[cold]
    pub(super) fn of(content: &[u8]) -> Self {
        let (header, body) = content.split_at(header_len(content));
        let utf8 = !header.is_ascii() && std::str::from_utf8(header).is_ok();
        Self { utf8, utf8_alone: utf8 && body.is_ascii() }
    }
}

/// Bytes of the header, whose line ends are CRLF, CR or LF.
fn header_len(content: &[u8]) -> usize {
    let mut rest = content;
    loop {
        let end = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        let first = rest.len() == content.len();
        if !is_field(line) && (first || !line.starts_with(b" ") && !line.starts_with(b"\t")) {
            return content.len() - rest.len();
        }
        rest = after.strip_prefix(b"\r\n").or(after.get(1..)).unwrap_or_default();
    }
}

/// Whether a line begins a field.
///
/// ```text
/// field-name   = 1*ftext                      ; RFC 5322 §3.6.8
/// ftext        = %d33-57 / %d59-126           ; printable, and no colon
/// obs-optional = field-name *WSP ":" unstructured CRLF      ; §4.5.8
/// ```
fn is_field(line: &[u8]) -> bool {
    let Some(name) = memchr(b':', line).and_then(|colon| line.get(..colon)) else {
        return false;
    };
    let name = name.trim_ascii_end();
    !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_utf8_up_to_its_end() {
        let table: &[(&[u8], bool, bool)] = &[
            (b"", false, false),
            (b"a: b\r\n\r\nc\r\n", false, false),
            ("a: ü\r\n\r\nc\r\n".as_bytes(), true, true),
            ("a: ü\n\nc\n".as_bytes(), true, true),
            ("a: ü\r\rc\r".as_bytes(), true, true),
            ("a: ü\r\n\r\nü\r\n".as_bytes(), true, false),
            ("a: b\r\nc: ü".as_bytes(), true, true),
            ("a: b\r\n\r\nü\r\n".as_bytes(), false, false),
            ("a: b\n\nü\n".as_bytes(), false, false),
            ("a: b\r\n\nü\n".as_bytes(), false, false),
            ("\r\nü\r\n".as_bytes(), false, false),
            ("a: b\r\n ü\r\n\tü\r\nc : ü\r\n\r\nc".as_bytes(), true, true),
            // No line of these is a field, and no line of the header goes on.
            ("ü\r\n".as_bytes(), false, false),
            (" a: ü\r\n\r\n".as_bytes(), false, false),
            (": ü\r\n\r\n".as_bytes(), false, false),
            ("ü: ü\r\n\r\n".as_bytes(), false, false),
            ("a: b\r\nc d: ü\r\n\r\n".as_bytes(), false, false),
            // Latin-1, alone and beside UTF-8; a character that is cut by the end of the header.
            (b"a: \xfc\r\n\r\nc\r\n", false, false),
            (b"a: \xc3\xbc \xfc\r\n\r\nc\r\n", false, false),
            (b"a: \xc3\r\n\r\n\xbc\r\n", false, false),
        ];
        for &(content, utf8, utf8_alone) in table {
            let text = content.escape_ascii();
            assert_eq!(HeaderScan::of(content), HeaderScan { utf8, utf8_alone }, "{text}");
        }
    }
}
