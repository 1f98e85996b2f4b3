//! A connection that many threads share: each gives it messages, and one of those that wait runs
//! it.

use std::fmt::{self, Debug};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::task::JoinHandle;

use super::convert::{IntoBlocking as _, Kept};
use super::reactor::{Reactor, Waiting};
use super::typed::Connection;
use crate::connection;
use crate::error::lost::Lost;
use crate::message::body::Body;
use crate::message::envelope::Envelope;
use crate::message::error::{DeliverError, DeliveryUnknown};
use crate::message::receipt::Receipt;
use crate::proto::fault::Fault;
use crate::state::Idle;

impl<H: Idle> Connection<H> {
    /// Lets many threads share the connection: each clone of the [`Feed`] takes messages, and the
    /// [`Feeding`] gives the connection back.
    ///
    /// No thread is started. One of the threads that wait in a call of the feed sends and reads for
    /// all of them; when it has its own answer it leaves, and another goes on. Between calls nothing
    /// is sent, read or watched, and no timeout is kept: a message that was
    /// [submitted](Feed::submit) goes on with the next call.
    ///
    /// ```no_run
    /// # use smtp::blocking::Connection;
    /// # fn send(connection: Connection<smtp::state::Authed>, list: Vec<(smtp::Envelope, String)>)
    /// #     -> Result<(), smtp::Lost> {
    /// let (feed, feeding) = connection.feed();
    /// std::thread::scope(|scope| {
    ///     for (envelope, body) in list {
    ///         let feed = feed.clone();
    ///         scope.spawn(move || println!("{:?}", feed.deliver(envelope, body)));
    ///     }
    /// });
    /// drop(feed);
    /// feeding.wait()?.quit()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn feed(self) -> (Feed, Feeding<H>) {
        let Self { inner, reactor } = self;
        let (feed, feeding) = inner.feed();
        let runner = Arc::new(Runner(Mutex::new(Some(Box::new(feeding)))));
        let task = {
            let runner = Arc::clone(&runner);
            reactor.spawn(poll_fn(move |cx| runner.poll(cx)))
        };
        let shared = Shared { reactor, runner: Arc::clone(&runner) as _ };
        (Feed { feed, shared: shared.clone() }, Feeding { task, runner, shared })
    }
}

/// Takes messages for a connection that is shared. First come, first served.
///
/// Clones are handles of the same connection. It comes back, out of its [`Feeding`], once the last
/// of them is gone and every message was answered.
#[derive(Clone)]
pub struct Feed {
    feed: connection::Feed,
    shared: Shared,
}

impl Feed {
    /// Delivers a message, as [`Connection::deliver`] does, and waits for its result.
    ///
    /// # Errors
    ///
    /// As [`Connection::deliver`]. [`DeliverError::NotSent`] hands the message back
    /// ([`Unsent::into_message`](crate::error::Unsent::into_message)), also on a thread of a tokio
    /// runtime.
    pub fn deliver(
        &self,
        envelope: Envelope,
        body: impl Into<Body<'static>>,
    ) -> Result<Receipt, DeliverError> {
        let delivery = self.feed.deliver(envelope, body);
        self.shared.result_of(delivery)
    }

    /// As [`deliver`](Self::deliver), in two steps: this one ends when the message has room in the
    /// window, so that a caller cannot have more messages in memory than the connection can send;
    /// [`FeedDelivery::wait`] is its answer.
    pub fn submit(&self, envelope: Envelope, body: impl Into<Body<'static>>) -> FeedDelivery {
        let delivery = match self.shared.reactor.here() {
            Some(here) => {
                // Where there is room at once the runtime is not entered: nothing is sent between
                // calls, and the call that sends it looks at the connection first.
                let mut submitting = pin!(self.feed.submit(envelope, body));
                let mut cx = Context::from_waker(Waker::noop());
                match submitting.as_mut().poll(&mut cx) {
                    Poll::Ready(delivery) => delivery,
                    Poll::Pending => {
                        self.shared.look(here);
                        here.wait(submitting)
                    }
                }
            }
            None => {
                let lost = Lost::new(Fault::InsideRuntime, None);
                self.feed.deliver(envelope, body).refused(lost)
            }
        };
        FeedDelivery { delivery, shared: self.shared.clone() }
    }
}

impl Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.feed, f)
    }
}

/// A message that a [`Feed`] has taken.
///
/// Dropping it takes the message out, as long as that has no room in the window. After that the
/// message is sent with the next calls, and its result is dropped.
#[must_use = "the message is sent while something waits for it"]
#[derive(Debug)]
pub struct FeedDelivery {
    delivery: connection::FeedDelivery,
    shared: Shared,
}

