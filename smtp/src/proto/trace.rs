//! The trace: each line that is sent or received, without its secrets.
//!
//! The dialogue is what a person reads first when mail does not arrive. It goes to `tracing`
//! (target `smtp::wire`, level TRACE, because it names people) and to an [`Observer`] of the
//! caller's; message content and secrets go to neither.

use std::fmt::{self, Debug, Display};
use std::ops::Range;
use std::sync::Arc;

use smtp_grammar::{Escaped, Reply};

/// Something that happened on the connection.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A line was queued to be sent.
    Sent(RedactedLine<'a>),
    /// A reply line was received.
    Received(RedactedLine<'a>),
    /// Message content was queued to be sent, so many bytes as they stand on the wire.
    Content {
        /// How many bytes.
        bytes: u64,
    },
    /// The connection is now inside TLS.
    Secured,
}

/// Sees each [`Event`] as it happens.
///
/// Implemented for closures. It is called while the connection waits, so it should return soon.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot observe a connection",
    label = "is no observer",
    note = "an observer is a closure `|event: &smtp::trace::Event<'_>| ..` that is `Send` and `Sync`"
)]
pub trait Observer: Send + Sync {
    /// Takes note of the event.
    fn observe(&self, event: &Event<'_>);
}

impl<F: Fn(&Event<'_>) + Send + Sync> Observer for F {
    fn observe(&self, event: &Event<'_>) {
        self(event);
    }
}

/// A line in a form that may be shown: without its CRLF and its secrets, control characters
/// escaped.
#[derive(Clone, Copy)]
pub struct RedactedLine<'a> {
    before: &'a [u8],
    secret: bool,
    after: &'a [u8],
}

impl<'a> RedactedLine<'a> {
    pub(crate) fn open(line: &'a [u8]) -> Self {
        Self { before: line.strip_suffix(b"\r\n").unwrap_or(line), secret: false, after: &[] }
    }

    pub(crate) fn redacted(line: &'a [u8], secret: Option<Range<usize>>) -> Self {
        let Some(secret) = secret else {
            return Self::open(line);
        };
        let after = &line[secret.end.min(line.len())..];
        Self {
            before: &line[..secret.start.min(line.len())],
            secret: true,
            after: after.strip_suffix(b"\r\n").unwrap_or(after),
        }
    }
}

impl Display for RedactedLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&Escaped(self.before), f)?;
        if self.secret {
            f.write_str("<redacted>")?;
        }
        Display::fmt(&Escaped(self.after), f)
    }
}

impl Debug for RedactedLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// Where events go.
#[derive(Clone, Default)]
pub(crate) struct Trace {
    observer: Option<Arc<dyn Observer>>,
}

impl Trace {
    pub(crate) fn new(observer: Option<Arc<dyn Observer>>) -> Self {
        Self { observer }
    }

    #[inline]
    pub(crate) fn sent(&self, line: &[u8], secret: Option<Range<usize>>) {
        if self.listens() {
            self.emit(&Event::Sent(RedactedLine::redacted(line, secret)));
        }
    }

    #[inline]
    pub(crate) fn received(&self, reply: &Reply) {
        if self.listens() {
            self.emit_reply(reply);
        }
    }

    #[inline]
    pub(crate) fn content(&self, bytes: u64) {
        if self.listens() {
            self.emit(&Event::Content { bytes });
        }
    }

    pub(crate) fn secured(&self) {
        if self.listens() {
            self.emit(&Event::Secured);
        }
    }

    #[inline]
    pub(crate) fn listens(&self) -> bool {
        self.observer.is_some() || tracing::enabled!(target: "smtp::wire", tracing::Level::TRACE)
    }

    #[cold]
    fn emit_reply(&self, reply: &Reply) {
        self.received_lines(reply.raw());
    }

    /// Shows lines of which the last one may not be whole.
    pub(crate) fn received_lines(&self, lines: &[u8]) {
        if self.listens() {
            for line in lines.split_inclusive(|&byte| byte == b'\n') {
                self.emit(&Event::Received(RedactedLine::open(line)));
            }
        }
    }

    #[cold]
    fn emit(&self, event: &Event<'_>) {
        match event {
            Event::Sent(line) => tracing::trace!(target: "smtp::wire", "C: {line}"),
            Event::Received(line) => tracing::trace!(target: "smtp::wire", "S: {line}"),
            Event::Content { bytes } => {
                tracing::trace!(target: "smtp::wire", "C: <{bytes} bytes of content>");
            }
            Event::Secured => tracing::trace!(target: "smtp::wire", "inside TLS"),
        }
        if let Some(observer) = &self.observer {
            observer.observe(event);
        }
    }
}

impl Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("observed", &self.observer.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_control_characters_are_not_shown() {
        let table: &[(&[u8], Option<Range<usize>>, &str)] = &[
            (b"NOOP\r\n", None, "NOOP"),
            (b"AUTH PLAIN AHUAcA==\r\n", Some(11..19), "AUTH PLAIN <redacted>"),
            (b"X a=secret b\r\n", Some(4..10), "X a=<redacted> b"),
            (b"250 \x1b[31mred\r\n", None, "250 \\x1b[31mred"),
        ];
        for (line, secret, expected) in table {
            assert_eq!(RedactedLine::redacted(line, secret.clone()).to_string(), *expected);
        }
    }
}
