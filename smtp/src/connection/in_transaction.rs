//! What can be done in `InTransaction`: name recipients, send the message, or give up.

use super::Connection;
use super::call::{Call, Pending};
use super::chunks::Chunks;
use super::error::{DataError, Refused, TransitionError};
use super::message::{Sent, check};
use crate::body::Body;
use crate::command::{Bdat, Data, Rcpt, Rset};
use crate::error::{DeliveryUnknown, Refusal};
use crate::proto::command::{Command as _, encode_line};
use crate::proto::content::Measure;
use crate::receipt::Receipt;
use crate::state::{Home, InTransaction, OpensContent};

impl<H: Home> Connection<InTransaction<H>> {
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
    pub fn rcpt(&mut self, rcpt: Rcpt) -> Call<'_, InTransaction<H>, Rcpt> {
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
    /// nobody knows.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection. Before the final dot has left, the server then
    /// drops what it got; after that, nobody knows.
    pub async fn data(
        self,
        body: impl Into<Body<'_>>,
    ) -> Result<(Connection<H>, Receipt), DataError<H>> {
        self.send_content(Data, body.into()).await
    }

    /// As [`data`](Self::data), opened by a command of yours.
    ///
    /// # Errors
    ///
    /// As [`data`](Self::data).
    pub fn content<'a, C: OpensContent + Send + Sync + 'a>(
        self,
        command: C,
        body: impl Into<Body<'a>>,
    ) -> Pending<'a, Result<(Connection<H>, Receipt), DataError<H>>> {
        let body = body.into();
        Pending::new(async move { self.send_content(command, body).await })
    }

    /// Sends the message with BDAT, in chunks of the size that the connection's
    /// [`Transfer`](crate::Transfer) says, and ends the transaction (RFC 3030 §2). Without an
    /// accepted recipient nothing of the message is sent. A server that offers PIPELINING gets the
    /// next chunk before it has answered the last.
    ///
    /// It is the way of a [binary](crate::LineEnds::Binary) message, which MAIL must declare as
    /// [`BodyKind::BinaryMime`](crate::extension::BodyKind::BinaryMime).
    ///
    /// # Errors
    ///
    /// As [`data`](Self::data); [`DataError::Refused`] too when the server does not offer CHUNKING.
    /// A chunk that is refused ends the message, and RSET its transaction.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection. Before the last chunk has left, the server then
    /// drops what it got; after that, nobody knows.
    pub async fn bdat(
        mut self,
        body: impl Into<Body<'_>>,
    ) -> Result<(Connection<H>, Receipt), DataError<H>> {
        self.session.driver.enter()?;
        let body = body.into();
        let declared = self.state.declared;
        let capabilities = self.state.home.capabilities();
        let session = &mut self.session;
        let sent = match self.state.may_send(&body).and_then(|measure| {
            encode_line(&Bdat::last(0), capabilities)
                .map_err(|error| Refusal::encode(Bdat::SPEC.verb, error))
                .map(|_| measure)
        }) {
            Err(refusal) => Sent::Refused(session.abandon(refusal, capabilities).await?),
            Ok(measure) => {
                let size = session.profile.transfer.chunk;
                let chunks = Chunks::new(body, measure, declared.eight_bit, size);
                session.send_chunks(chunks, capabilities).await?
            }
        };
        self.arrive_home(sent)
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
        self.session.driver.enter()?;
        if let Err(refusal) = self.exchange(&Rset).await? {
            return Err(self.refused(refusal));
        }
        self.session.driver.leave();
        Ok(Connection { session: self.session, state: self.state.home })
    }

    async fn send_content<C: OpensContent>(
        mut self,
        command: C,
        body: Body<'_>,
    ) -> Result<(Connection<H>, Receipt), DataError<H>> {
        self.session.driver.enter()?;
        let declared = self.state.declared;
        let capabilities = self.state.home.capabilities();
        let session = &mut self.session;
        let sent = match self.state.may_send(&body) {
            Err(refusal) => Sent::Refused(session.abandon(refusal, capabilities).await?),
            Ok(measure) => {
                session.send_message(&command, capabilities, declared, body, measure).await?
            }
        };
        self.arrive_home(sent)
    }

    /// Ends the call whose message was sent, or not.
    fn arrive_home(mut self, sent: Sent) -> Result<(Connection<H>, Receipt), DataError<H>> {
        self.session.driver.leave();
        let connection = Connection { session: self.session, state: self.state.home };
        match sent {
            Sent::Taken(reply) => Ok((connection, Receipt::new(Vec::new(), reply))),
            Sent::Refused(refusal) => Err(DataError::Refused(Refused { connection, refusal })),
            Sent::Unknown(lost) => Err(DataError::Unknown(DeliveryUnknown::new(lost, Vec::new()))),
        }
    }
}

impl<H: Home> InTransaction<H> {
    /// Finds what makes a message unsendable before any of it is sent.
    fn may_send(&self, body: &Body<'_>) -> Result<Option<Measure>, Refusal> {
        if self.accepted == 0 {
            return Err(Refusal::no_recipients());
        }
        check(body, self.declared.eight_bit)
    }
}
