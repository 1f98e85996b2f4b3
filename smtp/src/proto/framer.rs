//! The framer, which cuts the received bytes into replies.
//!
//! A reply is cut off as soon as its last line is complete, and the limits hold while it is still
//! arriving. Each byte is looked at once, however the network splits them.

use bytes::{Buf as _, Bytes, BytesMut};
use memchr::memchr;
use smtp_grammar::{Reply, ReplyCode};

use super::fault::ProtocolError;
use super::limits::Leniency;
use super::scan::line_feed;

/// Limits for the reply that is due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReplyLimits {
    pub(crate) line: usize,
    pub(crate) lines: usize,
    pub(crate) bytes: usize,
    pub(crate) leniency: Leniency,
}

/// A reply that has arrived whole. Its code can be judged before it is cut off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FramedReply {
    pub(crate) code: ReplyCode,
    pub(crate) end: usize,
}

/// Cuts replies out of what was received.
#[derive(Debug, Default)]
pub(crate) struct Framer {
    /// The bytes that were received and not cut off yet. The replies of one read share them.
    received: Bytes,
    /// Bytes of it that hold complete lines of an incomplete reply.
    lines_end: usize,
    /// Bytes of it already searched for a line end.
    scanned: usize,
    /// Lines of the incomplete reply.
    lines: usize,
    /// Empty lines before it.
    blank: usize,
    /// The reply that was found, where it had to be mended.
    mended: Option<Bytes>,
}

impl Framer {
    /// Takes bytes that were received.
    #[inline]
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        if self.received.is_empty() {
            self.received = Bytes::copy_from_slice(bytes);
        } else {
            self.join(bytes);
        }
    }

    /// Puts bytes after those of an incomplete reply, which are moved at most once, unless there
    /// is no room for more: a server that drips bytes must not make work that grows with each.
    #[cold]
    fn join(&mut self, bytes: &[u8]) {
        let mut received = BytesMut::from(std::mem::take(&mut self.received));
        received.extend_from_slice(bytes);
        self.received = received.freeze();
    }

    /// Takes what is left.
    pub(crate) fn take(&mut self) -> Bytes {
        self.begin();
        std::mem::take(&mut self.received)
    }

    /// The bytes that were received of a reply that was not cut off, up to the line at which
    /// reading ended.
    pub(crate) fn unread(&self) -> &[u8] {
        let after = &self.received[self.lines_end..];
        let end = memchr(b'\n', after).map_or(after.len(), |at| at + 1);
        &self.received[..self.lines_end + end]
    }

    /// The bytes that are left.
    pub(crate) fn received(&self) -> &[u8] {
        &self.received
    }

    /// Whether nothing is left, not even a part of a line.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.received.is_empty()
    }

    /// Whether nothing has come since the last reply, not even a blank line that is let through.
    pub(crate) fn is_untouched(&self) -> bool {
        self.received.is_empty() && self.blank == 0
    }

    /// Whether nothing has come since the last look.
    #[inline]
    pub(crate) fn is_waiting(&self) -> bool {
        self.scanned == self.received.len()
    }

    /// Looks for a complete reply of one line of up to `most` bytes, as nearly every one is that
    /// the network has not split. None also where something is wrong with it: [`find`](Self::find)
    /// says what.
    #[expect(clippy::inline_always, reason = "a call would cost a quarter of what it does")]
    #[inline(always)]
    pub(crate) fn find_line(&self, most: usize) -> Option<FramedReply> {
        if self.scanned > 0 {
            return None;
        }
        let end = line_feed(&self.received)? + 1;
        let line = self.received.get(..end)?;
        let code = match line {
            // Most are one of these, which takes one comparison each.
            _ if line.starts_with(b"250 ") => ReplyCode::OK,
            _ if line.starts_with(b"354 ") => ReplyCode::START_MAIL_INPUT,
            &[hundreds, tens, ones, b' ', ..] => ReplyCode::from_digits([hundreds, tens, ones])?,
            _ => return None,
        };
        (line.ends_with(b"\r\n") && end <= most).then_some(FramedReply { code, end })
    }

    /// Looks for a complete reply.
    pub(crate) fn find(
        &mut self,
        limits: &ReplyLimits,
    ) -> Result<Option<FramedReply>, ProtocolError> {
        match self.find_line(limits.lone_line()) {
            Some(framed) => Ok(Some(framed)),
            None => self.find_line_by_line(limits),
        }
    }

    fn find_line_by_line(
        &mut self,
        limits: &ReplyLimits,
    ) -> Result<Option<FramedReply>, ProtocolError> {
        let leniency = limits.leniency;
        while let Some(at) = memchr(b'\n', &self.received[self.scanned..]) {
            let end = self.scanned + at + 1;
            let line = &self.received[self.lines_end..end];
            let Some(text) = without_line_end(line, leniency.bare_line_feed) else {
                return Err(ProtocolError::BareLineFeed);
            };
            if leniency.blank_lines && self.lines_end == 0 && text.is_empty() {
                limits.check(line.len(), self.blank, end)?;
                self.received.advance(end);
                self.scanned = 0;
                self.blank += 1;
                continue;
            }
            limits.check(line.len(), self.lines, end)?;
            // A line without a code is known to be none at once, and no other is waited for.
            if let &[hundreds, tens, ones, b'-', ..] = text
                && ReplyCode::from_digits([hundreds, tens, ones]).is_some()
            {
                (self.lines_end, self.scanned) = (end, end);
                self.lines += 1;
                continue;
            }
            return self.read(end, leniency).map(|code| Some(FramedReply { code, end }));
        }
        self.scanned = self.received.len();
        limits.check(self.scanned - self.lines_end, 0, self.scanned)?;
        Ok(None)
    }

    /// Reads the reply that ends here, and mends its line ends where that is let through.
    fn read(&mut self, end: usize, leniency: Leniency) -> Result<ReplyCode, ProtocolError> {
        let mut frame = self.received.slice(..end);
        if leniency.bare_line_feed {
            let lines = frame.split_inclusive(|&byte| byte == b'\n');
            let lines = lines.map(|line| without_line_end(line, true).unwrap_or(line));
            frame = lines.flat_map(|text| [text, b"\r\n"].concat()).collect();
            self.mended = Some(frame.clone());
        }
        let reply = if leniency.greeting_codes {
            Reply::from_frame_lenient(frame)
        } else {
            Reply::from_frame(frame)
        };
        reply.map(|reply| reply.code()).map_err(ProtocolError::Malformed)
    }

    /// Leaves out the reply that was found.
    #[inline]
    pub(crate) fn skip(&mut self, framed: FramedReply) {
        self.begin();
        self.received.advance(framed.end);
        if self.mended.is_some() {
            self.mended = None;
        }
    }

    /// The next byte begins a reply.
    #[inline]
    fn begin(&mut self) {
        (self.lines_end, self.scanned, self.lines, self.blank) = (0, 0, 0, 0);
    }

    /// Cuts off the reply that was found.
    #[inline]
    pub(crate) fn cut(&mut self, framed: FramedReply) -> Reply {
        self.begin();
        let mut frame = self.received.split_to(framed.end);
        if let Some(mended) = &mut self.mended {
            frame = std::mem::take(mended);
            self.mended = None;
        }
        Reply::from_frame_unchecked(framed.code, frame)
    }
}

