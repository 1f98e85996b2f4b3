//! `SASLprep`: one form for names and passwords that people take for the same (RFC 4013).

use std::fmt::{self, Display};

use stringprep::tables;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// Why a text has no prepared form. It does not hold the text, which may be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unprepared {
    NotUtf8,
    Empty,
    Prohibited,
    Bidirectional,
}

impl Display for Unprepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotUtf8 => "is not UTF-8: encode it (RFC 5802 §5.1)",
            Self::Empty => "is empty: give one",
            Self::Prohibited => {
                "holds a control character or another that none may hold (RFC 4013 §2.3)"
            }
            Self::Bidirectional => {
                "mixes text of both directions, which has no one form (RFC 4013 §2.4)"
            }
        })
    }
}

/// The prepared form. Code points that Unicode 3.2 does not know stand as they are: a client asks,
/// and does not store (RFC 3454 §7, "query strings").
///
/// The form is wiped. The iterators of `unicode-normalization` are not, and keep more than four
/// characters in blocks of their own: a run of four combining marks or more with the character that
/// follows it, and a character that decomposes into four or more, such as U+3300.
pub(super) fn saslprep(text: &[u8]) -> Result<Zeroizing<String>, Unprepared> {
    let text = std::str::from_utf8(text).map_err(|_| Unprepared::NotUtf8)?;
    let space = |c: char| if tables::non_ascii_space_character(c) { ' ' } else { c };
    let mapped = text.chars().filter(|&c| !tables::commonly_mapped_to_nothing(c)).map(space);
    let normal = mapped.nfkc();
    // Allocated once: a buffer that grows leaves parts of the password in the smaller ones.
    let bytes = normal.clone().map(char::len_utf8).sum();
    let mut prepared = Zeroizing::new(String::with_capacity(bytes));
    prepared.extend(normal);
    if prepared.is_empty() {
        return Err(Unprepared::Empty);
    }
    if prepared.contains(is_prohibited) {
        return Err(Unprepared::Prohibited);
    }
    let right_to_left = |c: Option<char>| c.is_some_and(tables::bidi_r_or_al);
    let ends =
        right_to_left(prepared.chars().next()) && right_to_left(prepared.chars().next_back());
    if prepared.contains(tables::bidi_r_or_al) && (prepared.contains(tables::bidi_l) || !ends) {
        return Err(Unprepared::Bidirectional);
    }
    Ok(prepared)
}

/// RFC 4013 §2.3.
fn is_prohibited(c: char) -> bool {
    tables::non_ascii_space_character(c)
        || tables::ascii_control_character(c)
        || tables::non_ascii_control_character(c)
        || tables::private_use(c)
        || tables::non_character_code_point(c)
        || tables::inappropriate_for_plain_text(c)
        || tables::inappropriate_for_canonical_representation(c)
        || tables::change_display_properties_or_deprecated(c)
        || tables::tagging_character(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The samples of RFC 4013 §3, and what RFC 3454 §7 says of queries.
    #[test]
    fn samples() {
        let table = [
            ("I\u{ad}X", Ok("IX")),
            ("user", Ok("user")),
            ("USER", Ok("USER")),
            ("\u{aa}", Ok("a")),
            ("\u{2168}", Ok("IX")),
            ("\u{7}", Err(Unprepared::Prohibited)),
            ("\u{627}1", Err(Unprepared::Bidirectional)),
            ("\u{627}1\u{628}", Ok("\u{627}1\u{628}")),
            ("\u{627}a\u{628}", Err(Unprepared::Bidirectional)),
            ("p=w,\"d\\\u{a0}\u{fc}", Ok("p=w,\"d\\ \u{fc}")),
            ("u\u{308}", Ok("\u{fc}")),
            ("\u{1f980}", Ok("\u{1f980}")),
            ("", Err(Unprepared::Empty)),
            ("\u{ad}", Err(Unprepared::Empty)),
        ];
        for (text, expected) in table {
            let prepared = saslprep(text.as_bytes());
            assert_eq!(
                prepared.as_deref().map(String::as_str),
                expected.as_ref().map(|x| *x),
                "{text:?}"
            );
        }
        assert_eq!(saslprep(b"\xff"), Err(Unprepared::NotUtf8));
    }
}
