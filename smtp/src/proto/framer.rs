//! Octets cut into replies.
//!
//! A reply is cut off as soon as its last line is complete, and the limits hold while it is still
//! arriving. Each octet is looked at once, however the network splits them.

use bytes::{Buf as _, BytesMut};
use memchr::memchr;
use smtp_grammar::{Reply, ReplyLine};

use super::fault::ProtocolError;
use super::limits::Leniency;

/// Limits for the reply that is due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReplyLimits {
    pub(crate) line: usize,
    pub(crate) lines: usize,
    pub(crate) octets: usize,
    pub(crate) leniency: Leniency,
}

/// Cuts replies out of what was received.
#[derive(Debug, Default)]
pub(crate) struct Framer {
    buffer: BytesMut,
    /// Octets of the buffer that hold complete lines of an incomplete reply.
    lines_end: usize,
    /// Octets of the buffer already searched for a line end.
    scanned: usize,
    /// Complete lines of the incomplete reply.
    lines: usize,
    /// Empty lines before it.
    blank: usize,
}

impl Framer {
    /// Where received octets are appended.
    #[inline]
    pub(crate) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Whether nothing is left, not even a part of a line.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Whether nothing has come since the last look.
    #[inline]
    pub(crate) fn is_waiting(&self) -> bool {
        self.scanned == self.buffer.len()
    }