impl FeedDelivery {
    /// Waits for the result.
    ///
    /// # Errors
    ///
    /// As [`Connection::deliver`]. On a thread of a tokio runtime, where it does not wait, a message
    /// that is under way is [`Unknown`](DeliverError::Unknown), and its recipients are not named.
    pub fn wait(mut self) -> Result<Receipt, DeliverError> {
        // An earlier call may have seen the result.
        let mut cx = Context::from_waker(Waker::noop());
        match Pin::new(&mut self.delivery).poll(&mut cx) {
            Poll::Ready(result) => result,
            Poll::Pending => self.shared.result_of(self.delivery),
        }
    }
}

/// Gives the connection back.
///
/// Dropping it closes the connection: messages that waited are
/// [`NotSent`](DeliverError::NotSent), those under way [`Lost`](DeliverError::Lost) or
/// [`Unknown`](DeliverError::Unknown).
#[must_use = "dropping it closes the connection"]
pub struct Feeding<H: Idle> {
    task: JoinHandle<Result<connection::Connection<H>, Lost>>,
    runner: Arc<Runner<H>>,
    shared: Shared,
}

impl<H: Idle> Feeding<H> {
    /// Waits until the last [`Feed`] is gone and all is answered, or the server takes no more
    /// messages over the connection, and gives it back. It sends and reads meanwhile, as a call of
    /// the feed does.
    ///
    /// # Errors
    ///
    /// [`Lost`] when the connection is gone. Every message that was fed has its result.
    /// [`Fault::Interrupted`] when the source of a message has panicked.
    pub fn wait(mut self) -> Result<Connection<H>, Lost> {
        let lost = |fault| Lost::new(fault, None);
        let here = self.shared.here().ok_or_else(|| lost(Fault::InsideRuntime))?;
        let ended = here.wait(&mut self.task);
        let connection = ended.map_err(|_| lost(Fault::Interrupted))??;
        Ok(connection.into_blocking(Kept(self.shared.reactor.clone())))
    }
}

impl<H: Idle> Drop for Feeding<H> {
    fn drop(&mut self) {
        // Where another thread runs it just now, the task ends after that.
        self.runner.close();
        self.task.abort();
    }
}

impl<H: Idle> Debug for Feeding<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feeding").finish_non_exhaustive()
    }
}

/// The connection of a feed, for the task that runs it and for those who look at it.
struct Runner<H: Idle>(Mutex<Option<Box<connection::Feeding<H>>>>);

impl<H: Idle> Runner<H> {
    fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<connection::Connection<H>, Lost>> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken out: a panic in a caller's reader drops it, and so every caller has a result.
        let Some(mut feeding) = place.take() else {
            return Poll::Ready(Err(Lost::new(Fault::Interrupted, None)));
        };
        let ended = Pin::new(&mut feeding).poll(cx);
        if ended.is_pending() {
            *place = Some(feeding);
        }
        ended
    }

    fn close(&self) {
        let feeding = self.0.try_lock().ok().and_then(|mut place| place.take());
        // Outside of the lock: its end wakes callers.
        drop(feeding);
    }
}

/// A runner whose state is not known.
trait Looks: Send + Sync {
    /// Whether something may have arrived. Where another thread runs the connection, that one sees
    /// it.
    fn may_have_arrived(&self) -> bool;
}

impl<H: Idle> Looks for Runner<H> {
    fn may_have_arrived(&self) -> bool {
        let place = self.0.try_lock();
        place.is_ok_and(|place| place.as_ref().is_some_and(|it| it.may_have_arrived()))
    }
}

/// The part that all handles of a feed have.
#[derive(Clone)]
struct Shared {
    reactor: Reactor,
    runner: Arc<dyn Looks>,
}

impl Shared {
    /// The runtime, if this thread may wait, after a look at what has come since the last call.
    fn here(&self) -> Option<Waiting<'_>> {
        let here = self.reactor.here()?;
        self.look(here);
        Some(here)
    }

    /// Sees what has come since the last call.
    fn look(&self, here: Waiting<'_>) {
        if self.runner.may_have_arrived() {
            here.look();
        }
    }

    fn result_of(&self, delivery: connection::FeedDelivery) -> Result<Receipt, DeliverError> {
        if let Some(here) = self.here() {
            return here.wait(delivery);
        }
        let lost = Lost::new(Fault::InsideRuntime, None);
        let mut delivery = delivery.refused(lost.clone());
        match Pin::new(&mut delivery).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            // It is under way, and the next calls send it.
            Poll::Pending => Err(DeliverError::Unknown(DeliveryUnknown::new(lost, Vec::new()))),
        }
    }
}

impl Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
