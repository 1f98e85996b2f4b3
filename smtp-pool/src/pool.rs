//! The handle of a destination.

use std::fmt::{self, Debug};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use smtp::connect::OpenSession;
use smtp::{Body, Envelope, Receipt};
use tracing::Instrument as _;

use crate::bound::Bound;
use crate::closing::deadline;
use crate::destination::Destination;
use crate::error::{Reason, SendError};
use crate::facade::Stopwatch;
use crate::loan::Ticket;
use crate::observed::Sending;
use crate::retry::{Retry, Schedule, Sender};
use crate::send_mail::{self, SendMail};
use crate::session::Session;
use crate::settings::Settings;
use crate::snapshot::ConnectionInfo;
use crate::wait::Wait;

/// Connections to one destination, which all callers share: a message goes over any of them.
///
/// A clone is a handle of the same connections. They end when the last handle is gone, each with
/// its last message.
///
/// ```no_run
/// use smtp::{Envelope, Plain, Submission};
/// use smtp_pool::Pool;
///
/// # async fn send() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = Pool::new(
///     Submission::new("mail.example.com").auth_with(|| Plain::new("me@example.com", "secret")),
/// );
/// let envelope = Envelope::new("me@example.com", ["you@example.org"])?;
/// let receipt = pool.send(envelope, "Subject: Hello\r\n\r\nHello.\r\n").await?;
/// println!("{}", receipt.reply());
/// # Ok(())
/// # }
/// ```
pub struct Pool<C: Session> {
    pub(crate) destination: Arc<Destination<C>>,
}

impl<C: Session> Pool<C> {
    /// A pool of its own for what this opener opens, with the default [`Settings`].
    pub fn new(opener: impl OpenSession<Session = C> + 'static) -> Self {
        Self::with_settings(opener, Settings::default())
    }

    /// A pool of its own for what this opener opens.
    pub fn with_settings(
        opener: impl OpenSession<Session = C> + 'static,
        settings: Settings,
    ) -> Self {
        let bound = Arc::new(Bound::new(usize::MAX));
        // A function may log in; other openers say whether they do.
        let may_log_in = opener.session_key().is_none_or(|key| key.credentials().is_some());
        let gate = may_log_in.then(Arc::default);
        Self::of(Destination::new(opener, settings, &bound, gate))
    }

    pub(crate) fn of(destination: Arc<Destination<C>>) -> Self {
        Self { destination }
    }

    /// Delivers a message over one of the connections, as
    /// [`Connection::deliver`](smtp::Connection::deliver) does. Where each is busy, another one is
    /// opened within the bounds, and the message waits for the first that has room.
    ///
    /// This is one attempt. A connection that turns out to be gone before anything of the message
    /// was sent is replaced, and does not count: a server may close a connection at any time.
    ///
    /// # Errors
    ///
    /// [`SendError::NotSent`] when no connection had the message, with the reason and the message;
    /// [`SendError::Delivery`] is what became of it on a connection.
    ///
    /// # Cancellation
    ///
    /// Dropping the future takes the message out while it waits for a connection, or for room in its
    /// window. After that the message is sent, and its result is dropped. The connection, and the
    /// messages of other callers, are not touched.
    pub async fn send(
        &self,
        envelope: Envelope,
        body: impl Into<Body<'static>>,
    ) -> Result<Receipt, SendError> {
        self.attempt((envelope, body.into()), Wait::AtMost(self.destination.settings.wait)).await
    }

