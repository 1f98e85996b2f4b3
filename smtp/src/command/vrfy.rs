//! VRFY: asks whether the server knows a mailbox.

use smtp_derive::{SmtpCommand, SmtpReply};
use smtp_grammar::{Reply, SmtpString};

/// The command VRFY.
///
/// ```text
/// vrfy = "VRFY" SP String CRLF      ; RFC 5321 §4.1.1.6
/// ```
///
/// Most servers answer 252 to everything: they do not tell strangers who their users are.
#[derive(Debug, Clone, SmtpCommand)]
#[smtp(verb = "VRFY", reply = Verification, accepts(250, 251, 252), valid_in(any))]
pub struct Vrfy {
    name: SmtpString,
}

impl Vrfy {
    /// Asks for a user's name or mailbox.
    pub fn new(name: impl Into<SmtpString>) -> Self {
        Self { name: name.into() }
    }
}

/// The reply to VRFY.
#[derive(Debug, Clone, PartialEq, Eq, SmtpReply)]
pub enum Verification {
    /// The mailbox exists (250).
    #[smtp(code(250))]
    Exists(Reply),
    /// The mailbox is elsewhere, and the server forwards to it (251).
    #[smtp(code(251))]
    Forwarded(Reply),
    /// The server does not say, but takes mail for it (252).
    #[smtp(code(252))]
    Unverified(Reply),
}
