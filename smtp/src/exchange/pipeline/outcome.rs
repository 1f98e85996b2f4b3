//! The outcome of each command of a group.

use std::fmt::{self, Display};

use smtp_grammar::Reply;

use crate::error::refusal::Refusal;
use crate::message::receipt::Receipt;
use crate::message::recipient::Recipient;
use crate::proto::reply::ReplyError;

/// The outcome of one command of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// The server accepted it, and this is its reply.
    Accepted(T),
    /// The server accepted it, and its reply has an unexpected form.
    Unreadable(ReplyError),
    /// The server refused it, or it cannot be written and was left out ([`Refusal::is_local`]).
    Refused(Refusal),
    /// The command did not leave.
    NotSent(NotSent),
    /// The connection was lost between the command and its reply: the server may have accepted it.
    Unknown,
}

/// Why a command did not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotSent {
    /// An earlier command on which it depends was refused: a recipient needs a sender, content
    /// needs DATA.
    AfterRefused,
    /// No recipient was accepted.
    NoRecipients,
    /// The connection was gone.
    Lost,
}

/// The outcome of a message of a group.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Message<R> {
    /// The answer to DATA, or to the command that stands for it.
    pub opening: Outcome<R>,
    /// The answer to the message itself. After [`Outcome::Unknown`] the server may have delivered
    /// it (RFC 1047), and sending it again may deliver it twice.
    pub end: Outcome<Receipt>,
    /// The recipients of a message that was sent and has no receipt, each with its outcome: those
    /// that the library's RCPT has named. Where each has a reply of its own (LMTP) and the
    /// connection was lost in the middle, some of them have the message.
    pub recipients: Vec<Recipient>,
    /// The reply to a final dot without content: the server had asked for a message although it had
    /// accepted no recipient (RFC 2920 §3.1).
    pub empty_message_reply: Option<Reply>,
}

impl<T> Outcome<T> {
    /// Whether the server accepted the command.
    pub fn is_accepted(&self) -> bool {
        // The code has accepted it; only its text was not as expected.
        matches!(self, Self::Accepted(_) | Self::Unreadable(_))
    }

    /// The reply to an accepted command.
    pub fn accepted(&self) -> Option<&T> {
        match self {
            Self::Accepted(reply) => Some(reply),
            _ => None,
        }
    }

    /// As [`accepted`](Self::accepted), by value.
    pub fn into_accepted(self) -> Option<T> {
        match self {
            Self::Accepted(reply) => Some(reply),
            _ => None,
        }
    }

    /// Why the command was refused, where it was.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AfterRefused => "it was not sent: a command that it depends on was refused",
            Self::NoRecipients => "it was not sent: no recipient was accepted",
            Self::Lost => "it was not sent: the connection was lost",
        })
    }
}

impl<T> Display for Outcome<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted(_) => f.write_str("the server accepted it"),
            Self::Unreadable(error) => Display::fmt(error, f),
            Self::Refused(refusal) => Display::fmt(refusal, f),
            Self::NotSent(why) => Display::fmt(why, f),
            Self::Unknown => f.write_str("the connection was lost before its reply had come"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Refusal;

    #[test]
    fn each_outcome_says_what_it_is() {
        let said = |outcome: Outcome<()>| outcome.to_string();
        assert_eq!(said(Outcome::Accepted(())), "the server accepted it");
        let refusal = Refusal::no_recipients();
        assert_eq!(said(Outcome::Refused(refusal.clone())), refusal.to_string());
        for why in [NotSent::AfterRefused, NotSent::NoRecipients, NotSent::Lost] {
            assert_eq!(said(Outcome::NotSent(why)), why.to_string());
            assert!(why.to_string().starts_with("it was not sent: "));
        }
        assert!(said(Outcome::Unknown).contains("before its reply"));
    }
}
