//! How a reply becomes a value.
//!
//! [`FromReply`] is implemented by the reply types of commands, mostly through
//! [`#[derive(SmtpReply)]`](smtp_derive::SmtpReply); the functions here are what that derive calls.

use std::fmt::{self, Display};
use std::str::FromStr;

use smtp_grammar::parser::{self, Parsed};
use smtp_grammar::{Capabilities, EnhancedStatusCode, Reply};

use super::code::CodePattern;

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

    /// The codes that the type has a case for; empty where it takes them all. A derived command
    /// whose type has a case for a code that the command does not accept is an error.
    #[doc(hidden)]
    const CODES: &'static [CodePattern] = &[];
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
pub struct ReplyError(Box<Unreadable>);

/// In a box, as every result that may be an error is as large as the largest one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unreadable {
    command: Option<&'static str>,
    reply: Reply,
    position: Option<(usize, usize)>,
}

impl ReplyError {
    /// The type has no case for the code of `reply`.
    pub fn unexpected_code(reply: Reply) -> Self {
        Self(Box::new(Unreadable { command: None, reply, position: None }))
    }

    /// The text of a line (counted from 0) could not be read at a byte (counted from 0, after
    /// the code).
    pub fn at(reply: Reply, line: usize, byte: usize) -> Self {
        let position = Some((line, byte));
        Self(Box::new(Unreadable { command: None, reply, position }))
    }

    /// The same, of the reply to this command.
    pub(crate) fn with_command(mut self, verb: &'static str) -> Self {
        self.0.command = Some(verb);
        self
    }

    /// The verb of the command that was answered. None where a reply was read by itself.
    pub fn command(&self) -> Option<&'static str> {
        self.0.command
    }

    /// The reply, as it came.
    pub fn reply(&self) -> &Reply {
        &self.0.reply
    }

    /// The line and the byte of its text at which reading stopped, both counted from 0.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.0.position
    }
}

impl Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(verb) = self.0.command {
            write!(f, "{verb} was accepted, but its reply cannot be read: ")?;
        }
        match self.0.position {
            None => {
                write!(f, "the type of the reply has no case for the code of {}", self.0.reply)
            }
            Some((line, byte)) => write!(
                f,
                "its type expects something else at byte {} of the text of line {}: {}",
                byte + 1,
                line + 1,
                self.0.reply
            ),
        }
    }
}

impl std::error::Error for ReplyError {}

/// A type that text of a reply is read into.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from the text of a reply",
    label = "does not implement `FromStr`",
    note = "implement `FromStr` for it, or read the text or the lines with a parser: `#[smtp(text = path)]`"
)]
pub trait FromText: Sized {
    /// Reads it.
    fn from_text(text: &str) -> Option<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: FromStr> FromText for T {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

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
pub fn text_from_str<T: FromText>(reply: &Reply) -> Result<T, ReplyError> {
    line_from_str(reply, 0, reply.lines().next().unwrap_or_default())
}

/// The lines of a reply as a value: a `Vec`.
#[diagnostic::on_unimplemented(
    message = "the lines of a reply cannot be read into `{Self}`",
    label = "not a `Vec` of what is read from text",
    note = "lines are a `Vec` of a type that implements `FromStr`: `Vec<String>`; for another type, name a parser: `#[smtp(lines = path)]`"
)]
pub trait FromLines: Sized {
    /// Reads each line.
    ///
    /// # Errors
    ///
    /// When a line is not UTF-8 or its type refuses it.
    fn from_lines(reply: &Reply) -> Result<Self, ReplyError>;
}

impl<T: FromText> FromLines for Vec<T> {
    fn from_lines(reply: &Reply) -> Result<Self, ReplyError> {
        let lines = reply.lines().enumerate();
        lines.map(|(number, text)| line_from_str(reply, number, text)).collect()
    }
}

/// Reads the text of every line with [`FromStr`].
///
/// # Errors
///
/// When a line is not UTF-8 or its type refuses it.
pub fn lines_from_str<T: FromLines>(reply: &Reply) -> Result<T, ReplyError> {
    T::from_lines(reply)
}

/// As [`text_from_str`], where there may be no text.
///
/// # Errors
///
/// When there is one, and it is not UTF-8 or its type refuses it.
pub fn optional_text<T: FromText>(reply: &Reply) -> Result<Option<T>, ReplyError> {
    let (_, text) = first(reply);
    if text.is_empty() { Ok(None) } else { text_from_str(reply).map(Some) }
}

/// Reads a word of the first line's text, after its enhanced status code, with [`FromStr`].
///
/// # Errors
///
/// When there is no such word, or its type refuses it.
pub fn word<T: FromText>(reply: &Reply, index: usize) -> Result<T, ReplyError> {
    let (skipped, text) = first(reply);
    let word = optional_word(reply, index)?;
    word.ok_or_else(|| ReplyError::at(reply.clone(), 0, skipped + text.len()))
}

