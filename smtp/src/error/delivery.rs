//! A message that did not arrive, or may have.

use std::fmt::{self, Display};

use super::{Error, Lost, Refusal};
use crate::receipt::Recipient;

/// Why a message was not delivered to anybody, or nobody knows.
#[derive(Debug)]
pub enum DeliverError {
    /// Nobody got the message. The session is intact and takes the next one.
    Refused(Undelivered),
    /// The connection is gone before the message had been sent whole, or the server said that it
    /// did not take it: nobody got the message.
    Lost(Lost),
    /// The connection is gone after the message had been sent whole.
    Unknown(DeliveryUnknown),
}

/// A message that nobody got, and why.
#[derive(Clone, Debug)]
pub struct Undelivered {
    refusal: Refusal,
    recipients: Vec<Recipient>,
}

impl Undelivered {
    pub(crate) fn new(refusal: Refusal, recipients: Vec<Recipient>) -> Self {
        Self { refusal, recipients }
    }

    /// What refused the message as a whole: the reply to MAIL, to the last recipient when each was
    /// refused, to DATA, or to the message.
    pub fn refusal(&self) -> &Refusal {
        &self.refusal
    }

    /// What became of each recipient that was asked for, in the order of the envelope.
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }
}

/// The connection was lost after the message had been sent and before it was answered. The server
/// may have delivered it (RFC 1047).
///
/// Sending it again may deliver it twice, so the library never does that by itself.
#[derive(Debug)]
pub struct DeliveryUnknown {
    lost: Lost,
    recipients: Vec<Recipient>,
}

impl DeliveryUnknown {
    pub(crate) fn new(lost: Lost, recipients: Vec<Recipient>) -> Self {
        Self { lost, recipients }
    }

    /// How the connection was lost.
    pub fn lost(&self) -> &Lost {
        &self.lost
    }

    /// What became of each recipient before that, in the order of the envelope. Those that were
    /// accepted may have got the message, and so may those that were
    /// [not answered](Refusal::is_unanswered). Empty when recipients were named one at a time.
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }
}

impl Display for DeliveryUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "nobody knows whether the message was delivered, and sending it again may deliver it \
             twice: it had been sent whole, then {}",
            self.lost
        )
    }
}

impl std::error::Error for DeliveryUnknown {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.lost)
    }
}

impl Display for DeliverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(undelivered) => Display::fmt(&undelivered.refusal, f),
            Self::Lost(lost) => Display::fmt(lost, f),
            Self::Unknown(unknown) => Display::fmt(unknown, f),
        }
    }
}

impl std::error::Error for DeliverError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(undelivered) => Some(&undelivered.refusal),
            Self::Lost(lost) => Some(lost),
            Self::Unknown(unknown) => Some(unknown),
        }
    }
}

impl From<DeliverError> for Error {
    fn from(error: DeliverError) -> Self {
        match error {
            DeliverError::Refused(undelivered) => Self::Refused(undelivered.refusal),
            DeliverError::Lost(lost) => Self::Lost(lost),
            DeliverError::Unknown(unknown) => Self::DeliveryUnknown(unknown),
        }
    }
}
