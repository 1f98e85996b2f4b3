//! A connection that many callers share: each gives it messages, one task runs it.

use std::fmt::{self, Debug};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::feed_progress::FeedProgress;
use super::session::Session;
use super::typed::Connection;
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::exchange::delivery::{Delivery, Stopped};
use crate::exchange::feed::{Fed, FedMessages, FeedQueue, FeedSlot, Watcher};
use crate::message::body::Body;
use crate::message::envelope::Envelope;
use crate::message::error::DeliverError;
use crate::message::receipt::Receipt;
use crate::proto::fault::Fault;
use crate::state::Idle;

impl<H: Idle> Connection<H> {
    /// Lets many callers share the connection: each clone of the [`Feed`] takes messages, and the
    /// [`Feeding`] sends them while it is polled, as the connection's
    /// [`Transfer`](crate::Transfer) says, so that callers share its window.
    ///
    /// While nothing is fed the connection is watched: a server that closes it is noticed at once,
    /// and the next message is [`NotSent`](DeliverError::NotSent). A feed is one call: where
    /// messages go [eagerly](crate::Transfer::eager), HELP is asked once, at its end.
    ///
    /// ```no_run
    /// # async fn send(connection: smtp::Connection<smtp::state::Authed>, envelope: smtp::Envelope,
    /// #     body: Vec<u8>) -> Result<(), Box<dyn std::error::Error>> {
    /// let (feed, running) = connection.feed();
    /// let running = tokio::spawn(running);
    /// let receipt = feed.deliver(envelope, body).await?;
    /// drop(feed);
    /// running.await??.quit().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancellation
    ///
    /// Dropping the [`Feeding`] closes the connection. Dropping a [`Feed`] does not.
    pub fn feed(mut self) -> (Feed, Feeding<H>) {
        let (feed, delivery) = begin(&mut self.session, self.state.capabilities());
        (feed, Feeding { connection: Some(self), delivery, begun: false })
    }

    /// As [`feed`](Self::feed), of a connection that is borrowed.
    ///
    /// # Cancellation
    ///
    /// Dropping a [`FeedingMut`] that was polled and is not done interrupts the connection.
    /// Dropping a [`Feed`] does not.
    pub fn feed_mut(&mut self) -> (Feed, FeedingMut<'_, H>) {
        let (feed, delivery) = begin(&mut self.session, self.state.capabilities());
        (feed, FeedingMut { connection: self, delivery, begun: false, done: false })
    }
}

fn begin(session: &mut Session, capabilities: &smtp_grammar::Capabilities) -> (Feed, FedMessages) {
    let queue = Arc::new(FeedQueue::default());
    let offers = session.offers(capabilities);
    (Feed::new(Arc::clone(&queue)), Delivery::new(offers, Fed::new(queue)))
}

/// Takes messages for a connection that is shared. First come, first served.
///
/// Clones are handles of the same connection. It comes back, out of its [`Feeding`], once the last
/// of them is gone and every message was answered.
pub struct Feed {
    queue: Arc<FeedQueue>,
}

impl Feed {
    fn new(queue: Arc<FeedQueue>) -> Self {
        queue.add_handle();
        Self { queue }
    }

    /// Delivers a message, as [`Connection::deliver`] does.
    ///
    /// # Errors
    ///
    /// As [`Connection::deliver`]. [`DeliverError::NotSent`] hands the message back
    /// ([`Unsent::into_message`](crate::error::Unsent::into_message)).
    ///
    /// # Cancellation
    ///
    /// Dropping the future takes the message out, as long as it has no room in the window, or the
    /// first piece of a body that is a source has not come. After that the message is sent, and its
    /// result is dropped: a source that never ends then holds the connection for as long as
    /// [`Timeouts::total`](crate::connect::Timeouts::total) allows. The connection is never
    /// interrupted.
    pub fn deliver(&self, envelope: Envelope, body: impl Into<Body<'static>>) -> FeedDelivery {
        let slot = FeedSlot::new(envelope, body.into());
        self.queue.add_handle();
        FeedDelivery { queue: Some(Arc::clone(&self.queue)), slot: Some(slot) }
    }

    /// As [`deliver`](Self::deliver), in two steps: the first ends when the message has room in the
    /// window, so that a caller cannot have more messages in memory than the connection can send;
    /// the second is its answer.
    ///
    /// # Cancellation
    ///
    /// As [`deliver`](Self::deliver).
    pub fn submit(&self, envelope: Envelope, body: impl Into<Body<'static>>) -> FeedSubmission {
        FeedSubmission(self.deliver(envelope, body))
    }

