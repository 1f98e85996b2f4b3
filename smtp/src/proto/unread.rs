//! The last line of a server that is no whole reply, in a form that may be shown.

use std::fmt::{self, Debug, Display};

use smtp_grammar::{Escaped, ReplyLine};

use super::fault::{Fault, ProtocolError};

/// Bytes of a line that are kept. A hostile one may have many more.
const MAX_KEPT: usize = 256;

/// The line at which reading replies ended, without its CRLF: the one that is no reply line, that
/// is too long, that no command asked for, or of which no more came; or the first one, in clear,
/// where TLS was to begin.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct UnreadLine {
    kept: Box<[u8]>,
    cut: bool,
}

impl UnreadLine {
    /// Of the lines that were read before this fault: the one that makes them no reply, or else the
    /// last one.
    pub(crate) fn of(lines: &[u8], fault: &Fault) -> Option<Self> {
        let each = || lines.split_inclusive(|&byte| byte == b'\n');
        let found = match fault {
            Fault::Protocol(ProtocolError::Malformed(error)) => each()
                .find(|line| ReplyLine::parse(line).is_err_and(|other| other == *error))
                // Each is one by itself: the codes differ.
                .or_else(|| each().find(|line| line.get(..3) != lines.get(..3))),
            _ => None,
        };
        found.or_else(|| each().next_back()).map(Self::new)
    }

    /// The first of these lines, which were not to be a reply.
    pub(crate) fn first_of(lines: &[u8]) -> Self {
        let line = lines.split_inclusive(|&byte| byte == b'\n').next();
        Self::new(line.unwrap_or_default())
    }

    fn new(line: &[u8]) -> Self {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let cut = line.len() > MAX_KEPT;
        let mut end = line.len().min(MAX_KEPT);
        // No character of up to four bytes is cut in two.
        while cut && end > MAX_KEPT - 4 && line[end] & 0xc0 == 0x80 {
            end -= 1;
        }
        Self { kept: line[..end].into(), cut }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.kept
    }
}

/// Whether a web server has said it: a status line of HTTP/1 (RFC 9112 §4), or a page alone, which
/// some send to a client whose request they cannot read.
pub(crate) fn is_of_web_server(line: &[u8]) -> bool {
    let begins =
        |with: &[u8]| line.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    line.starts_with(b"HTTP/") || begins(b"<!doctype html") || begins(b"<html")
}

impl Display for UnreadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.cut { "..." } else { "" };
        write!(f, "\"{}{end}\"", Escaped(&self.kept))
    }
}

impl Debug for UnreadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_servers() {
        for line in ["HTTP/1.1 400 Bad Request", "<!DOCTYPE HTML>", "<html>"] {
            assert!(is_of_web_server(line.as_bytes()), "{line}");
        }
        for line in ["", "220 mail", "HTTP", "<a>", "550 <html>"] {
            assert!(!is_of_web_server(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn the_first_line_of_some() {
        let table: [(&[u8], &str); 4] =
            [(b"", "\"\""), (b"a", "\"a\""), (b"a\r\nb\r\n", "\"a\""), (b"\nb", "\"\"")];
        for (lines, expected) in table {
            assert_eq!(UnreadLine::first_of(lines).to_string(), expected);
        }
    }

    #[test]
    fn lines_are_bounded_between_two_characters() {
        let table = [
            (b"SIZE\r\n".to_vec(), "\"SIZE\"".to_owned()),
            (b"\x1b[31m\xff".to_vec(), r#""\x1b[31m\xff""#.to_owned()),
            (vec![b'a'; 256], format!("\"{}\"", "a".repeat(256))),
            (vec![b'a'; 257], format!("\"{}...\"", "a".repeat(256))),
            ("я".repeat(129).into_bytes(), format!("\"{}...\"", "я".repeat(128))),
            (
                [b"a".as_slice(), "я".repeat(200).as_bytes()].concat(),
                format!("\"a{}...\"", "я".repeat(127)),
            ),
            (vec![0x80; 300], format!("\"{}...\"", r"\x80".repeat(252))),
        ];
        for (line, expected) in table {
            assert_eq!(UnreadLine::new(&line).to_string(), expected);
        }
    }
}
