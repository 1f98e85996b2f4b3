//! How a reply becomes a value.
//!
//! [`FromReply`] is implemented by the reply types of commands, mostly through
//! [`#[derive(SmtpReply)]`](smtp_derive::SmtpReply); the functions here are what that derive calls.

use std::fmt::{self, Display};
use std::str::FromStr;

use smtp_grammar::parser::{self, Parsed};
use smtp_grammar::{Capabilities, EnhancedStatusCode, Reply};

/// A type that an accepted reply can be read into.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from an SMTP reply",
    label = "is not a reply type",
    note = "derive it: `#[derive(SmtpReply)]`, or use `smtp::Reply` to get the reply as it came"
)]
pub trait FromReply: Sized {
    /// Reads the reply. It is an accepted one: its code is among those of the command.
    ///
    /// # Errors
    ///
    /// [`ReplyError`] when the text has another form than the type expects. It keeps the reply.
    fn from_reply(reply: Reply) -> Result<Self, ReplyError>;
}

impl FromReply for Reply {
    fn from_reply(reply: Reply) -> Result<Self, ReplyError> {
        Ok(reply)
    }
}

impl FromReply for () {
    fn from_reply(_: Reply) -> Result<Self, ReplyError> {
        Ok(())
    }
}

impl FromReply for Capabilities {
    fn from_reply(reply: Reply) -> Result<Self, ReplyError> {
        Ok(Capabilities::from_reply(&reply))
    }
}

/// A reply whose text has another form than its type expects.
///
/// The command was accepted and the session is intact: only this value could not be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyError {
    reply: Reply,
    place: Option<(usize, usize)>,
}

impl ReplyError {
    /// The type has no case for the code of `reply`.
    pub fn unexpected_code(reply: Reply) -> Self {
        Self { reply, place: None }
    }

    /// The text of a line (counted from 0) could not be read at an octet (counted from 0, after
    /// the code).
    pub fn at(reply: Reply, line: usize, octet: usize) -> Self {
        Self { reply, place: Some((line, octet)) }
    }

    /// The reply, as it came.
    pub fn reply(&self) -> &Reply {
        &self.reply
    }

    /// The line and the octet of its text at which reading stopped, both counted from 0.
    pub fn place(&self) -> Option<(usize, usize)> {
        self.place
    }
}

impl Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            None => write!(
                f,
                "the server answered with a code this reply type has no case for: {}",
                self.reply
            ),
            Some((line, octet)) => write!(
                f,
                "the text of the server's {} reply cannot be read at line {}, octet {}: {}",
                self.reply.code(),
                line + 1,
                octet + 1,
                self.reply
            ),
        }
    }
}

impl std::error::Error for ReplyError {}

/// Reads the first line's text, after its enhanced status code, with a nom parser.
///
/// # Errors
///
/// When the parser fails or leaves something over.
pub fn text<T>(
    reply: &Reply,
    parse: for<'a> fn(&'a [u8]) -> Parsed<'a, T>,
) -> Result<T, ReplyError> {
    line(reply, 0, reply.lines().next().unwrap_or_default(), &parse)
}

/// Reads the text of every line, after its enhanced status code, with a nom parser.
///
/// # Errors
///
/// When the parser fails on a line or leaves something of it over.
pub fn lines<T>(
    reply: &Reply,
    parse: for<'a> fn(&'a [u8]) -> Parsed<'a, T>,
) -> Result<Vec<T>, ReplyError> {
    reply.lines().enumerate().map(|(number, text)| line(reply, number, text, &parse)).collect()
}

/// Reads the first line's text with [`FromStr`].
///
/// # Errors
///
/// When the text is not UTF-8 or its type refuses it.
pub fn text_from_str<T: FromStr>(reply: &Reply) -> Result<T, ReplyError> {
    line_from_str(reply, 0, reply.lines().next().unwrap_or_default())
}

/// Reads the text of every line with [`FromStr`].
///
/// # Errors
///
/// When a line is not UTF-8 or its type refuses it.
pub fn lines_from_str<T: FromStr>(reply: &Reply) -> Result<Vec<T>, ReplyError> {
    reply.lines().enumerate().map(|(number, text)| line_from_str(reply, number, text)).collect()
}

/// Reads a word of the first line's text, after its enhanced status code, with [`FromStr`].
///
/// # Errors
///
/// When there is no such word, or its type refuses it.
pub fn word<T: FromStr>(reply: &Reply, place: usize) -> Result<T, ReplyError> {
    let (skipped, text) = first(reply);
    let words = text.split(|&octet| octet == b' ').filter(|word| !word.is_empty());
    match words.clone().nth(place) {
        Some(word) => value(reply, skipped, text, word),
        None => Err(ReplyError::at(reply.clone(), 0, skipped + text.len())),
    }
}

/// Reads the value after `KEY=` in the first line's text with [`FromStr`]. The case of the key
/// does not matter.
///
/// # Errors
///
/// When its type refuses it.
pub fn key<T: FromStr>(reply: &Reply, key: &str) -> Result<Option<T>, ReplyError> {
    let (skipped, text) = first(reply);
    let found = text.split(|&octet| octet == b' ').find_map(|word| {
        let (name, value) = word.split_at_checked(key.len())?;
        let value = value.strip_prefix(b"=")?;
        name.eq_ignore_ascii_case(key.as_bytes()).then_some(value)
    });
    found.map(|found| value(reply, skipped, text, found)).transpose()
}

/// As [`key`], where the key must be there.
///
/// # Errors
///
/// When it is not, or its type refuses the value.
pub fn required_key<T: FromStr>(reply: &Reply, name: &str) -> Result<T, ReplyError> {
    let (skipped, text) = first(reply);
    key(reply, name)?.ok_or_else(|| ReplyError::at(reply.clone(), 0, skipped + text.len()))
}

/// The first line's text after its enhanced status code, and how many octets that is long.
fn first(reply: &Reply) -> (usize, &[u8]) {
    let text = reply.lines().next().unwrap_or_default();
    let skipped = enhanced_prefix(reply, text);
    (skipped, &text[skipped..])
}

/// A part of the first line as a value.
fn value<T: FromStr>(
    reply: &Reply,
    skipped: usize,
    text: &[u8],
    part: &[u8],
) -> Result<T, ReplyError> {
    let value = std::str::from_utf8(part).ok().and_then(|part| part.parse().ok());
    value.ok_or_else(|| {
        let at = text.windows(part.len().max(1)).position(|window| window == part);
        ReplyError::at(reply.clone(), 0, skipped + at.unwrap_or(0))
    })
}

fn line<T>(
    reply: &Reply,
    number: usize,
    text: &[u8],
    parse: &impl Fn(&[u8]) -> Parsed<'_, T>,
) -> Result<T, ReplyError> {
    let skipped = enhanced_prefix(reply, text);
    parser::complete(parse, &text[skipped..])
        .map_err(|failure| ReplyError::at(reply.clone(), number, skipped + failure.at))
}

fn line_from_str<T: FromStr>(reply: &Reply, number: usize, text: &[u8]) -> Result<T, ReplyError> {
    let skipped = enhanced_prefix(reply, text);
    std::str::from_utf8(&text[skipped..])
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| ReplyError::at(reply.clone(), number, skipped))
}

/// Octets of the enhanced status code that `text` begins with, and the space after it.
fn enhanced_prefix(reply: &Reply, text: &[u8]) -> usize {
    EnhancedStatusCode::prefix(reply.code(), text).map_or(0, |(_, rest)| text.len() - rest.len())
}
