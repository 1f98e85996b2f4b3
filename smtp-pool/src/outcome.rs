//! The outcome of a message in one word, and the kind of an error, for counters and traces.

use smtp::error::Fault;
use smtp::{DeliverError, Error, Lost, Receipt};

use crate::error::{Reason, SendError};

/// The outcome of a message, for counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The server took it.
    Delivered,
    /// The server, or this side, refused it.
    Refused,
    /// The connection was lost before the server had it.
    Lost,
    /// The connection was lost, and the server may have it.
    Unknown,
    /// Nothing of it was sent.
    NotSent,
    /// Its caller has gone.
    Cancelled,
}

impl Outcome {
    pub(crate) const ALL: [Self; 6] =
        [Self::Delivered, Self::Refused, Self::Lost, Self::Unknown, Self::NotSent, Self::Cancelled];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Lost => "lost",
            Self::Unknown => "unknown",
            Self::NotSent => "not_sent",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn of(result: &Result<Receipt, SendError>) -> Self {
        match result {
            Ok(_) => Self::Delivered,
            Err(SendError::Delivery(DeliverError::Refused(_))) => Self::Refused,
            Err(SendError::Delivery(DeliverError::Lost(_))) => Self::Lost,
            Err(SendError::Delivery(DeliverError::Unknown(_))) => Self::Unknown,
            Err(SendError::Delivery(DeliverError::NotSent(_)) | SendError::NotSent(_)) => {
                Self::NotSent
            }
        }
    }
}

/// The kind of an error of a message, as `error.type` names it.
pub(crate) fn kind_of_send(error: &SendError) -> &'static str {
    match error {
        SendError::Delivery(DeliverError::Refused(_)) => "refused",
        SendError::Delivery(error) => error.lost().map_or("limit", kind_of_loss),
        SendError::NotSent(not_sent) => match not_sent.reason() {
            Reason::Connect(error) => kind_of_open(error),
            Reason::Suspended { .. } => "suspended",
            Reason::Credentials { .. } => "credentials",
            Reason::Busy(_) => "busy",
            Reason::Rate => "rate",
            Reason::Interrupted => "interrupted",
            Reason::Closed => "pool_closed",
        },
    }
}

/// The kind of an error of a connection that was not opened.
pub(crate) fn kind_of_open(error: &Error) -> &'static str {
    match error {
        Error::Refused(_) => "refused",
        Error::Lost(lost) => kind_of_loss(lost),
        _ => "other",
    }
}

/// The kind of a loss.
fn kind_of_loss(lost: &Lost) -> &'static str {
    match lost.fault() {
        Fault::Unresolved(_) | Fault::InvalidHost(_) | Fault::Discovery(_) => "unresolved",
        Fault::Unreachable(_) => "unreachable",
        Fault::Handshake(_) | Fault::ImplicitTls => "tls",
        Fault::Io(_) => "io",
        Fault::Closed | Fault::Closing(_) => "closed",
        Fault::TimedOut(_) | Fault::DeadlineExceeded => "timeout",
        Fault::Protocol(_) => "protocol",
        Fault::Body(_) | Fault::Content(_) | Fault::Answer(_) => "content",
        Fault::Interrupted | Fault::Abandoned => "interrupted",
        Fault::Local(_) | Fault::NoRuntime | Fault::NoTimer(_) => "local",
        _ => "other",
    }
}

/// The code of the reply that decided about a message.
pub(crate) fn status_code(result: &Result<Receipt, SendError>) -> Option<u16> {
    let reply = match result {
        Ok(receipt) => Some(receipt.reply()),
        Err(SendError::Delivery(DeliverError::Refused(undelivered))) => {
            undelivered.refusal().reply()
        }
        Err(SendError::Delivery(error)) => error.lost().and_then(Lost::reply),
        Err(SendError::NotSent(not_sent)) => not_sent.reason().error().and_then(Error::reply),
    };
    reply.map(|reply| reply.code().value())
}