    /// One attempt to deliver a message, as observers see it.
    // An `async fn` would keep room for the message twice: here, too much for what an allocator has
    // at hand, where `send_all` keeps one for each message under way.
    #[expect(clippy::manual_async_fn, reason = "its future is larger")]
    pub(crate) fn attempt(
        &self,
        message: (Envelope, Body<'static>),
        mut wait: Wait,
    ) -> impl Future<Output = Result<Receipt, SendError>> + Send {
        async move {
            let mut sending = self.destination.observed.send(message.0.recipients().len());
            let result = if sending.span.is_disabled() {
                self.deliver(message, &mut wait, &sending).await
            } else {
                let span = sending.span.clone();
                // Boxed: without a subscriber, no message pays for its room.
                Box::pin(self.deliver(message, &mut wait, &sending).instrument(span)).await
            };
            sending.finish(&result);
            result
        }
    }

    /// Delivers a message over one of the connections. One that waits for as long as it takes has
    /// waited for its turn before.
    async fn deliver(
        &self,
        mut message: (Envelope, Body<'static>),
        wait: &mut Wait,
        sending: &Sending<'_>,
    ) -> Result<Receipt, SendError> {
        if let Wait::AtMost(longest) = *wait {
            let recipients = message.0.recipients().len();
            if let Err(reason) = self.destination.pace(recipients, Some(longest)).await {
                return Err(SendError::not_sent(reason, message));
            }
        }
        let mut has_replaced = false;
        loop {
            let asked = Stopwatch::start();
            let lane = match self.destination.lane(wait).await {
                Ok(lane) => lane,
                Err(reason) => return Err(SendError::not_sent(reason, message)),
            };
            self.destination.observed.meters.placed(asked);
            sending.placed(lane.facts(), lane.number());
            let (envelope, body) = message;
            let (lane, result) = lane.deliver(envelope, body).await;
            // A message for which a connection was opened gets its result, and so does one after a
            // second connection that never had any: a server that ends each one is not asked for
            // ever.
            let may_be_stale = || {
                lane.was_used() || lane.was_found() && !std::mem::replace(&mut has_replaced, true)
            };
            let is_stale = lane.finish(&result, may_be_stale);
            let error = match result {
                Ok(receipt) => return Ok(receipt),
                Err(error) if !is_stale => return Err(error.into()),
                Err(error) => error,
            };
            message = error.try_into_message()?;
        }
    }

    /// A handle that sends again what was not delivered, when the schedule says so.
    ///
    /// ```no_run
    /// use smtp::{Envelope, Server};
    /// use smtp_pool::{Pool, Schedule};
    ///
    /// # async fn send() -> Result<(), Box<dyn std::error::Error>> {
    /// let retry = Pool::new(Server::new("mx.example.org", 25)).retry(Schedule::default());
    /// let envelope = Envelope::new("me@example.com", ["you@example.org", "her@example.org"])?;
    /// let report = retry.send(envelope, "Subject: Hello\r\n\r\nHello.\r\n").await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry(&self, schedule: Schedule) -> Retry {
        Retry::of(self.clone(), schedule)
    }

    /// A connection for one caller alone: for commands, typed sessions and pipelines of its own. It
    /// counts against the bounds until its [`Ticket`] is given back, or dropped.
    ///
    /// ```no_run
    /// # async fn send(pool: smtp_pool::Pool<smtp::Connection<smtp::state::Authed>>)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// let (mut connection, ticket) = pool.check_out().await?;
    /// connection.send(smtp::command::Noop).await?;
    /// ticket.give_back(connection);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Why there is no connection.
    ///
    /// # Cancellation
    ///
    /// Dropping the future changes nothing.
    pub async fn check_out(&self) -> Result<(C, Ticket<C>), Reason> {
        self.destination.loan().await
    }

    /// Opens connections until there are as many as [`Settings::warm`] says, and waits until they
    /// are open or could not be opened: the next [`send`](Self::send) says why not.
    ///
    /// # Cancellation
    ///
    /// Dropping the future changes nothing: they go on being opened.
    pub async fn warm_up(&self) {
        let more = self.destination.more_to_open(&mut self.destination.lock());
        self.destination.open(more);
        loop {
            let changed = self.destination.changed.notified();
            if self.destination.is_warmed_up() {
                return;
            }
            changed.await;
        }
    }

    /// Tries credentials again that the server has refused: they have changed.
    pub fn forget_refused_login(&self) {
        self.destination.forget_refused_login();
    }

    /// The connections, those that callers have for themselves and those that are ending included.
    pub fn connections(&self) -> Vec<ConnectionInfo> {
        self.destination.connections()
    }

    /// Closes a connection at once, in the middle of whatever it does: its messages are lost, or
    /// their outcome is unknown. False where there is none of this number, or a caller has it.
    pub fn abort(&self, id: u64) -> bool {
        self.destination.abort(id)
    }

    /// Takes no more messages, finishes those that connections have, and says QUIT. A connection that
    /// is not done after `longest` is aborted; the number of them comes back. Connections that callers
    /// have for themselves are theirs.
    ///
    /// # Cancellation
    ///
    /// Dropping the future leaves the pool closed, and what is under way is finished.
    pub async fn close(&self, longest: Duration) -> usize {
        let deadline = deadline(longest);
        self.destination.shut();
        self.destination.drain(deadline).await
    }
}

impl<C: Session> SendMail for Pool<C> {
    fn send(&self, envelope: Envelope, body: Body<'static>) -> send_mail::Sending<'_> {
        Box::pin(Self::send(self, envelope, body))
    }
}

impl<C: Session> Sender for Pool<C> {
    fn closed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.destination.closed())
    }
}

impl<C: Session> Clone for Pool<C> {
    fn clone(&self) -> Self {
        Self { destination: Arc::clone(&self.destination) }
    }
}

impl<C: Session> Debug for Pool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("destination", &self.destination.name).finish_non_exhaustive()
    }
}
