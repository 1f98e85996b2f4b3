//! Parsers and encoders of atoms and quoted strings. Addresses and arguments are made of these, so
//! the rules stand here once.

use nom::IResult;
use nom::Parser as _;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::{anychar, char};
use nom::combinator::{map, recognize, verify};
use nom::multi::{fold_many0, separated_list1};
use nom::sequence::{delimited, preceded};

/// `atext =/ UTF8-non-ascii` (RFC 5322 §3.2.3, RFC 6531 §3.3)
pub(crate) fn is_atext(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(character)
        || is_utf8_non_ascii(character)
}

/// `UTF8-non-ascii`, without the characters that no address needs and a reader cannot see: C1
/// controls, line and paragraph separators, bidirectional controls, noncharacters.
pub(crate) fn is_utf8_non_ascii(character: char) -> bool {
    !character.is_ascii()
        && !matches!(
            character,
            '\u{80}'..='\u{9f}'
                | '\u{200e}' | '\u{200f}' | '\u{061c}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{fdd0}'..='\u{fdef}'
        )
        && u32::from(character) & 0xfffe != 0xfffe
}

/// `Atom = 1*atext` (RFC 5321 §4.1.2)
pub(crate) fn atom(input: &str) -> IResult<&str, &str> {
    take_while1(is_atext)(input)
}

/// `Dot-string = Atom *("." Atom)` (RFC 5321 §4.1.2)
pub(crate) fn dot_string(input: &str) -> IResult<&str, &str> {
    recognize(separated_list1(char('.'), atom)).parse(input)
}

/// `Quoted-string = DQUOTE *QcontentSMTP DQUOTE` (RFC 5321 §4.1.2), decoded.
pub(crate) fn quoted_string(input: &str) -> IResult<&str, String> {
    let content = fold_many0(qcontent, String::new, |mut text, character| {
        text.push(character);
        text
    });
    delimited(tag("\""), content, tag("\"")).parse(input)
}

/// `QcontentSMTP = qtextSMTP / quoted-pairSMTP` (RFC 5321 §4.1.2)
fn qcontent(input: &str) -> IResult<&str, char> {
    let pair = preceded(char('\\'), verify(anychar, |c| matches!(c, ' '..='~')));
    alt((verify(anychar, |&c| is_qtext(c)), map(pair, |c| c))).parse(input)
}

/// `qtextSMTP = %d32-33 / %d35-91 / %d93-126 / UTF8-non-ascii` (RFC 5321 §4.1.2, RFC 6531 §3.3)
fn is_qtext(character: char) -> bool {
    matches!(character, ' '..='!' | '#'..='[' | ']'..='~') || is_utf8_non_ascii(character)
}

/// Whether a text can stand between double quotes, escaped where it must be.
pub(crate) fn is_quotable(text: &str) -> bool {
    text.chars().all(|c| matches!(c, ' '..='~') || is_utf8_non_ascii(c))
}

/// Writes `text` between double quotes, with backslashes where they are needed and nowhere else.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

/// Runs a parser that must read all of `input`. The error is the byte at which it stopped.
pub(crate) fn whole<'a, T>(
    parse: impl FnOnce(&'a str) -> IResult<&'a str, T>,
    input: &'a str,
) -> Result<T, usize> {
    match parse(input) {
        Ok(("", value)) => Ok(value),
        Ok((rest, _)) => Err(input.len() - rest.len()),
        Err(nom::Err::Error(error) | nom::Err::Failure(error)) => {
            Err(input.len() - error.input.len())
        }
        Err(nom::Err::Incomplete(_)) => Err(input.len()),
    }
}
