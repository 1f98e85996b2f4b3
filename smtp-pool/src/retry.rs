//! A handle of a pool that sends again what was not delivered.

mod error;
mod judge;
mod pending;
mod room;
mod schedule;
mod sender;

use std::fmt::{self, Debug};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use smtp::Envelope;
use tokio::time::{Instant, sleep_until};

use crate::message::{Message, Repeatable};
use crate::report::Report;
use crate::send_mail::SendMail;
pub use error::{RetryError, RetryErrorKind};
use judge::Tried;
use pending::Stop;
pub use pending::{Attempted, Pending};
use room::Room;
pub use schedule::Schedule;
pub(crate) use sender::Sender;

/// A handle that sends again what was not delivered: that of a [`Pool`](crate::Pool), by
/// [`Pool::retry`](crate::Pool::retry), that of an `Outbox` in a test, or of any [`SendMail`].
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
///
/// # A queue of your own
///
/// A queue that outlives the program keeps each message as a [`Pending`], and makes one
/// [`attempt`](Self::attempt) when it is due:
///
/// ```no_run
/// use smtp_pool::{Attempted, Pending, Retry};
///
/// # async fn run(retry: Retry, pending: Pending) {
/// // Found in the queue, and due.
/// match retry.attempt(pending).await {
///     Attempted::Again(pending) => println!("keep it until {:?}", pending.due()),
///     Attempted::Finished(Ok(report)) => println!("take it out: {report}"),
///     Attempted::Finished(Err(error)) => println!("take it out, and tell its sender: {error}"),
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Retry {
    sender: Arc<dyn Sender>,
    schedule: Arc<Schedule>,
    room: Arc<Room>,
    resend_unknown: bool,
}

/// How many messages may wait, and of how many bytes.
const MESSAGES: usize = 10_000;
const BYTES: u64 = 64 << 20;

impl Retry {
    /// Sends by a [`SendMail`] of the caller's own. Of a pool, [`Pool::retry`](crate::Pool::retry) is
    /// better: its waits end when the pool is closed.
    pub fn new(sender: impl SendMail + 'static, schedule: Schedule) -> Self {
        Self::of(sender::NeverClosed(sender), schedule)
    }

    pub(crate) fn of(sender: impl Sender + 'static, schedule: Schedule) -> Self {
        let room = Arc::new(Room::new(MESSAGES, BYTES));
        let (sender, schedule) = (Arc::new(sender), Arc::new(schedule));
        Self { sender, schedule, room, resend_unknown: false }
    }

    /// Sets how many messages may wait for another attempt (10,000), and how many bytes of memory
    /// they may take with the replies to their attempts (64 MiB; the content of a file takes none).
    /// The room is that of this handle and the clones that are made of it from now on.
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

    /// How many messages wait for another attempt, and the bytes of memory that they take.
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
    /// under way is as with [`Pool::send`](crate::Pool::send): once the connection has begun with the message, it is
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

    /// Makes one attempt for those recipients that may still get the message, and says what comes
    /// next. It does not wait until the message is due, and takes no room.
    ///
    /// # Cancellation
    ///
    /// Dropping the future drops the message. An attempt that is under way is as with
    /// [`Pool::send`](crate::Pool::send). A queue keeps its own copy until it knows what came of it:
    /// after a crash in between, it is unknown whether the message was delivered.
    pub async fn attempt(&self, mut pending: Pending) -> Attempted {
        let start = Instant::now();
        let began = pending.age(start);
        let message = pending.message();
        let tried = match message.body().await {
            Ok(body) => Tried::Sent(self.sender.send(message.envelope().clone(), body).await),
            Err(error) => Tried::Unreadable(error),
        };
        pending.record(began, start.elapsed(), &tried, &self.schedule, self.resend_unknown)
    }

    async fn run(&self, message: Message) -> Result<Report, RetryError> {
        let mut pending = Pending::new(message);
        let mut place = None;
        loop {
            pending = match self.attempt(pending).await {
                Attempted::Finished(result) => return result,
                Attempted::Again(pending) => pending,
            };
            // The report grows with each attempt.
            place = self.room.take(pending.held(), place);
            if place.is_none() {
                return pending.finish(Some(Stop::Full));
            }
            tokio::select! {
                () = sleep_until(pending.wake()) => {}
                () = self.sender.closed() => return pending.stop(),
            }
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

impl Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("schedule", &self.schedule)
            .field("waiting", &self.now_waiting())
            .finish_non_exhaustive()
    }
}
