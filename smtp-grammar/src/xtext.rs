//! xtext: an encoding of any text in the characters that a parameter can hold.
//!
//! ```text
//! xtext   = *( xchar / hexchar )
//! xchar   = any ASCII CHAR between "!" (33) and "~" (126) inclusive, except for "+" and "="
//! hexchar = ASCII "+" immediately followed by two upper case hexadecimal digits
//!                                                                        ; RFC 3461 §4
//! ```

use std::fmt::{self, Display, Write};

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n};
use nom::character::complete::satisfy;
use nom::combinator::{all_consuming, map, map_res};
use nom::multi::many0;
use nom::sequence::preceded;
use nom::{IResult, Parser as _};

use crate::error::SyntaxError;

/// A value that is displayed as xtext.
///
/// ```
/// # use smtp_grammar::Xtext;
/// assert_eq!(Xtext("a+b=c d").to_string(), "a+2Bb+3Dc+20d");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Xtext<T>(pub T);

impl<T: Display> Display for Xtext<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Encoder(f), "{}", self.0)
    }
}

/// Encodes a text.
pub fn encode(text: &str) -> String {
    Xtext(text).to_string()
}

/// Decodes xtext into bytes. Lower case hexadecimal digits are accepted.
///
/// # Errors
///
/// When the text is not xtext.
///
/// ```
/// use smtp_grammar::xtext;
///
/// assert_eq!(xtext::decode("e+3Dmc2"), Ok(b"e=mc2".to_vec()));
/// let error = xtext::decode("e=mc2").unwrap_err();
/// assert_eq!(error.to_string(), "not a valid xtext from byte 2 on");
/// ```
pub fn decode(xtext: &str) -> Result<Vec<u8>, SyntaxError> {
    let byte = alt((map(satisfy(is_xchar), u32::from), hexchar));
    let (_, bytes) = all_consuming(many0(byte)).parse(xtext).map_err(
        |error: nom::Err<nom::error::Error<&str>>| {
            let rest = match error {
                nom::Err::Error(error) | nom::Err::Failure(error) => error.input.len(),
                nom::Err::Incomplete(_) => 0,
            };
            SyntaxError::at("xtext", xtext.len() - rest)
        },
    )?;
    Ok(bytes.into_iter().filter_map(|byte| u8::try_from(byte).ok()).collect())
}

/// `hexchar`
fn hexchar(input: &str) -> IResult<&str, u32> {
    let digits = take_while_m_n(2, 2, |c: char| c.is_ascii_hexdigit());
    preceded(tag("+"), map_res(digits, |hex| u32::from_str_radix(hex, 16))).parse(input)
}

/// `xchar`
fn is_xchar(character: char) -> bool {
    matches!(character, '!'..='~') && character != '+' && character != '='
}

struct Encoder<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Encoder<'_, '_> {
    fn write_str(&mut self, mut text: &str) -> fmt::Result {
        while let Some(at) = text.find(|c| !is_xchar(c)) {
            let (plain, rest) = text.split_at(at);
            self.0.write_str(plain)?;
            let length = rest.chars().next().map_or(0, char::len_utf8);
            for byte in &rest.as_bytes()[..length] {
                write!(self.0, "+{byte:02X}")?;
            }
            text = &rest[length..];
        }
        self.0.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_and_back() {
        let table = [
            ("", ""),
            ("a+b=c d", "a+2Bb+3Dc+20d"),
            ("e+mc2@example.com", "e+2Bmc2@example.com"),
            ("e=mc2@example.com", "e+3Dmc2@example.com"),
            ("é", "+C3+A9"),
        ];
        for (text, xtext) in table {
            assert_eq!(encode(text), xtext);
            assert_eq!(decode(xtext).as_deref(), Ok(text.as_bytes()));
        }
        assert_eq!(decode("+2b").as_deref(), Ok(b"+".as_slice()));
    }

    #[test]
    fn invalid_xtext_is_refused_at_its_byte() {
        for (text, byte) in [("a+", 1), ("a+4", 1), ("a=b", 1), ("a b", 1), ("é", 0), ("+GG", 0)] {
            assert_eq!(decode(text).map_err(|e| e.byte()), Err(Some(byte)), "{text}");
        }
    }
}
