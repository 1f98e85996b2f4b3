//! The calls of the state `InTransaction`: name recipients, send the message, or give up.

use std::future::IntoFuture;

use smtp_grammar::Reply;

use super::convert::IntoBlocking;
use super::error::{DataError, TransitionError};
use super::typed::Connection;
use crate::any_error::Error;
use crate::command::Rcpt;
use crate::connection;
use crate::connection::pipeline::Pipeline;
use crate::message::body::Body;
use crate::message::receipt::Receipt;
use crate::state::{Idle, InTransaction, OpensContent};

impl<H: Idle> Connection<InTransaction<H>> {
    /// Names a recipient (RFC 5321 §3.3). A refused one leaves the transaction open for others.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when the server refuses the recipient, [`Error::Lost`] when the connection
    /// is gone.
    pub fn rcpt(&mut self, rcpt: Rcpt) -> Result<Reply, Error> {
        self.call(|connection| connection.rcpt(rcpt))
    }

    /// How many recipients were accepted so far.
    pub fn accepted(&self) -> usize {
        self.inner.accepted()
    }

    /// Sends the message with DATA, and ends the transaction (RFC 5321 §3.3). Without an accepted
    /// recipient nothing of the message is sent.
    ///
    /// # Errors
    ///
    /// As [`Connection::data`](crate::Connection::data).
    pub fn data<'b>(
        self,
        body: impl Into<Body<'b>>,
    ) -> Result<(Connection<H>, Receipt), DataError<H>> {
        self.take(|connection| connection.data(body))
    }

    /// As [`data`](Self::data), opened by a command of yours.
    ///
    /// # Errors
    ///
    /// As [`data`](Self::data).
    pub fn content<'b, C: OpensContent>(
        self,
        command: C,
        body: impl Into<Body<'b>>,
    ) -> Result<(Connection<H>, Receipt), DataError<H>> {
        self.take(|connection| connection.content(command, body))
    }

    /// Sends the message with BDAT (RFC 3030 §2), and ends the transaction, as
    /// [`Connection::bdat`](crate::Connection::bdat).
    ///
    /// # Errors
    ///
    /// As [`Connection::bdat`](crate::Connection::bdat).
    pub fn bdat<'b>(
        self,
        body: impl Into<Body<'b>>,
    ) -> Result<(Connection<H>, Receipt), DataError<H>> {
        self.take(|connection| connection.bdat(body))
    }

    /// Gives the transaction up (RFC 5321 §4.1.1.5).
    ///
    /// # Errors
    ///
    /// As [`Connection::reset`](crate::Connection::reset).
    pub fn reset(self) -> Result<Connection<H>, TransitionError<InTransaction<H>>> {
        self.take(connection::Connection::reset)
    }

    /// Sends a [group of commands](crate::pipeline) within the transaction. `build` adds the
    /// commands, in an order that the compiler checks.
    pub fn pipeline<'a, G, C, O>(
        self,
        build: impl FnOnce(Pipeline<'a, InTransaction<H>, ()>) -> G,
    ) -> (C::Blocking, O)
    where
        G: IntoFuture<Output = (C, O)>,
        C: IntoBlocking,
    {
        self.take(|connection| build(connection.pipeline()))
    }
}
