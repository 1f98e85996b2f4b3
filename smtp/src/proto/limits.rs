//! Limits on the replies of a server: above them a reply is taken for an attack.
//!
//! RFC 5321 §4.5.3.1 gives sizes that every implementation must accept, not sizes at which it must
//! stop. Without the second kind one server can fill the memory of every client.

use super::stage::Stage;

/// Limits on what a server may send, and on what it may make this side do. A reply that exceeds one
/// ends the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes in one reply line, CRLF included (2048; RFC 5321 §4.5.3.1.5 promises 512).
    pub reply_line: usize,
    /// Lines in one reply (128).
    pub reply_lines: usize,
    /// Bytes in one reply (64 KiB).
    pub reply_bytes: usize,
    /// Bytes in one SASL challenge or response line (64 KiB; RFC 4954 §4 asks for at least 12288).
    pub auth_line: usize,
    /// Challenges in one AUTH exchange (32).
    pub challenges: usize,
    /// Transactions that one message may take, of a server that takes few recipients at once (100).
    /// The recipients that are left then are refused as transient.
    pub transactions: usize,
    /// Recipients that a [`Receipt`](crate::Receipt) keeps of those that were named one at a time
    /// (10,000).
    pub recipients_kept: usize,
    /// The faults of servers that are accepted.
    pub leniency: Leniency,
}

/// Faults of some servers that can be accepted. None is accepted by default: where client and
/// server disagree on what a line is, an attacker between them can make two lines of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leniency {
    /// Replies whose lines end with LF alone; never to STARTTLS or AUTH.
    pub bare_line_feed: bool,
    /// Empty lines before a reply.
    pub blank_lines: bool,
    /// A greeting of several lines with different codes, of which the last one counts.
    pub greeting_codes: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            reply_line: 2048,
            reply_lines: 128,
            reply_bytes: 64 * 1024,
            auth_line: 64 * 1024,
            challenges: 32,
            transactions: 100,
            recipients_kept: 10_000,
            leniency: Leniency::default(),
        }
    }
}

impl Leniency {
    /// The part that holds for a reply in this stage.
    pub(crate) fn at(self, stage: Stage) -> Self {
        Self {
            bare_line_feed: self.bare_line_feed && !matches!(stage, Stage::StartTls | Stage::Auth),
            blank_lines: self.blank_lines,
            greeting_codes: self.greeting_codes && stage == Stage::Greeting,
        }
    }
}
