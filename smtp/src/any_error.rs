//! The sum of all errors, for `?`.

use std::fmt::{self, Display};

use smtp_grammar::Reply;

use crate::error::blame::Blame;
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::message::envelope::EnvelopeError;
use crate::message::error::{DeliverError, DeliveryLost, DeliveryUnknown};
use crate::proto::reply::ReplyError;

/// Any error of this library.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The server refused the command, or it was never sent. The session is intact; of a call that
    /// connects, which gives no connection then, it was ended with QUIT.
    Refused(Refusal),
    /// The reply to an accepted command has an unexpected form. The session is intact.
    Reply(ReplyError),
    /// An address of an envelope is none. Nothing was sent.
    Envelope(EnvelopeError),
    /// The connection is gone; no message was delivered by the call that says so.
    Lost(Lost),
    /// The connection is gone, and with it the answer to a message that was sent whole.
    DeliveryUnknown(DeliveryUnknown),
}

impl Error {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Refused(refusal) => refusal.blame(),
            Self::Reply(_) => Blame::Server,
            Self::Envelope(_) => Blame::Caller,
            Self::Lost(lost) => lost.blame(),
            Self::DeliveryUnknown(unknown) => unknown.lost().blame(),
        }
    }

    /// The server's reply, where a reply is the reason.
    pub fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Refused(refusal) => refusal.reply(),
            Self::Reply(error) => Some(error.reply()),
            Self::Envelope(_) => None,
            Self::Lost(lost) => lost.reply(),
            Self::DeliveryUnknown(unknown) => unknown.lost().reply(),
        }
    }

    /// Whether the same call may succeed later, on a new connection, without doing anything twice.
    /// Never true for [`DeliveryUnknown`]: a caller that repeats that one may deliver a message
    /// twice.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.is_transient(),
            Self::Lost(lost) => lost.is_transient(),
            Self::Reply(_) | Self::Envelope(_) | Self::DeliveryUnknown(_) => false,
        }
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => Display::fmt(refusal, f),
            Self::Reply(error) => Display::fmt(error, f),
            Self::Envelope(error) => Display::fmt(error, f),
            Self::Lost(lost) => Display::fmt(lost, f),
            Self::DeliveryUnknown(unknown) => Display::fmt(unknown, f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(refusal) => refusal.source(),
            Self::Reply(_) | Self::Envelope(_) => None,
            Self::Lost(lost) => lost.source(),
            Self::DeliveryUnknown(unknown) => unknown.source(),
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

impl From<EnvelopeError> for Error {
    fn from(error: EnvelopeError) -> Self {
        Self::Envelope(error)
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

impl From<DeliverError> for Error {
    fn from(error: DeliverError) -> Self {
        match error {
            DeliverError::Refused(undelivered) => Self::Refused(undelivered.into_refusal()),
            DeliverError::Lost(lost) => lost.into(),
            DeliverError::Unknown(unknown) => Self::DeliveryUnknown(unknown),
            DeliverError::NotSent(unsent) => match unsent.into_reason() {
                Ok(lost) => Self::Lost(lost),
                Err(refusal) => Self::Refused(refusal),
            },
        }
    }
}

impl From<DeliveryLost> for Error {
    fn from(lost: DeliveryLost) -> Self {
        Self::Lost(lost.into_lost())
    }
}
