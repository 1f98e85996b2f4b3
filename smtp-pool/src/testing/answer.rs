//! The answers that a stand-in is told to give.

use crate::error::Reason;

/// The result of a message that is given to an [`Outbox`](super::Outbox).
///
/// Replies are written as a server would, without the end of the line: `550 5.1.1 no such user`.
#[derive(Clone, Debug)]
#[must_use = "it is given with `Outbox::script`"]
pub struct Answer(pub(super) Kind);

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// The server is asked.
    Server(Reaction),
    Unreachable,
    LoginRefused(String),
    NotSent(Reason),
}

/// How the server treats a message.
#[derive(Clone, Debug, Default)]
pub(super) struct Reaction {
    /// The reply to MAIL that refuses it.
    pub(super) mail: Option<String>,
    /// The recipients that are refused, and the replies.
    pub(super) recipients: Vec<(String, String)>,
    pub(super) end: End,
}

/// How a message ends.
#[derive(Clone, Debug, Default)]
pub(super) enum End {
    #[default]
    Taken,
    Refused(String),
    /// The server closes once it has some of the message.
    Lost,
    /// It closes once it has all of it.
    Unknown,
    Silent,
}

impl Answer {
    fn end(end: End) -> Self {
        Self(Kind::Server(Reaction { end, ..Reaction::default() }))
    }

    /// The message is taken: a [`Receipt`](smtp::Receipt).
    pub fn taken() -> Self {
        Self::end(End::Taken)
    }

    /// The server refuses the sender with this reply to MAIL: `DeliverError::Refused`.
    pub fn sender_refused(reply: impl Into<String>) -> Self {
        let mail = Some(reply.into());
        Self(Kind::Server(Reaction { mail, ..Reaction::default() }))
    }

    /// The server refuses some recipients, each with its reply to RCPT, and takes the message for
    /// the others: a [`Receipt`](smtp::Receipt) that is not complete, or `DeliverError::Refused`
    /// where none is left.
    pub fn recipients_refused<A, R>(refused: impl IntoIterator<Item = (A, R)>) -> Self
    where
        A: Into<String>,
        R: Into<String>,
    {
        let refused = refused.into_iter().map(|(address, reply)| (address.into(), reply.into()));
        let recipients = refused.collect();
        Self(Kind::Server(Reaction { recipients, ..Reaction::default() }))
    }

    /// The server refuses the message with this reply, once it has all of it:
    /// `DeliverError::Refused`.
    pub fn message_refused(reply: impl Into<String>) -> Self {
        Self::end(End::Refused(reply.into()))
    }

    /// The connection is lost in the middle of the message: `DeliverError::Lost`.
    pub fn lost() -> Self {
        Self::end(End::Lost)
    }

    /// The connection is lost once the server has all of the message, and before it answers:
    /// `DeliverError::Unknown`. The outbox does not keep the message.
    pub fn unknown() -> Self {
        Self::end(End::Unknown)
    }

    /// The server never answers the message. After ten minutes (RFC 5321 §4.5.3.2.6) it is
    /// `DeliverError::Unknown`.
    pub fn silent() -> Self {
        Self::end(End::Silent)
    }

    /// The server cannot be reached: [`Reason::Connect`].
    pub fn unreachable() -> Self {
        Self(Kind::Unreachable)
    }

    /// The server refuses the credentials with this reply to AUTH, 535 as a rule:
    /// [`Reason::Credentials`], until 60 seconds from then.
    pub fn login_refused(reply: impl Into<String>) -> Self {
        Self(Kind::LoginRefused(reply.into()))
    }

    /// The message does not get a connection, for this reason.
    pub fn not_sent(reason: Reason) -> Self {
        Self(Kind::NotSent(reason))
    }
}

impl Default for Answer {
    fn default() -> Self {
        Self::taken()
    }
}
