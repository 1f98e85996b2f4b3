//! Escaped text of the server, for errors and traces. A terminal that shows it must not obey it.

use std::fmt::{self, Display, Write as _};

/// Bytes that are escaped when they are displayed, so that they are safe to show.
///
/// Valid UTF-8 stands as it is (RFC 6531 §3.7.4.1 allows it in replies). Control characters, the
/// characters that change the direction of text, and bytes that are no UTF-8 are escaped: `\x1b`,
/// `\u{202e}`.
///
/// ```
/// use smtp_grammar::Escaped;
///
/// assert_eq!(Escaped("550 5.7.1 Письмо".as_bytes()).to_string(), "550 5.7.1 Письмо");
/// assert_eq!(Escaped(b"red\x1b[31m \xff").to_string(), r"red\x1b[31m \xff");
/// assert_eq!(Escaped("gpj.\u{202e}exe".as_bytes()).to_string(), r"gpj.\u{202e}exe");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escaped<'a>(pub &'a [u8]);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(self.0, f, &mut 0, usize::MAX).map(drop)
    }
}

/// Writes bytes as [`Escaped`] shows them, and adds the number of characters written to `shown`.
/// Stops once `shown` reaches `most`. Returns whether all of the text was written.
pub(crate) fn escape(
    bytes: &[u8],
    f: &mut fmt::Formatter<'_>,
    shown: &mut usize,
    most: usize,
) -> Result<bool, fmt::Error> {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if *shown >= most {
                return Ok(false);
            }
            if character.is_ascii_control() {
                write!(f, "\\x{:02x}", u32::from(character))?;
                *shown += 4;
            } else if is_hidden(character) {
                write!(f, "\\u{{{:x}}}", u32::from(character))?;
                *shown += 8;
            } else {
                f.write_char(character)?;
                *shown += 1;
            }
        }
        for byte in chunk.invalid() {
            if *shown >= most {
                return Ok(false);
            }
            write!(f, "\\x{byte:02x}")?;
            *shown += 4;
        }
    }
    Ok(true)
}

/// Whether a character is invisible and changes how others are shown: controls, the separators of
/// lines and paragraphs, and the marks and overrides of direction (Unicode Standard Annex 9).
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_text_is_kept() {
        let table: &[(&[u8], &str)] = &[
            (b"250 ok", "250 ok"),
            ("Письмо, 用户, e\u{301}".as_bytes(), "Письмо, 用户, e\u{301}"),
            (b"a\rb\nc\0d\x7f", r"a\x0db\x0ac\x00d\x7f"),
            (b"\x1b]0;title\x07", r"\x1b]0;title\x07"),
            ("\u{85}\u{9b}".as_bytes(), r"\u{85}\u{9b}"),
            ("\u{202e}\u{2066}\u{2028}\u{feff}".as_bytes(), r"\u{202e}\u{2066}\u{2028}\u{feff}"),
            (b"\xd0\x9f\xd0", r"П\xd0"),
            (b"\xff\xfe caf\xe9", r"\xff\xfe caf\xe9"),
            (b"back\\slash", r"back\slash"),
        ];
        for (bytes, expected) in table {
            assert_eq!(Escaped(bytes).to_string(), *expected);
        }
    }
}