    /// Waits until the feed takes no more messages, and says how the connection was lost; `None`
    /// where the server takes no more over it, or the last `Feed` is gone and all is answered. A
    /// pool takes a feed out then, before a message is given to it in vain.
    ///
    /// The future does not count as a `Feed`: the connection comes back although it waits.
    ///
    /// # Cancellation
    ///
    /// Dropping the future changes nothing.
    pub fn closed(&self) -> FeedClosed {
        FeedClosed { queue: Arc::clone(&self.queue), watcher: None }
    }
}

/// The future of [`Feed::closed`].
///
/// # Cancellation
///
/// As [`Feed::closed`].
#[must_use = "nothing is watched while this future is not polled"]
pub struct FeedClosed {
    queue: Arc<FeedQueue>,
    watcher: Option<Arc<Watcher>>,
}

impl Future for FeedClosed {
    type Output = Option<Lost>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Lost>> {
        let Self { queue, watcher } = self.get_mut();
        queue.poll_closed(watcher, cx).map(Result::ok)
    }
}

impl Debug for FeedClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedClosed").finish_non_exhaustive()
    }
}

impl Clone for Feed {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.queue))
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.queue.remove_handle();
    }
}

impl Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}

/// The future of [`Feed::deliver`]: a message, and its result. The message is in the queue once the
/// future was polled.
///
/// # Cancellation
///
/// As [`Feed::deliver`].
#[must_use = "a message is sent when its future is awaited"]
pub struct FeedDelivery {
    /// The queue, until the message is in it: until then the message counts as a handle.
    queue: Option<Arc<FeedQueue>>,
    /// The message and its result, until that was taken.
    slot: Option<Arc<FeedSlot>>,
}

impl FeedDelivery {
    /// Puts the message into the queue.
    fn enqueue(&mut self) -> Option<&Arc<FeedSlot>> {
        let slot = self.slot.as_ref()?;
        if let Some(queue) = self.queue.take() {
            queue.push(Arc::clone(slot));
        }
        Some(slot)
    }

    /// Gives the message up, as dropping this does, and says when the connection is done with it.
    /// `None` where that is so already: the message has not begun, and was taken out.
    ///
    /// For an owner of many callers, who counts the messages that a connection has.
    ///
    /// # Cancellation
    ///
    /// The message of a [`FeedAbandoned`] that is dropped is sent all the same.
    pub fn abandon(mut self) -> Option<FeedAbandoned> {
        let is_queued = self.queue.is_none();
        let begun = self.slot.take_if(|slot| is_queued && slot.abandon_begun());
        begun.map(|slot| FeedAbandoned(Self { queue: None, slot: Some(slot) }))
    }

    /// Does not send the message, unless it has room in the window: its result says why.
    #[cfg(feature = "blocking")]
    pub(crate) fn refused(mut self, lost: Lost) -> Self {
        if let Some(queue) = self.queue.take() {
            queue.remove_handle();
        }
        if let Some(slot) = &self.slot {
            slot.not_sent(Ok(lost));
        }
        self
    }
}

impl Future for FeedDelivery {
    type Output = Result<Receipt, DeliverError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let Some(slot) = this.enqueue() else {
            return Poll::Pending;
        };
        let result = ready!(slot.poll_result(cx));
        this.slot = None;
        Poll::Ready(result)
    }
}

impl Drop for FeedDelivery {
    fn drop(&mut self) {
        if let Some(slot) = &self.slot {
            slot.abandon();
        }
        if let Some(queue) = &self.queue {
            queue.remove_handle();
        }
    }
}

impl Debug for FeedDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedDelivery")
            .field("queued", &self.queue.is_none())
            .finish_non_exhaustive()
    }
}

/// A message that its caller has [given up](FeedDelivery::abandon) and that the connection still has.
/// The future is ready once the connection is done with it, with its result.
///
/// # Errors
///
/// As [`Feed::deliver`]. A body that had not begun is [`Refused`](DeliverError::Refused) by this side.
///
/// # Cancellation
///
/// Dropping it changes nothing for the message.
#[must_use = "the message is given up all the same"]
#[derive(Debug)]
pub struct FeedAbandoned(FeedDelivery);

