//! ETRN: asks a server to send the mail that it holds for a host.

use smtp_derive::{SmtpCommand, SmtpReply};
use smtp_grammar::{Domain, Reply};

/// The command ETRN. A submission server has none (RFC 6409 §7).
///
/// ```text
/// etrn = "ETRN" SP [ "@" / "#" ] node CRLF      ; RFC 1985 §5
/// ```
///
/// The mail comes over a connection of its own, which the server opens to the host.
#[derive(Debug, Clone, SmtpCommand)]
#[smtp(
    verb = "ETRN",
    requires = "ETRN",
    accepts(250, 251, 252, 253),
    reply = QueueStart,
    valid_in(Idle)
)]
pub enum Etrn {
    /// The mail for this host.
    Host(Domain),
    /// The mail for this domain and all that are below it.
    Subdomains(#[smtp(prefix = "@")] Domain),
    /// The mail in a queue of the server's, by its name.
    Queue(#[smtp(prefix = "#")] String),
}

/// The reply to ETRN (RFC 1985 §5.3). A server that cannot says 458, one that does not want to 459.
#[derive(Debug, Clone, PartialEq, Eq, SmtpReply)]
pub enum QueueStart {
    /// The server sends what it holds (250).
    #[smtp(code(250))]
    Started(Reply),
    /// It holds nothing (251).
    #[smtp(code(251))]
    Empty(Reply),
    /// It sends the messages that wait (252).
    #[smtp(code(252))]
    Pending(Reply),
    /// It sends so many messages (253): [`messages`](Self::messages).
    #[smtp(code(253))]
    Counted(Reply),
}

impl QueueStart {
    /// How many messages the server sends, where it says so: `OK, 7 pending messages for node
    /// example.org started`.
    pub fn messages(&self) -> Option<u64> {
        let Self::Counted(reply) = self else { return None };
        reply.message().split_ascii_whitespace().find_map(|word| word.parse().ok())
    }
}
