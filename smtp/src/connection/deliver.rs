//! The calls that deliver messages: each runs whole transactions.

use std::borrow::Borrow;
use std::fmt::{self, Debug};
use std::future::Future;
use std::iter::Enumerate;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use smtp_grammar::Capabilities;

use super::session::Session;
use super::typed::Connection;
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::exchange::delivery::{Delivered, Delivery, Messages, OneMessage, Stopped};
use crate::message::body::Body;
use crate::message::envelope::Envelope;
use crate::message::error::{DeliverError, DeliveryUnknown};
use crate::message::receipt::Receipt;
use crate::message::transfer::Transfer;
use crate::state::Idle;

impl<H: Idle> Connection<H> {
    /// Delivers a message: MAIL, a RCPT for each recipient, the content.
    ///
    /// A server that offers PIPELINING gets the commands before the content in one flight (RFC
    /// 2920), any other one at a time; the result is the same.
    ///
    /// The message goes to the recipients that the server accepts, or as the envelope's
    /// [`policy`](Envelope::policy) says. `SIZE=`, `BODY=8BITMIME` and `SMTPUTF8` are
    /// added where the message needs them and the server offers them.
    ///
    /// # Errors
    ///
    /// [`DeliverError::Refused`] when no recipient got the message and the session goes on. A
    /// message or an envelope that cannot be sent to this server is refused before anything is
    /// sent. [`DeliverError::NotSent`] when the connection was gone before anything had left, or
    /// the server takes no more messages over it; [`DeliverError::Lost`] when it is gone and no
    /// recipient got the message; [`DeliverError::Unknown`] when it is gone and the message was
    /// sent whole and not answered.
    ///
    /// # Cancellation
    ///
    /// A future that was polled and is dropped before it is done interrupts the connection. Before
    /// the final dot has left, the server then drops what it got; after that, it may have delivered
    /// the message.
    pub fn deliver<'a, 'b>(
        &'a mut self,
        envelope: &'a Envelope,
        body: impl Into<Body<'b>>,
    ) -> Deliver<'a, 'b> {
        let Self { session, state } = self;
        Deliver::new(session, state.capabilities(), envelope, body.into())
    }

