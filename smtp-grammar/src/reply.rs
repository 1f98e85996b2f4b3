//! Replies: the answer of a server to a command, kept as the bytes that came.

use std::borrow::Cow;
use std::fmt::{self, Debug, Display, Write as _};

use bytes::Bytes;
use memchr::memchr;

use crate::enhanced::EnhancedStatusCode;
use crate::escape::escape;
use crate::mailbox::Mailbox;
use crate::path::ForwardPath;
use crate::reply_code::{ReplyCode, Severity};
use crate::reply_line::{ReplyLine, ReplyLineError};

/// A reply: a code, and a text of one or more lines (RFC 5321 §4.2).
///
/// It keeps the bytes that came in one piece: reading a reply copies nothing, and a clone is cheap.
/// Its `Display` escapes the text, as [`Escaped`](crate::Escaped) does, and cuts it after 512
/// characters.
///
/// ```
/// use smtp_grammar::Reply;
///
/// let reply = Reply::from_frame("250-mx.example.org\r\n250 SIZE 1000\r\n".into()).unwrap();
/// assert_eq!(reply.code().value(), 250);
/// assert_eq!(reply.text(), "mx.example.org\nSIZE 1000");
/// let error = Reply::from_frame("250-mx.example.org\r\n".into()).unwrap_err();
/// assert_eq!(error.to_string(), "a reply ends before its last line");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    code: ReplyCode,
    frame: Bytes,
}

impl Reply {
    /// Reads a whole reply: its lines, each with its CRLF.
    ///
    /// # Errors
    ///
    /// When a line is no reply line or does not end with CRLF, the lines have different codes, or
    /// the last line is not the one that is marked as last.
    pub fn from_frame(frame: Bytes) -> Result<Self, ReplyLineError> {
        Self::check(&frame, true).map(|code| Self { code, frame })
    }

    /// As [`from_frame`](Self::from_frame), for servers whose greeting has lines of different
    /// codes: the code of the last line counts.
    ///
    /// # Errors
    ///
    /// As [`from_frame`](Self::from_frame), but for different codes.
    pub fn from_frame_lenient(frame: Bytes) -> Result<Self, ReplyLineError> {
        Self::check(&frame, false).map(|code| Self { code, frame })
    }

    /// A reply that its caller has read already, line by line: `code` is that of its last line.
    #[inline]
    pub fn from_frame_unchecked(code: ReplyCode, frame: Bytes) -> Self {
        Self { code, frame }
    }

    /// A reply of this code and these lines, as a server would write it. CR and LF in a line
    /// become spaces.
    pub fn new<T: AsRef<str>>(code: ReplyCode, lines: impl IntoIterator<Item = T>) -> Self {
        let mut frame = String::new();
        let mut lines = lines.into_iter().peekable();
        while let Some(line) = lines.next() {
            let separator = if lines.peek().is_some() { '-' } else { ' ' };
            let line = line.as_ref().replace(['\r', '\n'], " ");
            // Writing to a String cannot fail.
            let _ = write!(frame, "{code}{separator}{line}\r\n");
        }
        if frame.is_empty() {
            let _ = write!(frame, "{code}\r\n");
        }
        Self { code, frame: frame.into() }
    }

    fn check(frame: &[u8], consistent: bool) -> Result<ReplyCode, ReplyLineError> {
        let mut first = None;
        let mut rest = frame;
        while !rest.is_empty() {
            let at = memchr(b'\n', rest).ok_or(ReplyLineError::unfinished())?;
            let (line, after) = rest.split_at(at + 1);
            let line = line.strip_suffix(b"\r\n").ok_or(ReplyLineError::bare_line_feed())?;
            let line = ReplyLine::parse(line)?;
            let expected = *first.get_or_insert(line.code);
            if consistent && line.code != expected {
                return Err(ReplyLineError::inconsistent(expected, line.code));
            }
            if line.last {
                return if after.is_empty() {
                    Ok(line.code)
                } else {
                    Err(ReplyLineError::surplus())
                };
            }
            rest = after;
        }
        Err(ReplyLineError::unfinished())
    }

    /// The code.
    #[inline]
    pub fn code(&self) -> ReplyCode {
        self.code
    }

    /// The meaning of the first digit of the code.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// The text of each line, without codes and line ends. There is at least one.
    pub fn lines(&self) -> Lines<'_> {
        Lines { rest: &self.frame }
    }

    /// The text of all lines, joined by line feeds. Bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> Cow<'_, str> {
        join(self.lines())
    }

    /// As [`text`](Self::text), without the enhanced status codes.
    pub fn message(&self) -> Cow<'_, str> {
        join(self.lines().map(|line| self.split(line).1))
    }

    /// The enhanced status code of the first line (RFC 2034).
    pub fn enhanced(&self) -> Option<EnhancedStatusCode> {
        self.line_enhanced(0)
    }

    /// The enhanced status code of a line, counted from 0. Some servers give each line its own.
    pub fn line_enhanced(&self, line: usize) -> Option<EnhancedStatusCode> {
        self.lines().nth(line).and_then(|line| self.split(line).0)
    }

    /// The path that the server names for a mailbox that is elsewhere: of a 251, to which it will
    /// forward, and of a 551, at which the client may try itself (RFC 5321 §3.4). Neither is a reason to
    /// believe it: the client decides whether to use it (§7.4).
    ///
    /// ```
    /// use smtp_grammar::{Reply, ReplyCode};
    ///
    /// let code = ReplyCode::new(551).unwrap();
    /// let reply = Reply::new(code, ["5.1.6 User not local; please try <ada@example.net>"]);
    /// assert_eq!(reply.forward_path().unwrap().to_string(), "<ada@example.net>");
    /// ```
    pub fn forward_path(&self) -> Option<ForwardPath> {
        if !matches!(self.code.value(), 251 | 551) {
            return None;
        }
        let text = self.message();
        let (_, path) = text.split_once('<')?;
        let (path, _) = path.split_once('>')?;
        path.parse::<Mailbox>().ok().map(ForwardPath::from)
    }

    /// The bytes that came, with codes and line ends.
    pub fn raw(&self) -> &Bytes {
        &self.frame
    }

    fn split<'a>(&self, line: &'a [u8]) -> (Option<EnhancedStatusCode>, &'a [u8]) {
        match EnhancedStatusCode::prefix(self.code, line) {
            Some((code, text)) => (Some(code), text),
            None => (None, line),
        }
    }
}

/// The text of each line of a [`Reply`].
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr(b'\n', self.rest).map_or(self.rest.len(), |at| at + 1);
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(trim(line).get(4..).unwrap_or_default())
    }
}

fn trim(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn join<'a>(mut lines: impl Iterator<Item = &'a [u8]>) -> Cow<'a, str> {
    let mut text = String::from_utf8_lossy(lines.next().unwrap_or_default());
    for line in lines {
        let text = text.to_mut();
        text.push('\n');
        text.push_str(&String::from_utf8_lossy(line));
    }
    text
}

/// Characters of a reply that are shown; a hostile server may send many more.
const SHOWN: usize = 512;

impl Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        let mut shown = 3;
        for (number, line) in self.lines().enumerate() {
            if shown >= SHOWN {
                return f.write_str("...");
            }
            if number > 0 {
                f.write_str(" /")?;
                shown += 2;
            }
            if !line.is_empty() {
                f.write_char(' ')?;
                shown += 1;
            }
            if !escape(line, f, &mut shown, SHOWN)? {
                return f.write_str("...");
            }
        }
        Ok(())
    }
}

impl Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({self})")
    }
}
