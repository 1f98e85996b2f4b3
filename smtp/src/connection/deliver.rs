//! How messages go out: the whole transaction in one call.

use std::borrow::Borrow;

use super::Connection;
use super::delivery::Delivery;
use super::envelope::Envelope;
use super::transfer::Transfer;
use crate::body::Body;
use crate::error::{DeliverError, Fault, Lost};
use crate::receipt::Receipt;
use crate::state::Home;

impl<H: Home> Connection<H> {
    /// Delivers a message: MAIL, a RCPT for each recipient, the content.
    ///
    /// A server that offers PIPELINING gets the commands before the content in one flight (RFC 2920),
    /// any other one at a time; what comes of it is the same.
    ///
    /// The message goes to whoever the server accepts, or as the envelope's
    /// [`policy`](Envelope::policy) says. `SIZE=`, `BODY=8BITMIME` and `SMTPUTF8` are
    /// added where the message needs them and the server offers them.
    ///
    /// # Errors
    ///
    /// [`DeliverError::Refused`] when nobody got the message and the session goes on: what can be
    /// seen of the message or the envelope beforehand is refused without sending anything.
    /// [`DeliverError::Lost`] when the connection is gone and nobody got it,
    /// [`DeliverError::Unknown`] when it was sent whole and nobody knows.
    ///
    /// # Cancellation
    ///
    /// A future that was polled and is dropped before it is done interrupts the connection. Before
    /// the final dot has left, the server then drops what it got; after that, nobody knows.
    pub async fn deliver(
        &mut self,
        envelope: &Envelope,
        body: impl Into<Body<'_>>,
    ) -> Result<Receipt, DeliverError> {
        self.session.driver.enter().map_err(|fault| DeliverError::Lost(fault.into()))?;
        let mut result = None;
        let report = |_, delivered| result = Some(delivered);
        let messages = std::iter::once((envelope, body.into()));
        let run = self.delivery(messages, report).run().await;
        let result = match (run, result) {
            // The server did not even let the transaction be ended, so the session is not intact.
            (Err(fault), Some(Err(DeliverError::Refused(undelivered)))) => {
                let fault = match undelivered.refusal().reply() {
                    Some(reply) => Fault::Closing(reply.clone()),
                    None => fault,
                };
                Err(DeliverError::Lost(fault.into()))
            }
            (_, Some(result)) => result,
            (run, None) => Err(DeliverError::Lost(run.err().unwrap_or(Fault::Ended).into())),
        };
        self.session.driver.leave();
        result
    }

    /// Delivers messages one after the other over this connection, as its
    /// [`Transfer`](crate::Transfer) says, and hands each result to `report` with the message's
    /// place, as soon as it is known.
    ///
    /// A server that offers PIPELINING gets the content of one message and the commands before the
    /// next in one flight: a message then costs one round trip. Recipients beyond what the server
    /// takes at once (RFC 9422, or a 452 to RCPT) get the message in transactions of their own, and
    /// its receipt names them all; results come in the order in which they are known.
    ///
    /// It stops when the connection is lost. What became of the messages under way was then
    /// reported; all others are still in `messages`: pass `&mut messages` to keep them.
    ///
    /// # Errors
    ///
    /// [`Lost`] when the connection is gone.
    ///
    /// # Cancellation
    ///
    /// As [`deliver`](Self::deliver).
    pub async fn deliver_all<'b, E: Borrow<Envelope>, B: Into<Body<'b>>>(
        &mut self,
        messages: impl IntoIterator<Item = (E, B)>,
        report: impl FnMut(usize, Result<Receipt, DeliverError>),
    ) -> Result<(), Lost> {
        self.session.driver.enter()?;
        self.delivery(messages.into_iter(), report).run().await?;
        self.session.driver.leave();
        Ok(())
    }

    /// Sets how messages travel from now on.
    pub fn set_transfer(&mut self, transfer: Transfer) {
        self.session.profile.transfer = transfer;
    }

    fn delivery<'b, E, B, M, R>(&mut self, messages: M, report: R) -> Delivery<'_, 'b, E, M, R>
    where
        E: Borrow<Envelope>,
        B: Into<Body<'b>>,
        M: Iterator<Item = (E, B)>,
        R: FnMut(usize, Result<Receipt, DeliverError>),
    {
        let capabilities = self.state.capabilities();
        let transfer = self.session.profile.transfer.clone();
        Delivery::new(&mut self.session, capabilities, transfer, messages, report)
    }
}
