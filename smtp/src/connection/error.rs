//! Errors that hand the connection back.

use std::fmt::{self, Display};

use super::Connection;
use crate::error::{DeliveryUnknown, Error, Fault, Lost, Refusal};
use crate::state::State;

/// A call that would have moved the session from the state `S`, and did not.
#[derive(Debug)]
pub enum TransitionError<S: State> {
    /// The server said no, or the command was never sent. Here is the connection.
    Refused(Refused<S>),
    /// The connection is gone.
    Lost(Lost),
}

/// A refusal, and the connection in the state it was in.
#[derive(Debug)]
pub struct Refused<S: State> {
    /// The connection, which can go on.
    pub connection: Connection<S>,
    /// What was refused, and why.
    pub refusal: Refusal,
}

/// A message that was not taken, or nobody knows. The transaction is over.
#[derive(Debug)]
pub enum DataError<S: State> {
    /// The message was refused, or never sent. Here is the connection, behind the transaction.
    Refused(Refused<S>),
    /// The connection is gone, and the message was not delivered.
    Lost(Lost),
    /// The connection is gone after the message had been sent whole.
    Unknown(DeliveryUnknown),
}

impl<S: State> TransitionError<S> {
    pub(super) fn refused(connection: Connection<S>, refusal: Refusal) -> Self {
        Self::Refused(Refused { connection, refusal })
    }
}

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

        impl<S: State> From<Lost> for $error<S> {
            fn from(lost: Lost) -> Self {
                Self::Lost(lost)
            }
        }

        impl<S: State> From<Fault> for $error<S> {
            fn from(fault: Fault) -> Self {
                Self::Lost(fault.into())
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

transition_errors! {
    TransitionError {
        Refused(refused) => &refused.refusal,
        Lost(lost) => lost,
    }
    DataError {
        Refused(refused) => &refused.refusal,
        Lost(lost) => lost,
        Unknown(unknown) => unknown,
    }
}

impl<S: State> From<Refused<S>> for Error {
    fn from(refused: Refused<S>) -> Self {
        Self::Refused(refused.refusal)
    }
}
