//! What can go wrong, sorted by what is left of the session.
//!
//! | type | what happened | the session |
//! |---|---|---|
//! | [`Refusal`] | the server said no, or the command was never sent | intact |
//! | [`ReplyError`] | the command was accepted, its reply has an unexpected form | intact |
//! | [`Lost`] | network, TLS, time, protocol, 421, a dropped future | gone |
//! | [`DeliveryUnknown`] | as [`Lost`], but the message had been sent whole | gone |
//!
//! A call that moves the session answers with a [`TransitionError`](crate::TransitionError), which hands the connection
//! back when it is intact. `?` turns every one of them into [`Error`].

use std::fmt::{self, Display};

use smtp_grammar::Reply;

mod delivery;
mod lost;
mod refusal;

pub use delivery::{DeliverError, DeliveryUnknown, Undelivered};
pub use lost::Lost;
pub use refusal::Refusal;

pub use crate::proto::fault::{Fault, ProtocolError};
pub use crate::proto::line::EncodeError;
pub use crate::proto::reply::ReplyError;

/// Any error of this library.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The server said no, or the command was never sent. The session is intact.
    Refused(Refusal),
    /// The reply to an accepted command has an unexpected form. The session is intact.
    Reply(ReplyError),
    /// The connection is gone; no message was delivered by the call that says so.
    Lost(Lost),
    /// The connection is gone, and with it the answer to a message that was sent whole.
    DeliveryUnknown(DeliveryUnknown),
}

/// Whose doing an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blame {
    /// The call asks for something that cannot be sent: change the call.
    Caller,
    /// The server refuses, now (4yz) or for good (5yz).
    Server,
    /// The server broke the protocol or fails to prove who it is.
    Peer,
    /// The network failed, or was too slow.
    Network,
}

impl Error {
    /// Whose doing it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Refused(refusal) => refusal.blame(),
            Self::Reply(_) => Blame::Peer,
            Self::Lost(lost) => lost.blame(),
            Self::DeliveryUnknown(unknown) => unknown.lost().blame(),
        }
    }

    /// The server's reply, where a reply is the reason.
    pub fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Refused(refusal) => refusal.reply(),
            Self::Reply(error) => Some(error.reply()),
            Self::Lost(lost) => lost.reply(),
            Self::DeliveryUnknown(unknown) => unknown.lost().reply(),
        }
    }

    /// Whether the same call may succeed later, on a new connection, without doing anything twice.
    /// Never true for [`DeliveryUnknown`]: whoever repeats that one may deliver a message twice.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.is_transient(),
            Self::Lost(lost) => lost.is_transient(),
            Self::Reply(_) | Self::DeliveryUnknown(_) => false,
        }
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => Display::fmt(refusal, f),
            Self::Reply(error) => Display::fmt(error, f),
            Self::Lost(lost) => Display::fmt(lost, f),
            Self::DeliveryUnknown(unknown) => Display::fmt(unknown, f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(refusal) => refusal.source(),
            Self::Reply(_) => None,
            Self::Lost(lost) => lost.source(),
            Self::DeliveryUnknown(unknown) => Some(unknown.lost()),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<ReplyError> for Error {
    fn from(error: ReplyError) -> Self {
        Self::Reply(error)
    }
}

impl From<Lost> for Error {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

impl From<DeliveryUnknown> for Error {
    fn from(unknown: DeliveryUnknown) -> Self {
        Self::DeliveryUnknown(unknown)
    }
}