impl ReplyLimits {
    /// Bytes that a reply of one line may have.
    pub(crate) fn lone_line(&self) -> usize {
        if self.lines > 0 { self.line.min(self.bytes) } else { 0 }
    }

    /// Whether a line of so many bytes, after so many lines, may end a reply of so many bytes.
    fn check(&self, line: usize, lines: usize, bytes: usize) -> Result<(), ProtocolError> {
        if line > self.line {
            return Err(ProtocolError::LineTooLong(self.line));
        }
        if lines >= self.lines {
            return Err(ProtocolError::TooManyLines(self.lines));
        }
        if bytes > self.bytes {
            return Err(ProtocolError::ReplyTooLong(self.bytes));
        }
        Ok(())
    }
}

/// A line without its CRLF, or its LF alone where that is let through.
fn without_line_end(line: &[u8], bare_line_feed: bool) -> Option<&[u8]> {
    line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n").filter(|_| bare_line_feed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ReplyLimits = ReplyLimits {
        line: 32,
        lines: 3,
        bytes: 80,
        leniency: Leniency { bare_line_feed: false, blank_lines: false, greeting_codes: false },
    };

    fn feed(bytes: &[u8], piece: usize) -> (Vec<String>, Option<ProtocolError>) {
        feed_within(LIMITS, bytes, piece)
    }

    fn feed_within(
        limits: ReplyLimits,
        bytes: &[u8],
        piece: usize,
    ) -> (Vec<String>, Option<ProtocolError>) {
        let mut framer = Framer::default();
        let mut replies = Vec::new();
        for part in bytes.chunks(piece) {
            framer.receive(part);
            loop {
                match framer.find(&limits) {
                    Ok(Some(reply)) => replies.push(framer.cut(reply).to_string()),
                    Ok(None) => break,
                    Err(error) => return (replies, Some(error)),
                }
            }
        }
        (replies, None)
    }

    #[test]
    fn every_split_gives_the_same_replies() {
        let bytes = b"220 a\r\n250-b\r\n250-c\r\n250 d\r\n250\r\n354 e\r\n";
        let whole = feed(bytes, bytes.len());
        assert_eq!(whole.0.len(), 4);
        assert_eq!(whole.1, None);
        for piece in 1..bytes.len() {
            assert_eq!(feed(bytes, piece), whole, "pieces of {piece}");
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
            ("many bytes", &wide, ReplyTooLong(80)),
            ("many bytes in a complete reply", &whole, ReplyTooLong(80)),
            ("bare LF", b"250 ok\n", BareLineFeed),
        ];
        for (name, bytes, expected) in table {
            for piece in [1, 7, bytes.len()] {
                assert_eq!(feed(bytes, piece).1.as_ref(), Some(expected), "{name}");
            }
        }
    }

    /// The greeting of another protocol, for one.
    #[test]
    fn a_line_without_a_code_is_told_at_once() {
        for bytes in [&b"SSH-2.0-x\r\n"[..], b"250-a\r\nabc-b\r\n", b"150-a\r\n", b"---\r\n"] {
            for piece in [1, bytes.len()] {
                let (replies, error) = feed(bytes, piece);
                assert!(matches!(error, Some(ProtocolError::Malformed(_))), "{error:?}");
                assert!(replies.is_empty());
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
        for (name, bytes, expected) in table {
            for piece in [1, 2, 3, bytes.len()] {
                let (replies, error) = feed_within(lenient, bytes, piece);
                assert_eq!(replies, *expected, "{name} in pieces of {piece}: {error:?}");
                assert_eq!(error, None, "{name}");
            }
            assert!(feed(bytes, bytes.len()).1.is_some(), "{name}");
        }
        let endless = feed_within(lenient, &b"\r\n".repeat(9), 4).1;
        assert_eq!(endless, Some(ProtocolError::TooManyLines(3)));
        let inside = feed_within(lenient, b"250-a\r\n\r\n250 b\r\n", 4).1;
        assert!(matches!(inside, Some(ProtocolError::Malformed(_))), "{inside:?}");
    }
}