    /// The next complete reply.
    #[inline]
    pub(crate) fn next(&mut self, limits: ReplyLimits) -> Result<Option<Reply>, ProtocolError> {
        while let Some(at) = memchr(b'\n', &self.buffer[self.scanned..]) {
            let mut end = self.scanned + at + 1;
            if limits.leniency.bare_line_feed
                && !self.buffer[self.lines_end..end].ends_with(b"\r\n")
            {
                let behind = self.buffer.split_off(end - 1);
                self.buffer.extend_from_slice(b"\r");
                self.buffer.extend_from_slice(&behind);
                end += 1;
            }
            if limits.leniency.blank_lines && self.lines_end == 0 && &self.buffer[..end] == b"\r\n"
            {
                if self.blank == limits.lines {
                    return Err(ProtocolError::TooManyLines(limits.lines));
                }
                self.buffer.advance(end);
                self.scanned = 0;
                self.blank += 1;
                continue;
            }
            let line = &self.buffer[self.lines_end..end];
            let Some(text) = line.strip_suffix(b"\r\n") else {
                return Err(ProtocolError::BareLineFeed);
            };
            if line.len() > limits.line {
                return Err(ProtocolError::LineTooLong(limits.line));
            }
            if self.lines == limits.lines {
                return Err(ProtocolError::TooManyLines(limits.lines));
            }
            if end > limits.octets {
                return Err(ProtocolError::ReplyTooLong(limits.octets));
            }
            let goes_on = text.get(3) == Some(&b'-');
            self.scanned = end;
            if goes_on {
                self.lines_end = end;
                self.lines += 1;
                continue;
            }
            // Nearly every reply is one line, and is not searched for its end a second time.
            let only = if self.lines == 0 { ReplyLine::parse(text).ok() } else { None };
            let code = only.map(|line| line.code);
            (self.lines_end, self.scanned, self.lines, self.blank) = (0, 0, 0, 0);
            let frame = self.buffer.split_to(end).freeze();
            let reply = match code {
                Some(code) => return Ok(Some(Reply::from_frame_unchecked(code, frame))),
                None if limits.leniency.greeting_codes => Reply::from_frame_lenient(frame),
                None => Reply::from_frame(frame),
            };
            return reply.map(Some).map_err(ProtocolError::Malformed);
        }
        self.scanned = self.buffer.len();
        if self.buffer.len() - self.lines_end > limits.line {
            return Err(ProtocolError::LineTooLong(limits.line));
        }
        if self.buffer.len() > limits.octets {
            return Err(ProtocolError::ReplyTooLong(limits.octets));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ReplyLimits = ReplyLimits {
        line: 32,
        lines: 3,
        octets: 80,
        leniency: Leniency { bare_line_feed: false, blank_lines: false, greeting_codes: false },
    };

    fn feed(octets: &[u8], piece: usize) -> (Vec<String>, Option<ProtocolError>) {
        feed_within(LIMITS, octets, piece)
    }

    fn feed_within(
        limits: ReplyLimits,
        octets: &[u8],
        piece: usize,
    ) -> (Vec<String>, Option<ProtocolError>) {
        let mut framer = Framer::default();
        let mut replies = Vec::new();
        for part in octets.chunks(piece) {
            framer.buffer().extend_from_slice(part);
            loop {
                match framer.next(limits) {
                    Ok(Some(reply)) => replies.push(reply.to_string()),
                    Ok(None) => break,
                    Err(error) => return (replies, Some(error)),
                }
            }
        }
        (replies, None)
    }

    #[test]
    fn every_split_gives_the_same_replies() {
        let octets = b"220 a\r\n250-b\r\n250-c\r\n250 d\r\n250\r\n354 e\r\n";
        let whole = feed(octets, octets.len());
        assert_eq!(whole.0.len(), 4);
        assert_eq!(whole.1, None);
        for piece in 1..octets.len() {
            assert_eq!(feed(octets, piece), whole, "pieces of {piece}");
        }
    }

    #[test]
    fn limits_hold_while_a_reply_arrives() {
        use ProtocolError::{BareLineFeed, LineTooLong, ReplyTooLong, TooManyLines};
        let long = [b"250 ".as_slice(), &[b'x'; 40]].concat();
        let wide = b"250-aaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(3);
        // Three lines, the last one complete too.
        let whole = [&wide[..64], b"250 aaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"].concat();
        let table: &[(&str, &[u8], ProtocolError)] = &[
            ("no end of line", &long, LineTooLong(32)),
            ("many lines", b"250-\r\n250-\r\n250-\r\n250-\r\n", TooManyLines(3)),
            ("many octets", &wide, ReplyTooLong(80)),
            ("many octets in a complete reply", &whole, ReplyTooLong(80)),
            ("bare LF", b"250 ok\n", BareLineFeed),
        ];
        for (name, octets, expected) in table {
            for piece in [1, 7, octets.len()] {
                assert_eq!(feed(octets, piece).1.as_ref(), Some(expected), "{name}");
            }
        }
    }
    #[test]
    fn what_is_let_through_only_where_it_is_asked_for() {
        let leniency = Leniency { bare_line_feed: true, blank_lines: true, greeting_codes: true };
        let lenient = ReplyLimits { leniency, ..LIMITS };
        let table: &[(&str, &[u8], &[&str])] = &[
            ("bare LF", b"250-a\n250 b\r\n250 c\n", &["250 a / b", "250 c"]),
            ("blank lines", b"\r\n250 a\r\n\r\n\r\n250 b\r\n\r\n", &["250 a", "250 b"]),
            ("both", b"\n\n250 a\n\n", &["250 a"]),
            ("two codes", b"220-a\r\n521 b\r\n", &["521 a / b"]),
        ];
        for (name, octets, expected) in table {
            for piece in [1, 2, 3, octets.len()] {
                let (replies, error) = feed_within(lenient, octets, piece);
                assert_eq!(replies, *expected, "{name} in pieces of {piece}: {error:?}");
                assert_eq!(error, None, "{name}");
            }
            assert!(feed(octets, octets.len()).1.is_some(), "{name}");
        }
        let endless = feed_within(lenient, &b"\r\n".repeat(9), 4).1;
        assert_eq!(endless, Some(ProtocolError::TooManyLines(3)));
        let inside = feed_within(lenient, b"250-a\r\n\r\n250 b\r\n", 4).1;
        assert!(matches!(inside, Some(ProtocolError::Malformed(_))), "{inside:?}");
    }
}
