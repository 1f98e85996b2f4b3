//! The calls of the state `InTransaction`: name recipients, send the message, or give up.

use std::fmt::{self, Debug};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use smtp_grammar::Reply;

use super::call::Call;
use super::error::{DataError, DataRefused, TransitionError};
use super::typed::Connection;
use crate::command::{Bdat, Data, Rcpt, Rset};
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::exchange::message::{SendMessage, Sent};
use crate::exchange::plan::check_body;
use crate::exchange::recipients::RecipientList;
use crate::exchange::transaction::{Carriage, Transaction};
use crate::message::body::Body;
use crate::message::error::DeliveryLost;
use crate::message::receipt::Receipt;
use crate::message::transfer::BodyMethod;
use crate::proto::command::{Command, encode_line};
use crate::state::{Idle, InTransaction, OpensContent, State as _};

impl<H: Idle> Connection<InTransaction<H>> {
    /// Names a recipient (RFC 5321 §3.3). A refused one leaves the transaction open for others.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) when the server refuses the recipient,
    /// [`Error::Lost`](crate::Error::Lost) when the connection is gone.
    ///
    /// # Cancellation
    ///
    /// A future that was polled and is dropped before it is done interrupts the connection.
    pub fn rcpt(&mut self, rcpt: Rcpt) -> Call<'_, InTransaction<H>, Rcpt, Reply> {
        self.send(rcpt)
    }

    /// How many recipients were accepted so far.
    pub fn accepted(&self) -> usize {
        self.state.accepted
    }

    /// Sends the message with DATA, and ends the transaction (RFC 5321 §3.3). Without an accepted
    /// recipient nothing of the message is sent.
    ///
    /// # Errors
    ///
    /// [`DataError::Refused`] when the server refuses the message, or it cannot be sent as it is;
    /// the connection is then ready for the next one. [`DataError::Lost`] when the connection is
    /// gone and the message was not delivered, [`DataError::Unknown`] when it was sent whole and
    /// was not answered.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection. Before the final dot has left, the server then
    /// drops what it got; after that, it may have delivered the message.
    pub fn data<'b>(self, body: impl Into<Body<'b>>) -> SendData<'b, H, Data> {
        SendData::new(self, Some(Data), body.into())
    }

    /// As [`data`](Self::data), opened by a command of yours.
    ///
    /// # Errors
    ///
    /// As [`data`](Self::data).
    ///
    /// # Cancellation
    ///
    /// As [`data`](Self::data).
    pub fn content<'b, C: OpensContent>(
        self,
        command: C,
        body: impl Into<Body<'b>>,
    ) -> SendData<'b, H, C> {
        SendData::new(self, Some(command), body.into())
    }

    /// Sends the message with BDAT, in chunks of the size that the connection's
    /// [`Transfer`](crate::Transfer) says, and ends the transaction (RFC 3030 §2). Without an
    /// accepted recipient nothing of the message is sent. A server that offers PIPELINING gets the
    /// next chunk before it has answered the last.
    ///
    /// It is the way of a [binary](crate::message::LineEnds::Binary) message, which MAIL must
    /// declare as [`BodyKind::BinaryMime`](crate::extension::BodyKind::BinaryMime).
    ///
    /// # Errors
    ///
    /// As [`data`](Self::data); [`DataError::Refused`] too when the server does not offer CHUNKING.
    /// A chunk that is refused ends the message, and RSET its transaction.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection. Before the last chunk has left, the server then
    /// drops what it got; after that, it may have delivered the message.
    pub fn bdat<'b>(self, body: impl Into<Body<'b>>) -> SendData<'b, H, Data> {
        SendData::new(self, None, body.into())
    }

    /// Gives the transaction up (RFC 5321 §4.1.1.5).
    ///
    /// # Errors
    ///
    /// [`TransitionError::Lost`] when the connection is gone. A server that refuses RSET has lost
    /// step, but may do so: the connection then comes back as [`TransitionError::Refused`].
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn reset(mut self) -> Result<Connection<H>, TransitionError<InTransaction<H>>> {
        self.session.driver.begin_call()?;
        let reset = self.session.exchange(Rset, self.state.capabilities(), false);
        if let Err(refusal) = reset.await? {
            return Err(TransitionError::refused(self, refusal));
        }
        self.session.driver.end_call();
        Ok(Connection { session: self.session, state: self.state.idle })
    }
}

