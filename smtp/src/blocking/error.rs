//! Errors that hand the connection back: those of [`connection`], with a blocking connection.

use std::fmt::{self, Display};

use super::convert::{IntoBlocking, Kept, sealed::Sealed};
use super::typed::Connection;
use crate::any_error::Error;
use crate::connection;
use crate::connection::error::transition_errors;
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::message::error::{DeliveryLost, DeliveryUnknown};
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

impl<S: State> IntoBlocking for connection::TransitionError<S> {
    type Blocking = TransitionError<S>;

    fn into_blocking(self, runtime: Kept) -> TransitionError<S> {
        match self {
            Self::Refused(connection::Refused { connection, refusal }) => {
                let connection = connection.into_blocking(runtime);
                TransitionError::Refused(Refused { connection, refusal })
            }
            Self::Lost(lost) => TransitionError::Lost(lost),
        }
    }
}

impl<S: State> IntoBlocking for connection::DataError<S> {
    type Blocking = DataError<S>;

    fn into_blocking(self, runtime: Kept) -> DataError<S> {
        match self {
            Self::Refused(connection::DataRefused { connection, refusal, recipients }) => {
                let connection = connection.into_blocking(runtime);
                DataError::Refused(DataRefused { connection, refusal, recipients })
            }
            Self::Lost(lost) => DataError::Lost(lost),
            Self::Unknown(unknown) => DataError::Unknown(unknown),
        }
    }
}

impl<S: State> Sealed for connection::TransitionError<S> {}
impl<S: State> Sealed for connection::DataError<S> {}
