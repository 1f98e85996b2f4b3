//! VRFY: asks whether the server knows a mailbox.

use smtp_derive::{SmtpCommand, SmtpReply};
use smtp_grammar::{Reply, SmtpString};

use super::member::Member;

/// The command VRFY.
///
/// ```text
/// vrfy = "VRFY" SP String [ SP "SMTPUTF8" ] CRLF      ; RFC 5321 §4.1.1.6, RFC 6531 §3.7.4.2
/// ```
///
/// Most servers answer 252 to everything: they do not tell strangers who their users are.
#[derive(Debug, Clone, SmtpCommand)]
#[smtp(verb = "VRFY", reply = Verification, accepts(250, 251, 252), valid_in(any))]
pub struct Vrfy {
    name: SmtpString,
    #[smtp(flag = "SMTPUTF8", requires = "SMTPUTF8", utf8)]
    smtputf8: bool,
}

impl Vrfy {
    /// Asks for a user's name or mailbox.
    pub fn new(name: impl Into<SmtpString>) -> Self {
        Self { name: name.into(), smtputf8: false }
    }

    /// Lets the name, and the reply, hold UTF-8 beyond ASCII.
    #[must_use]
    pub fn smtputf8(mut self) -> Self {
        self.smtputf8 = true;
        self
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

impl Verification {
    /// The mailbox that the server names: the user's (250), or the one that it forwards to (251).
    /// RFC 5321 §3.5.1 asks for it; some servers answer with words alone.
    pub fn member(&self) -> Option<Member> {
        let (Self::Exists(reply) | Self::Forwarded(reply)) = self else { return None };
        reply.message().lines().find_map(|line| line.parse().ok())
    }

    /// The reply.
    pub fn reply(&self) -> &Reply {
        let (Self::Exists(reply) | Self::Forwarded(reply) | Self::Unverified(reply)) = self;
        reply
    }
}
