//! A handle of a pool that sends again what was not delivered.

mod error;
mod judge;
mod progress;
mod room;
mod schedule;

use std::fmt::{self, Debug};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use smtp::Envelope;
use tokio::time::{Instant, sleep_until};

use crate::message::{Message, Repeatable};
use crate::pool::Pool;
use crate::report::Report;
use crate::session::Session;
pub use error::{RetryError, RetryErrorKind};
use judge::Tried;
use progress::{Progress, Stop};
use room::Room;
pub use schedule::Schedule;

/// A handle of a [`Pool`] that sends again what was not delivered: [`Pool::retry`] gives it.
///
/// It names again those recipients alone that were refused for now or to which nothing was sent. One
/// that was refused for good is finished, and so is one that may have got the message: a message
/// whose fate is unknown is sent again only where [`resend_unknown`](Self::resend_unknown) says so.
///
/// | policy | before the server has taken the message | after that |
/// |---|---|---|
/// | [`AnyAccepted`](smtp::Policy::AnyAccepted) | each recipient by itself | each recipient by itself |
/// | [`Whole`](smtp::Policy::Whole) | each recipient by itself, in one transaction for each attempt | as before |
/// | [`AllOrNothing`](smtp::Policy::AllOrNothing) | all are named again; one that is refused for good ends it for all | each recipient by itself |
/// | [`Decide`](smtp::Policy::Decide) | all are named again, and the function sees all; the message ends for all where it, or its sender, is refused for good | each recipient by itself |
///
/// Between attempts a message has no connection. It is then in the [room](Self::waiting) of the
/// handle and its clones.
///
/// # What does not count
///
/// A try in which no server had a part counts against no number of attempts, and the next delay is
/// the same one: a fault of this machine or its proxy, a connection that there is not for now
/// ([`Reason::Busy`](crate::Reason::Busy), [`Reason::Rate`](crate::Reason::Rate),
/// [`Reason::Suspended`](crate::Reason::Suspended)), and credentials that the server has refused
/// ([`Reason::Credentials`](crate::Reason::Credentials)). In the last two cases the message also
/// waits until the pause is over. It does not wait for longer than the lifetime of the schedule.
///
/// A clone is a handle of the same room.
pub struct Retry<C: Session> {
    pool: Pool<C>,
    schedule: Arc<Schedule>,
    room: Arc<Room>,
    resend_unknown: bool,
}

/// How many messages may wait, and of how many bytes.
const MESSAGES: usize = 10_000;
const BYTES: u64 = 64 << 20;

impl<C: Session> Retry<C> {
    pub(crate) fn new(pool: Pool<C>, schedule: Schedule) -> Self {
        let room = Arc::new(Room::new(MESSAGES, BYTES));
        Self { pool, schedule: Arc::new(schedule), room, resend_unknown: false }
    }

    /// Sets how many messages may wait for another attempt (10,000), and how many bytes of their
    /// contents may be in memory (64 MiB; a file has none). The room is that of this handle and the
    /// clones that are made of it from now on.
    #[must_use]
    pub fn waiting(mut self, messages: usize, bytes: u64) -> Self {
        self.room = Arc::new(Room::new(messages, bytes));
        self
    }

    /// Sends also those messages again that may have been delivered: some recipients then get the
    /// message twice (RFC 1047).
    #[must_use]
    pub fn resend_unknown(mut self) -> Self {
        self.resend_unknown = true;
        self
    }

    /// How many messages wait for another attempt, and bytes of their contents.
    pub fn now_waiting(&self) -> (usize, u64) {
        let taken = self.room.taken();
        (taken.messages, taken.bytes)
    }

    /// Delivers a message, and sends it again as the [`Schedule`] says to those recipients that may
    /// still get it. Gives the report where at least one of them got it;
    /// [`is_complete`](Report::is_complete) says whether all did.
    ///
    /// # Errors
    ///
    /// [`RetryError`] where no recipient got the message, or where the attempts were stopped: there
    /// was no room for the message to wait, or the pool was closed. It has the report of each
    /// recipient, and the message for those that may be tried again.
    ///
    /// # Cancellation
    ///
    /// Dropping the future makes no further attempt, and gives its room back. An attempt that is
    /// under way is as with [`Pool::send`]: once the connection has begun with the message, it is
    /// sent, and its result is dropped.
    pub fn send(&self, envelope: Envelope, content: impl Repeatable) -> Retrying<'_> {
        self.send_message(Message::new(envelope, content))
    }

    /// As [`send`](Self::send), of a [`Message`].
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancellation
    ///
    /// As [`send`](Self::send).
    pub fn send_message(&self, message: Message) -> Retrying<'_> {
        Retrying(Box::pin(self.run(message)))
    }

    async fn run(&self, message: Message) -> Result<Report, RetryError> {
        let mut progress = Progress::new(message);
        let mut place = None;
        loop {
            let began = Instant::now();
            let tried = self.attempt(progress.message()).await;
            let verdict = progress.record(began, &tried, self.resend_unknown);
            if !verdict.goes_on() {
                return progress.finish(None);
            }
            progress.narrow(&verdict);
            let Some(wake) = progress.wake(&self.schedule, &verdict) else {
                return progress.finish(Some(Stop::Expired));
            };
            if place.is_none() {
                place = self.room.take(progress.message().content().held());
                if place.is_none() {
                    return progress.finish(Some(Stop::Full));
                }
            }
            tokio::select! {
                () = sleep_until(wake) => {}
                () = self.pool.closed() => return progress.finish(Some(Stop::Closed)),
            }
        }
    }

    async fn attempt(&self, message: &Message) -> Tried {
        match message.body().await {
            Ok(body) => Tried::Sent(self.pool.send(message.envelope().clone(), body).await),
            Err(error) => Tried::Unreadable(error),
        }
    }
}

/// A message that is sent until each recipient is finished: the future of [`Retry::send`].
///
/// It belongs to no type of connection or content.
// A future that knew the type of the content would say of each use of it that a stream is none.
#[must_use = "nothing is sent before the future is awaited"]
pub struct Retrying<'a>(Pin<Box<dyn Future<Output = Result<Report, RetryError>> + Send + 'a>>);

impl Future for Retrying<'_> {
    type Output = Result<Report, RetryError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl Debug for Retrying<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrying").finish_non_exhaustive()
    }
}

impl<C: Session> Clone for Retry<C> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            schedule: Arc::clone(&self.schedule),
            room: Arc::clone(&self.room),
            resend_unknown: self.resend_unknown,
        }
    }
}

impl<C: Session> Debug for Retry<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("pool", &self.pool)
            .field("schedule", &self.schedule)
            .field("waiting", &self.now_waiting())
            .finish_non_exhaustive()
    }
}
