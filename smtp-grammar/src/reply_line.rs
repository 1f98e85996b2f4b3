//! Lines of replies: the parser that reads one, and why bytes are not a reply.

use std::fmt::{self, Display};

use crate::reply_code::ReplyCode;

/// One line of a reply: its code, its text, and whether it is the last.
///
/// ```text
/// Reply-line = *( Reply-code "-" [ textstring ] CRLF )
///              Reply-code [ SP textstring ] CRLF      ; RFC 5321 §4.2
/// ```
///
/// Any text is accepted, also none, and also one that is not ASCII: "clients SHOULD be prepared for
/// any text" (§4.2), and servers do answer in the language of their owner.
///
/// ```
/// use smtp_grammar::ReplyLine;
///
/// let line = ReplyLine::parse(b"250-SIZE 1000").unwrap();
/// assert_eq!((line.code.value(), line.last, line.text), (250, false, &b"SIZE 1000"[..]));
/// let error = ReplyLine::parse(b"250SIZE").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the byte 0x53 follows a reply code, where a space or a hyphen must"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyLine<'a> {
    /// The code.
    pub code: ReplyCode,
    /// Whether the reply ends with this line.
    pub last: bool,
    /// The bytes after the code and its separator.
    pub text: &'a [u8],
}

impl<'a> ReplyLine<'a> {
    /// Reads a line, without its CRLF.
    ///
    /// # Errors
    ///
    /// When it does not begin with a code, or something other than a space, a tab or a hyphen
    /// follows the code.
    #[inline]
    pub fn parse(line: &'a [u8]) -> Result<Self, ReplyLineError> {
        // Most lines begin like this, which takes one comparison.
        if let Some(text) = line.strip_prefix(b"250 ") {
            return Ok(Self { code: ReplyCode::OK, last: true, text });
        }
        let Some((&digits, rest)) = line.split_first_chunk() else {
            return Err(ReplyLineError::new(Kind::NoCode));
        };
        let code = ReplyCode::from_digits(digits).ok_or(ReplyLineError::new(Kind::NoCode))?;
        let (last, text) = match rest {
            [] => (true, rest),
            [b' ' | b'\t', text @ ..] => (true, text),
            [b'-', text @ ..] => (false, text),
            &[other, ..] => return Err(ReplyLineError::new(Kind::Separator(other))),
        };
        Ok(Self { code, last, text })
    }
}

/// The reason why bytes are not a reply, or not a line of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyLineError {
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    NoCode,
    Separator(u8),
    Inconsistent { first: ReplyCode, other: ReplyCode },
    BareLineFeed,
    Unfinished,
    Surplus,
}

impl ReplyLineError {
    fn new(kind: Kind) -> Self {
        Self { kind }
    }

    pub(crate) fn inconsistent(first: ReplyCode, other: ReplyCode) -> Self {
        Self::new(Kind::Inconsistent { first, other })
    }

    pub(crate) fn bare_line_feed() -> Self {
        Self::new(Kind::BareLineFeed)
    }

    pub(crate) fn unfinished() -> Self {
        Self::new(Kind::Unfinished)
    }

    pub(crate) fn surplus() -> Self {
        Self::new(Kind::Surplus)
    }
}

impl Display for ReplyLineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::NoCode => f.write_str("a line does not begin with a reply code from 200 to 599"),
            Kind::Separator(byte) => write!(
                f,
                "the byte {byte:#04x} follows a reply code, where a space or a hyphen must"
            ),
            Kind::Inconsistent { first, other } => {
                write!(f, "the lines of one reply have different codes, {first} and {other}")
            }
            Kind::BareLineFeed => f.write_str("a line of a reply ends with LF instead of CRLF"),
            Kind::Unfinished => f.write_str("a reply ends before its last line"),
            Kind::Surplus => f.write_str("something follows the last line of a reply"),
        }
    }
}

impl std::error::Error for ReplyLineError {}
