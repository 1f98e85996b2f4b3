//! Errors that hand the connection back.

use std::fmt::{self, Display};

use super::typed::Connection;
use crate::any_error::Error;
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::message::error::{DeliveryLost, DeliveryUnknown, Undelivered};
use crate::message::recipient::Recipient;
use crate::state::State;

/// A call that would have moved the session from the state `S`, and did not.
#[derive(Debug)]
pub enum TransitionError<S: State> {
    /// The server refused the command, or it was never sent; with the connection.
    Refused(Refused<S>),
    /// The connection is gone.
    Lost(Lost),
}

/// A refusal, and the connection in the state it was in.
#[derive(Debug)]
pub struct Refused<S: State> {
    /// The connection, which can go on.
    pub connection: Connection<S>,
    /// The command that was refused, and why.
    pub refusal: Refusal,
}

/// A message that was not taken, or may have been. The transaction is over.
#[derive(Debug)]
pub enum DataError<S: State> {
    /// The message was refused, or never sent; with the connection, after the transaction.
    Refused(DataRefused<S>),
    /// The connection is gone, and the message was not delivered.
    Lost(DeliveryLost),
    /// The connection is gone after the message had been sent whole.
    Unknown(DeliveryUnknown),
}

/// A message that was refused, and the connection after its transaction.
#[derive(Debug)]
pub struct DataRefused<S: State> {
    /// The connection, which can go on.
    pub connection: Connection<S>,
    /// The command that was refused, and why.
    pub refusal: Refusal,
    /// The recipients that were named with the library's RCPT, each with its outcome.
    pub recipients: Vec<Recipient>,
}

impl<S: State> DataRefused<S> {
    pub(super) fn new(connection: Connection<S>, undelivered: Undelivered) -> Self {
        let (refusal, recipients) = undelivered.into_parts();
        Self { connection, refusal, recipients }
    }
}

impl<S: State> TransitionError<S> {
    /// The connection, handed back.
    pub(super) fn refused(mut connection: Connection<S>, refusal: Refusal) -> Self {
        connection.session.driver.end_call();
        Self::Refused(Refused { connection, refusal })
    }
}

/// Implements text, source and the conversion into [`Error`] of enums that hold a connection.
macro_rules! transition_errors {
    ($($error:ident { $($variant:ident($field:ident) => $show:expr),* $(,)? })*) => {$(
        impl<S: State> Display for $error<S> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant($field) => Display::fmt($show, f),)*
                }
            }
        }

        impl<S: State> std::error::Error for $error<S> {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                match self {
                    $(Self::$variant($field) => Some($show),)*
                }
            }
        }

        impl<S: State> From<$error<S>> for Error {
            fn from(error: $error<S>) -> Self {
                match error {
                    $($error::$variant($field) => $field.into(),)*
                }
            }
        }
    )*};
}

#[cfg(feature = "blocking")]
pub(crate) use transition_errors;

transition_errors! {
    TransitionError {
        Refused(refused) => &refused.refusal,
        Lost(lost) => lost,
    }
    DataError {
        Refused(refused) => &refused.refusal,
        Lost(lost) => lost.lost(),
        Unknown(unknown) => unknown,
    }
}

impl<S: State> From<Refused<S>> for Error {
    fn from(refused: Refused<S>) -> Self {
        Self::Refused(refused.refusal)
    }
}

impl<S: State> From<DataRefused<S>> for Error {
    fn from(refused: DataRefused<S>) -> Self {
        Self::Refused(refused.refusal)
    }
}

impl<S: State> From<Lost> for TransitionError<S> {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}