/// As [`word`], where there may be no such word.
///
/// # Errors
///
/// When its type refuses it.
pub fn optional_word<T: FromText>(reply: &Reply, index: usize) -> Result<Option<T>, ReplyError> {
    let (skipped, text) = first(reply);
    let mut words = words(text).filter(|word| !word.is_empty());
    words.nth(index).map(|word| value(reply, 0, skipped, text, word, word)).transpose()
}

/// Reads the value after `KEY=` with [`FromStr`]: the first one in any line. The case of the key
/// does not matter, and a value may be quoted: `KEY="a b"`.
///
/// # Errors
///
/// When its type refuses it.
pub fn key<T: FromText>(reply: &Reply, key: &str) -> Result<Option<T>, ReplyError> {
    values(reply, key).next().transpose()
}

/// Reads the value after each `KEY=`, as [`key`] reads the first.
///
/// # Errors
///
/// When its type refuses one.
pub fn keys<T: FromText>(reply: &Reply, key: &str) -> Result<Vec<T>, ReplyError> {
    values(reply, key).collect()
}

/// As [`key`], where the key must be there.
///
/// # Errors
///
/// When it is not, or its type refuses the value.
pub fn required_key<T: FromText>(reply: &Reply, name: &str) -> Result<T, ReplyError> {
    let (skipped, text) = first(reply);
    key(reply, name)?.ok_or_else(|| ReplyError::at(reply.clone(), 0, skipped + text.len()))
}

/// The values after each `KEY=` of all lines.
fn values<'r, T: FromText>(
    reply: &'r Reply,
    key: &'r str,
) -> impl Iterator<Item = Result<T, ReplyError>> + 'r {
    reply.lines().enumerate().flat_map(move |(number, line)| {
        let skipped = enhanced_prefix(reply, line);
        let text = &line[skipped..];
        words(text).filter_map(move |word| {
            let (name, rest) = word.split_at_checked(key.len())?;
            let written = rest.strip_prefix(b"=")?;
            let named = name.eq_ignore_ascii_case(key.as_bytes());
            named.then(|| match unquoted(written) {
                Some(quoted) => value(reply, number, skipped, text, word, &quoted),
                None => value(reply, number, skipped, text, word, written),
            })
        })
    })
}

/// The words of a line. A space within quotes separates none: `KEY="a b"`.
fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |&byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        byte == b' ' && !quoted
    })
}

/// `quoted-string = DQUOTE *( qtextSMTP / quoted-pairSMTP ) DQUOTE` (RFC 5321 §4.1.2), without its
/// quotes and backslashes.
fn unquoted(value: &[u8]) -> Option<Vec<u8>> {
    let inner = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let mut bytes = inner.iter();
    let mut plain = Vec::with_capacity(inner.len());
    while let Some(&byte) = bytes.next() {
        plain.push(if byte == b'\\' { *bytes.next()? } else { byte });
    }
    Some(plain)
}

/// The first line's text after its enhanced status code, and how many bytes that is long.
fn first(reply: &Reply) -> (usize, &[u8]) {
    let text = reply.lines().next().unwrap_or_default();
    let skipped = enhanced_prefix(reply, text);
    (skipped, &text[skipped..])
}

/// The bytes of a word as a value. `text` is the line `number` after `skipped` bytes.
fn value<T: FromText>(
    reply: &Reply,
    number: usize,
    skipped: usize,
    text: &[u8],
    word: &[u8],
    bytes: &[u8],
) -> Result<T, ReplyError> {
    let value = std::str::from_utf8(bytes).ok().and_then(T::from_text);
    value.ok_or_else(|| {
        // A word is a part of its line: how far into it is the difference of their addresses.
        let at = word.as_ptr().addr() - text.as_ptr().addr();
        ReplyError::at(reply.clone(), number, skipped + at + word.len() - written(word))
    })
}

/// How many bytes of a word are its value: those after `KEY=`, or all.
fn written(word: &[u8]) -> usize {
    let equals = word.iter().position(|&byte| byte == b'=');
    equals.map_or(word.len(), |at| word.len() - at - 1)
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

fn line_from_str<T: FromText>(reply: &Reply, number: usize, text: &[u8]) -> Result<T, ReplyError> {
    let skipped = enhanced_prefix(reply, text);
    std::str::from_utf8(&text[skipped..])
        .ok()
        .and_then(T::from_text)
        .ok_or_else(|| ReplyError::at(reply.clone(), number, skipped))
}

/// Bytes of the enhanced status code that `text` begins with, and the space after it.
fn enhanced_prefix(reply: &Reply, text: &[u8]) -> usize {
    EnhancedStatusCode::prefix(reply.code(), text).map_or(0, |(_, rest)| text.len() - rest.len())
}