/// The future of [`Connection::data`], [`content`](Connection::content) and
/// [`bdat`](Connection::bdat). Nothing is sent before it is polled.
///
/// It gives the connection after the transaction and a [`Receipt`], or a [`DataError`].
///
/// # Cancellation
///
/// As [`Connection::data`].
#[must_use = "a message is sent when its future is awaited"]
pub struct SendData<'b, H: Idle, C> {
    connection: Option<Connection<InTransaction<H>>>,
    exchange: SendMessage<'b, C>,
    begun: bool,
}

impl<'b, H: Idle, C: Command> SendData<'b, H, C> {
    /// A message that `command` opens, or one in chunks.
    fn new(
        mut connection: Connection<InTransaction<H>>,
        command: Option<C>,
        body: Body<'b>,
    ) -> Self {
        let InTransaction { idle, accepted, declared, named } = &mut connection.state;
        let capabilities = idle.capabilities();
        let method = if command.is_some() { BodyMethod::Data } else { BodyMethod::Bdat };
        let checked = check_body(&body, *declared, method).and_then(|summary| {
            if method == BodyMethod::Data {
                return Ok(summary);
            }
            encode_line(&Bdat::last(0), capabilities)
                .map_err(|error| Refusal::encode(Bdat::SPEC.verb, error))
                .map(|_| summary)
        });
        let summary = checked.as_ref().ok().copied().flatten();
        let chunk_size = connection.session.config.transfer.chunk;
        let carriage = Carriage { method, summary, chunk_size };
        let recipients = RecipientList::answered(std::mem::take(named));
        let mut transaction = Transaction::opened(recipients, *accepted, *declared, body, carriage);
        if let Err(refusal) = checked {
            transaction.refuse(refusal);
        }
        let exchange = SendMessage::new(transaction, command, capabilities);
        Self { connection: Some(connection), exchange, begun: false }
    }

    fn finish(&mut self, sent: Sent) -> Result<(Connection<H>, Receipt), DataError<H>> {
        let connection = self.connection.take().map(|Connection { mut session, state }| {
            session.driver.end_call();
            Connection { session, state: state.idle }
        });
        match (sent, connection) {
            (Sent::Taken(receipt), Some(connection)) => Ok((connection, receipt)),
            (Sent::Refused(undelivered), Some(connection)) => {
                Err(DataError::Refused(DataRefused::new(connection, undelivered)))
            }
            (Sent::Lost(lost), _) => Err(DataError::Lost(lost)),
            (Sent::Unknown(unknown), _) => Err(DataError::Unknown(unknown)),
            // It was polled after it was done.
            (Sent::Taken(_) | Sent::Refused(_), None) => Err(ended()),
        }
    }
}

fn ended<H: Idle>() -> DataError<H> {
    let lost = Lost::new(crate::proto::fault::Fault::Ended, None);
    DataError::Lost(DeliveryLost::new(lost, Vec::new()))
}

impl<H: Idle, C: Command> Future for SendData<'_, H, C> {
    type Output = Result<(Connection<H>, Receipt), DataError<H>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let Some(connection) = &mut this.connection else {
            return Poll::Ready(Err(ended()));
        };
        let driver = &mut connection.session.driver;
        if !std::mem::replace(&mut this.begun, true)
            && let Err(lost) = driver.begin_call()
        {
            let sent = this.exchange.never_begun(lost);
            return Poll::Ready(this.finish(sent));
        }
        let sent = ready!(driver.poll_run(cx, &mut this.exchange));
        Poll::Ready(this.finish(sent))
    }
}

// Nothing here is pinned.
impl<H: Idle, C> Unpin for SendData<'_, H, C> {}

impl<H: Idle, C> Debug for SendData<'_, H, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendData").field("begun", &self.begun).finish_non_exhaustive()
    }
}
