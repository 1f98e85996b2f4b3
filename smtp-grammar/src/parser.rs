//! Parsers for the text of replies, to combine with nom parsers of your own.
//!
//! A function of the shape [`Parser`](Parsed) reads the text of a reply: it takes bytes, and
//! returns the rest and a value. Any parser of the nom version that is re-exported here has that shape, and
//! so have the functions below, each named after its rule.
//!
//! ```
//! use smtp_grammar::parser::{self, Parsed, nom::Parser};
//!
//! /// `"queued as " Atom`
//! fn queue_id(input: &[u8]) -> Parsed<'_, String> {
//!     let (rest, _) = parser::nom::bytes::complete::tag("queued as ")(input)?;
//!     parser::word.map(|word| String::from_utf8_lossy(word).into_owned()).parse(rest)
//! }
//!
//! assert_eq!(parser::complete(queue_id, b"queued as 4F2K"), Ok("4F2K".to_owned()));
//! assert_eq!(parser::complete(queue_id, b"queued on 4F2K").map_err(|e| e.at), Err(0));
//! ```

pub use nom;

use std::fmt;

use nom::IResult;
use nom::bytes::complete::{take_while, take_while1};

use crate::{Domain, ForwardPath, Mailbox};

/// The result of a parser: the bytes that are left, and the value.
pub type Parsed<'a, T> = IResult<&'a [u8], T>;

/// A text that a parser could not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseFailure {
    /// The byte at which the parser stopped, counted from 0.
    pub at: usize,
}

impl fmt::Display for ParseFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the text cannot be read from byte {} on", self.at + 1)
    }
}

impl std::error::Error for ParseFailure {}

/// Runs a parser that must read all of `input`.
///
/// # Errors
///
/// The byte at which the parser failed, or the first that it left.
pub fn complete<'a, T>(
    parse: impl FnOnce(&'a [u8]) -> Parsed<'a, T>,
    input: &'a [u8],
) -> Result<T, ParseFailure> {
    match parse(input) {
        Ok(([], value)) => Ok(value),
        Ok((rest, _)) => Err(ParseFailure { at: input.len() - rest.len() }),
        Err(nom::Err::Error(error) | nom::Err::Failure(error)) => {
            Err(ParseFailure { at: input.len().saturating_sub(error.input.len()) })
        }
        Err(nom::Err::Incomplete(_)) => Err(ParseFailure { at: input.len() }),
    }
}

/// Bytes up to the next space: `1*%d33-126`, or anything beyond ASCII.
///
/// # Errors
///
/// When there is none.
pub fn word(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while1(|byte| byte > b' ' && byte != 0x7f)(input)
}

/// `1*SP`
///
/// # Errors
///
/// When there is none.
pub fn spaces(input: &[u8]) -> Parsed<'_, ()> {
    let (rest, _) = take_while1(|byte| byte == b' ')(input)?;
    Ok((rest, ()))
}

/// `*OCTET`: all bytes that are left.
///
/// # Errors
///
/// Never.
pub fn rest(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while(|_| true)(input)
}

/// `1*DIGIT`, as a number. More than 64 bits of it is an error.
///
/// # Errors
///
/// When there is no digit, or too many.
pub fn number(input: &[u8]) -> Parsed<'_, u64> {
    nom::character::complete::u64(input)
}

/// `Domain` (RFC 5321 §4.1.2)
///
/// # Errors
///
/// When the next word is none.
pub fn domain(input: &[u8]) -> Parsed<'_, Domain> {
    typed(input)
}

/// `Mailbox` (RFC 5321 §4.1.2), without spaces in it.
///
/// # Errors
///
/// When the next word is none.
pub fn mailbox(input: &[u8]) -> Parsed<'_, Mailbox> {
    typed(input)
}

/// `Forward-path` (RFC 5321 §4.1.2), without spaces in it.
///
/// # Errors
///
/// When the next word is none.
pub fn forward_path(input: &[u8]) -> Parsed<'_, ForwardPath> {
    typed(input)
}

/// The next word as a type of this crate.
fn typed<T: std::str::FromStr>(input: &[u8]) -> Parsed<'_, T> {
    let (rest, word) = word(input)?;
    match std::str::from_utf8(word).ok().and_then(|text| text.parse().ok()) {
        Some(value) => Ok((rest, value)),
        None => Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Verify))),
    }
}
