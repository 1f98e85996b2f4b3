//! Messages that a pool did not deliver.

use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::Duration;

use smtp::{Body, DeliverError, Envelope, Error};
use tokio::time::Instant;

use crate::gate::Refused;

/// Why a message was not delivered.
#[derive(Debug)]
pub enum SendError {
    /// A connection had the message, and this is its result.
    Delivery(DeliverError),
    /// No connection had it: nothing was sent.
    NotSent(NotSent),
}

/// A message that no connection had.
pub struct NotSent {
    reason: Reason,
    message: Box<(Envelope, Body<'static>)>,
}

/// Why there is no connection for a message, or for a caller.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// A connection could not be opened.
    Connect(Arc<Error>),
    /// The server could not be reached several times, and is left alone until then. The error is
    /// the last one.
    Suspended {
        /// Why it could not be reached.
        error: Arc<Error>,
        /// When the next attempt may be made.
        until: Instant,
    },
    /// The server has refused the credentials, and they are not tried again until then: each
    /// attempt counts at the server, which may lock the account.
    /// [`Pool::forget_refused_login`](crate::Pool::forget_refused_login) is for credentials that
    /// have changed.
    Credentials {
        /// How the server refused them.
        error: Arc<Error>,
        /// When the next attempt may be made.
        until: Instant,
    },
    /// Every connection was busy for as long as a caller [waits](crate::Settings::wait).
    Busy(Duration),
    /// The [rate](crate::Rate) of the destination would let it begin later than a caller
    /// [waits](crate::Settings::wait).
    Rate,
    /// A connection was being opened, and its opener panicked or its runtime ended.
    Interrupted,
    /// The pool is closed.
    Closed,
}

impl From<Refused> for Reason {
    fn from(refused: Refused) -> Self {
        Self::Credentials { error: refused.error, until: refused.until }
    }
}

impl SendError {
    pub(crate) fn not_sent(reason: Reason, message: (Envelope, Body<'static>)) -> Self {
        Self::NotSent(NotSent { reason, message: Box::new(message) })
    }

    /// Whether sending the message again later may deliver it, and cannot deliver it twice.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Delivery(error) => error.is_transient(),
            Self::NotSent(not_sent) => not_sent.reason.is_transient(),
        }
    }

    /// The message, for another attempt: one that no server has, and whose body can be sent again.
    pub fn into_message(self) -> Option<(Envelope, Body<'static>)> {
        match self {
            Self::Delivery(error) => error.try_into_message().ok(),
            Self::NotSent(not_sent) => Some(*not_sent.message),
        }
    }
}

impl NotSent {
    /// Why there was no connection.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// The message as the caller gave it.
    pub fn into_message(self) -> (Envelope, Body<'static>) {
        *self.message
    }
}

impl Reason {
    /// Whether another attempt later may go well.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connect(error) => error.is_transient(),
            Self::Suspended { .. } | Self::Busy(_) | Self::Rate | Self::Interrupted => true,
            Self::Credentials { .. } | Self::Closed => false,
        }
    }

    /// The error of the connection that could not be opened.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Connect(error)
            | Self::Suspended { error, .. }
            | Self::Credentials { error, .. } => Some(error),
            Self::Busy(_) | Self::Rate | Self::Interrupted | Self::Closed => None,
        }
    }
}

impl Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(error) => write!(f, "no connection could be opened: {error}"),
            Self::Suspended { error, until } => write!(
                f,
                "the server could not be reached several times, and is tried again in {}: {error}",
                Seconds(*until)
            ),
            Self::Credentials { error, until } => write!(
                f,
                "the server refused the credentials, which are tried again in {}, so that it does \
                 not lock the account: {error}",
                Seconds(*until)
            ),
            Self::Busy(wait) => write!(
                f,
                "every connection was busy for {} s: send less at a time, allow more connections, \
                 or wait for longer",
                wait.as_secs_f32()
            ),
            Self::Rate => f.write_str(
                "the rate of the destination lets it begin later than it may wait: send less at a \
                 time, or wait for longer",
            ),
            Self::Interrupted => f.write_str(
                "a connection was not opened: its opener panicked, or its runtime ended. Send again",
            ),
            Self::Closed => f.write_str("the pool is closed"),
        }
    }
}

/// The time until then.
struct Seconds(Instant);

impl Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.0.saturating_duration_since(Instant::now());
        write!(f, "{} s", left.as_secs_f32().ceil())
    }
}

impl std::error::Error for Reason {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // Its text is in this one.
        self.error().and_then(std::error::Error::source)
    }
}

impl fmt::Debug for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotSent").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing of the message was sent: {}", self.reason)
    }
}

impl std::error::Error for NotSent {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.reason.source()
    }
}

impl Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivery(error) => Display::fmt(error, f),
            Self::NotSent(not_sent) => Display::fmt(not_sent, f),
        }
    }
}

impl std::error::Error for SendError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Delivery(error) => error.source(),
            Self::NotSent(not_sent) => not_sent.source(),
        }
    }
}

impl From<DeliverError> for SendError {
    fn from(error: DeliverError) -> Self {
        Self::Delivery(error)
    }
}