    /// Delivers messages one after the other over this connection, as its
    /// [`Transfer`](crate::Transfer) says, and hands each result to `report` with the message's
    /// index, as soon as it is known.
    ///
    /// The index counts the messages of this call, from 0: a second call that goes on with the rest
    /// of the same iterator begins at 0 again.
    ///
    /// A server that offers PIPELINING gets the content of one message and the commands before the
    /// next in one flight: a message then costs one round trip. Recipients beyond what the server
    /// takes at once (RFC 9422, or a 452 to RCPT) get the message in transactions of their own, and
    /// its receipt names them all; results come in the order in which they are known.
    ///
    /// It stops when the connection is lost, or when the server takes no more messages over it
    /// ([`Stopped::ServerLimit`]). The results of the messages in flight were then reported; all
    /// others are still in `messages`: pass `&mut messages` to keep them.
    ///
    /// Envelopes and bodies may be borrowed from a list:
    ///
    /// ```no_run
    /// # use smtp::{Connection, Envelope, state::Authed};
    /// # async fn send(mut connection: Connection<Authed>, list: Vec<(Envelope, Vec<u8>)>)
    /// #     -> Result<(), smtp::Lost> {
    /// let mut failed = Vec::new();
    /// let messages = list.iter().map(|(envelope, body)| (envelope, body));
    /// connection
    ///     .deliver_all(messages, |index, result| {
    ///         if let Err(error) = result {
    ///             failed.push((&list[index], error));
    ///         }
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Lost`] when the connection is gone.
    ///
    /// # Cancellation
    ///
    /// As [`deliver`](Self::deliver).
    pub fn deliver_all<'a, 'b, M, E, B, R>(
        &'a mut self,
        messages: M,
        report: R,
    ) -> DeliverAll<'a, 'b, M::IntoIter, E, R>
    where
        M: IntoIterator<Item = (E, B)>,
        E: Borrow<Envelope>,
        B: Into<Body<'b>>,
        R: FnMut(usize, Result<Receipt, DeliverError>),
    {
        let Self { session, state } = self;
        DeliverAll::new(session, state.capabilities(), messages.into_iter(), report)
    }

    /// As [`deliver_all`](Self::deliver_all), of messages that come from a stream. While the stream
    /// has none, earlier messages leave and are reported, and the connection is watched.
    ///
    /// # Errors
    ///
    /// As [`deliver_all`](Self::deliver_all).
    ///
    /// # Cancellation
    ///
    /// As [`deliver_all`](Self::deliver_all).
    #[cfg(feature = "stream")]
    pub fn deliver_stream<'a, 'b, M, E, B, R>(
        &'a mut self,
        messages: M,
        report: R,
    ) -> DeliverStream<'a, 'b, M, E, R>
    where
        M: futures_core::Stream<Item = (E, B)>,
        E: Borrow<Envelope>,
        B: Into<Body<'b>>,
        R: FnMut(usize, Result<Receipt, DeliverError>),
    {
        let Self { session, state } = self;
        let offers = session.offers(state.capabilities());
        let messages = Streamed { messages: Box::pin(messages), index: 0, report };
        DeliverStream { session, delivery: Delivery::new(offers, messages), begun: false }
    }

    /// Sets how messages travel from now on.
    pub fn set_transfer(&mut self, transfer: Transfer) {
        self.session.config.transfer = transfer;
    }
}

/// The future of [`Connection::deliver`]. Nothing is sent before it is polled.
///
/// # Cancellation
///
/// As [`Connection::deliver`].
#[must_use = "a message is sent when its future is awaited"]
pub struct Deliver<'a, 'b> {
    session: &'a mut Session,
    delivery: Delivery<'b, OneMessage<'a, 'b>, &'a Envelope, ()>,
    begun: bool,
}

impl<'a, 'b> Deliver<'a, 'b> {
    pub(super) fn new(
        session: &'a mut Session,
        capabilities: &Capabilities,
        envelope: &'a Envelope,
        body: Body<'b>,
    ) -> Self {
        let offers = session.offers(capabilities);
        let message = OneMessage::new(envelope, body);
        Self { session, delivery: Delivery::new(offers, message), begun: false }
    }
}

/// The result of a message, after its delivery has ended.
pub(super) fn conclude<'a, 'b>(
    delivery: &mut Delivery<'b, OneMessage<'a, 'b>, &'a Envelope, ()>,
    run: Result<Stopped, Lost>,
    transactions: u64,
) -> Delivered {
    match (delivery.messages().take_result(), run) {
        // The replies were found to be out of step: none of them can be trusted to be about the
        // message.
        (Some(Ok(receipt)), Err(lost)) if delivery.is_in_doubt(&lost) => {
            let recipients = receipt.into_unknown();
            Err(DeliverError::Unknown(DeliveryUnknown::new(lost, recipients)))
        }
        (Some(Err(DeliverError::Refused(refused))), Err(lost))
            if refused.refusal().reply().is_some() && delivery.is_out_of_step(&lost) =>
        {
            let recipients = refused.into_unknown();
            Err(DeliverError::Unknown(DeliveryUnknown::new(lost, recipients)))
        }
        (Some(result), _) => result,
        (None, Err(lost)) => delivery.messages().not_sent(Ok(lost)),
        (None, Ok(_)) => delivery.messages().not_sent(Err(Refusal::exhausted(transactions))),
    }
}

impl Future for Deliver<'_, '_> {
    type Output = Result<Receipt, DeliverError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if !std::mem::replace(&mut this.begun, true)
            && let Err(lost) = this.session.driver.begin_call()
        {
            return Poll::Ready(this.delivery.messages().not_sent(Ok(lost)));
        }
        let run = ready!(this.session.driver.poll_run(cx, &mut this.delivery));
        this.session.driver.end_call();
        let transactions = this.session.driver.transactions();
        Poll::Ready(conclude(&mut this.delivery, run, transactions))
    }
}

impl Debug for Deliver<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliver").field("begun", &self.begun).finish_non_exhaustive()
    }
}

/// The future of [`Connection::deliver_all`]. Nothing is sent before it is polled.
///
/// # Cancellation
///
/// As [`Connection::deliver`].
#[must_use = "messages are sent when their future is awaited"]
pub struct DeliverAll<'a, 'b, M, E, R> {
    session: &'a mut Session,
    delivery: Delivery<'b, Iterated<M, R>, E, usize>,
    begun: bool,
}

/// The messages of an iterator, and the caller's function that takes the results.
struct Iterated<M, R> {
    messages: Enumerate<M>,
    report: R,
}

impl<'b, M, E, B, R> Messages<'b> for Iterated<M, R>
where
    M: Iterator<Item = (E, B)>,
    E: Borrow<Envelope>,
    B: Into<Body<'b>>,
    R: FnMut(usize, Delivered),
{
    type Envelope = E;
    type Ticket = usize;

    fn poll_next(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<Option<(usize, Self::Envelope, Body<'b>)>> {
        self.next_at_once()
    }

    #[inline]
    fn next_at_once(&mut self) -> Poll<Option<(usize, Self::Envelope, Body<'b>)>> {
        Poll::Ready(self.messages.next().map(|(index, message)| {
            let (envelope, body) = message;
            (index, envelope, body.into())
        }))
    }

    fn is_empty(&self) -> bool {
        self.messages.size_hint().1 == Some(0)
    }

    #[inline]
    fn report(&mut self, index: usize, result: Delivered) {
        (self.report)(index, result);
    }
}

impl<'a, 'b, M, E, B, R> DeliverAll<'a, 'b, M, E, R>
where
    M: Iterator<Item = (E, B)>,
    E: Borrow<Envelope>,
    B: Into<Body<'b>>,
    R: FnMut(usize, Delivered),
{
    pub(super) fn new(
        session: &'a mut Session,
        capabilities: &Capabilities,
        messages: M,
        report: R,
    ) -> Self {
        let offers = session.offers(capabilities);
        let messages = Iterated { messages: messages.enumerate(), report };
        Self { session, delivery: Delivery::new(offers, messages), begun: false }
    }
}

impl<'b, M, E, B, R> Future for DeliverAll<'_, 'b, M, E, R>
where
    M: Iterator<Item = (E, B)>,
    E: Borrow<Envelope>,
    B: Into<Body<'b>>,
    R: FnMut(usize, Delivered),
{
    type Output = Result<Stopped, Lost>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { session, delivery, begun } = self.get_mut();
        poll_delivery(session, delivery, begun, cx)
    }
}

/// Runs a delivery; the driver is told of a call at its first poll.
fn poll_delivery<'b, M, E, T>(
    session: &mut Session,
    delivery: &mut Delivery<'b, M, E, T>,
    begun: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<Result<Stopped, Lost>>
where
    M: Messages<'b, Envelope = E, Ticket = T>,
    E: Borrow<Envelope>,
{
    if !std::mem::replace(begun, true) {
        session.driver.begin_call()?;
    }
    let run = ready!(session.driver.poll_run(cx, delivery));
    session.driver.end_call();
    Poll::Ready(run)
}

// Nothing here is pinned.
impl<M, E, R> Unpin for DeliverAll<'_, '_, M, E, R> {}

impl<M, E, R> Debug for DeliverAll<'_, '_, M, E, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliverAll").field("begun", &self.begun).finish_non_exhaustive()
    }
}

/// The future of [`Connection::deliver_stream`]. Nothing is sent before it is polled.
///
/// # Cancellation
///
/// As [`Connection::deliver`].
#[cfg(feature = "stream")]
#[must_use = "messages are sent when their future is awaited"]
pub struct DeliverStream<'a, 'b, M, E, R> {
    session: &'a mut Session,
    delivery: Delivery<'b, Streamed<M, R>, E, usize>,
    begun: bool,
}

/// The messages of a stream, and the caller's function that takes the results.
#[cfg(feature = "stream")]
struct Streamed<M, R> {
    messages: Pin<Box<M>>,
    index: usize,
    report: R,
}

#[cfg(feature = "stream")]
impl<'b, M, E, B, R> Messages<'b> for Streamed<M, R>
where
    M: futures_core::Stream<Item = (E, B)>,
    E: Borrow<Envelope>,
    B: Into<Body<'b>>,
    R: FnMut(usize, Delivered),
{
    type Envelope = E;
    type Ticket = usize;

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<(usize, Self::Envelope, Body<'b>)>> {
        let index = self.index;
        self.messages.as_mut().poll_next(cx).map(|message| {
            self.index += usize::from(message.is_some());
            message.map(|message| {
                let (envelope, body) = message;
                (index, envelope, body.into())
            })
        })
    }

    fn is_empty(&self) -> bool {
        self.messages.size_hint().1 == Some(0)
    }

    fn report(&mut self, index: usize, result: Delivered) {
        (self.report)(index, result);
    }
}

#[cfg(feature = "stream")]
impl<'b, M, E, B, R> Future for DeliverStream<'_, 'b, M, E, R>
where
    M: futures_core::Stream<Item = (E, B)>,
    E: Borrow<Envelope>,
    B: Into<Body<'b>>,
    R: FnMut(usize, Delivered),
{
    type Output = Result<Stopped, Lost>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { session, delivery, begun } = self.get_mut();
        poll_delivery(session, delivery, begun, cx)
    }
}

// Nothing here is pinned.
#[cfg(feature = "stream")]
impl<M, E, R> Unpin for DeliverStream<'_, '_, M, E, R> {}

#[cfg(feature = "stream")]
impl<M, E, R> Debug for DeliverStream<'_, '_, M, E, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliverStream").field("begun", &self.begun).finish_non_exhaustive()
    }
}
