//! EXPN: asks for the members of a mailing list.

use smtp_derive::{SmtpCommand, SmtpReply};
use smtp_grammar::{Reply, SmtpString};

use super::member::Member;
use crate::proto::line::{Arguments, Line};

/// The command EXPN.
///
/// ```text
/// expn = "EXPN" SP String [ SP "SMTPUTF8" ] CRLF      ; RFC 5321 §4.1.1.7, RFC 6531 §3.7.4.2
/// ```
#[derive(Debug, Clone, SmtpCommand)]
#[smtp(
    verb = "EXPN",
    reply = Expansion,
    accepts(250, 252),
    reply_lines = 1024,
    valid_in(any)
)]
pub struct Expn {
    list: SmtpString,
    #[smtp(flatten)]
    gate: Gate,
    #[smtp(flag = "SMTPUTF8", requires = "SMTPUTF8", utf8)]
    smtputf8: bool,
}

impl Expn {
    /// Asks for the members of a list, by its name or its address.
    pub fn new(list: impl Into<SmtpString>) -> Self {
        Self { list: list.into(), gate: Gate::Listed, smtputf8: false }
    }

    /// Sends it also to a server that does not list EXPN. RFC 5321 §4.1.1.1 has a server list what
    /// it can do, and older ones do not.
    #[must_use]
    pub fn unlisted(mut self) -> Self {
        self.gate = Gate::Open;
        self
    }

    /// Lets the name, and the reply, hold UTF-8 beyond ASCII.
    #[must_use]
    pub fn smtputf8(mut self) -> Self {
        self.smtputf8 = true;
        self
    }
}

/// Whether the server must list the command.
#[derive(Debug, Clone, Copy)]
enum Gate {
    Listed,
    Open,
}

impl Arguments for Gate {
    fn write(&self, line: &mut Line<'_>) {
        if matches!(self, Self::Listed) {
            line.require("EXPN");
        }
    }
}

/// The reply to EXPN.
#[derive(Debug, Clone, PartialEq, Eq, SmtpReply)]
pub enum Expansion {
    /// The members of the list, one in each line (250).
    #[smtp(code(250))]
    Expanded(Reply),
    /// The server does not say (252).
    #[smtp(code(252))]
    Unverified(Reply),
}

impl Expansion {
    /// The members, in the server's order. A line without a mailbox that can be read is an `Err` with
    /// its text. There are none where the server does not say.
    pub fn members(&self) -> impl Iterator<Item = Result<Member, String>> {
        let text = match self {
            Self::Expanded(reply) => reply.message(),
            Self::Unverified(_) => "".into(),
        };
        let member = |line: &str| line.parse().map_err(|_| line.to_owned());
        text.lines().map(member).collect::<Vec<_>>().into_iter()
    }
}