impl Future for FeedAbandoned {
    type Output = Result<Receipt, DeliverError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

/// The future of [`Feed::submit`]: a message that waits for room in the window. It gives the future
/// of its result.
///
/// # Cancellation
///
/// As [`Feed::deliver`].
#[must_use = "a message is sent when its future is awaited"]
#[derive(Debug)]
pub struct FeedSubmission(FeedDelivery);

impl Future for FeedSubmission {
    type Output = FeedDelivery;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<FeedDelivery> {
        let delivery = &mut self.get_mut().0;
        let Some(slot) = delivery.enqueue() else {
            return Poll::Pending;
        };
        ready!(slot.poll_begun(cx));
        let slot = delivery.slot.take();
        Poll::Ready(FeedDelivery { queue: None, slot })
    }
}

/// Why a feed takes no more messages.
fn reason(session: &Session, run: &Result<Stopped, Lost>) -> Result<Lost, Refusal> {
    match run {
        Err(lost) => Ok(lost.clone()),
        Ok(_) => Err(Refusal::exhausted(session.driver.transactions())),
    }
}

/// Runs the messages of a feed; the driver is told of a call at its first poll.
fn poll_feed(
    session: &mut Session,
    delivery: &mut FedMessages,
    begun: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<Result<Stopped, Lost>> {
    let run = if !std::mem::replace(begun, true)
        && let Err(lost) = session.driver.begin_call()
    {
        Err(lost)
    } else {
        ready!(session.driver.poll_run(cx, delivery))
    };
    session.driver.end_call();
    delivery.messages().queue.close(&reason(session, &run));
    Poll::Ready(run)
}

/// Gives the feed up: the messages that waited are not sent, and the others get the result that is
/// known.
fn interrupt(session: &mut Session, delivery: &mut FedMessages) {
    if let Err(lost) = session.driver.interrupt(delivery) {
        delivery.messages().queue.close(&Ok(lost));
    }
}

/// Sends the messages of a [`Feed`] while it is polled.
///
/// It gives the connection back once the last [`Feed`] is gone and all is answered, or when the
/// server takes no more messages over it; then messages are [`NotSent`](DeliverError::NotSent).
///
/// # Errors
///
/// [`Lost`] when the connection is gone. Every message that was fed has its result.
///
/// # Cancellation
///
/// Dropping it closes the connection: messages that waited are [`NotSent`](DeliverError::NotSent),
/// those under way [`Lost`](DeliverError::Lost) or [`Unknown`](DeliverError::Unknown).
#[must_use = "nothing is sent while this future is not polled"]
pub struct Feeding<H: Idle> {
    connection: Option<Connection<H>>,
    delivery: FedMessages,
    begun: bool,
}

impl<H: Idle> Feeding<H> {
    /// How far the connection is, for the task that polls it. A pool tells a connection that makes
    /// no progress by it.
    #[inline]
    pub fn progress(&self) -> FeedProgress {
        self.connection.as_ref().map_or_else(FeedProgress::default, |connection| {
            FeedProgress::of(&connection.session.driver)
        })
    }
}

#[cfg(feature = "blocking")]
impl<H: Idle> Feeding<H> {
    /// Whether bytes may have arrived that the runtime has not noticed, because it did not run.
    pub(crate) fn may_have_arrived(&self) -> bool {
        self.connection.as_ref().is_some_and(|it| it.session.driver.may_have_arrived())
    }
}

impl<H: Idle> Future for Feeding<H> {
    type Output = Result<Connection<H>, Lost>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let Some(connection) = &mut this.connection else {
            return Poll::Ready(Err(Lost::new(Fault::Ended, None)));
        };
        let session = &mut connection.session;
        let run = ready!(poll_feed(session, &mut this.delivery, &mut this.begun, cx));
        let connection = this.connection.take();
        Poll::Ready(run.and_then(|_| connection.ok_or_else(|| Lost::new(Fault::Ended, None))))
    }
}

impl<H: Idle> Drop for Feeding<H> {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.connection {
            interrupt(&mut connection.session, &mut self.delivery);
        }
    }
}

// Nothing here is pinned.
impl<H: Idle> Unpin for Feeding<H> {}

impl<H: Idle> Debug for Feeding<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feeding").field("connection", &self.connection).finish_non_exhaustive()
    }
}

/// As [`Feeding`], of a connection that is borrowed.
///
/// # Cancellation
///
/// Dropping it interrupts the connection, unless it was never polled.
#[must_use = "nothing is sent while this future is not polled"]
pub struct FeedingMut<'a, H: Idle> {
    connection: &'a mut Connection<H>,
    delivery: FedMessages,
    begun: bool,
    done: bool,
}

impl<H: Idle> Future for FeedingMut<'_, H> {
    type Output = Result<(), Lost>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { connection, delivery, begun, done } = self.get_mut();
        let run = ready!(poll_feed(&mut connection.session, delivery, begun, cx));
        *done = true;
        Poll::Ready(run.map(|_| ()))
    }
}

impl<H: Idle> Drop for FeedingMut<'_, H> {
    fn drop(&mut self) {
        if self.begun && !self.done {
            interrupt(&mut self.connection.session, &mut self.delivery);
        } else if !self.done {
            let lost = Lost::new(Fault::Interrupted, None);
            self.delivery.messages().queue.close(&Ok(lost));
        }
    }
}

impl<H: Idle> Debug for FeedingMut<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedingMut").field("connection", &self.connection).finish_non_exhaustive()
    }
}
