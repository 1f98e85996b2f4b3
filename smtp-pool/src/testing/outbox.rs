//! The stand-in itself.

use std::collections::VecDeque;
use std::fmt::{self, Debug};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smtp::state::Greeted;
use smtp::{Body, Connection, Envelope, Error, Plain, Receipt};
use tokio::time::Instant;

use super::answer::{Answer, Kind};
use super::mail::Mail;
use super::server::MemoryServer;
use crate::error::{Reason, SendError};
use crate::pool::Pool;
use crate::retry::{Retry, Schedule};
use crate::send_mail::{SendMail, Sending};
use crate::settings::Settings;

/// A stand-in for a [`Pool`] that sends nothing: it keeps the mails, or writes them to files, and
/// fails as it is told.
///
/// It takes one message at a time, in the order of the calls. A clone is a handle of the same
/// outbox.
#[derive(Clone)]
pub struct Outbox {
    server: MemoryServer,
    pool: Pool<Connection<Greeted>>,
    script: Arc<Mutex<VecDeque<Answer>>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Outbox {
    /// Keeps the mails in memory: [`mails`](Self::mails).
    pub fn new() -> Self {
        Self::with_server(MemoryServer::new(None))
    }

    /// Writes each message to the folder as `0001.eml`, and its commands to `0001.envelope`: MAIL,
    /// then RCPT for each recipient, a line each. Files that are there stay. It keeps the mails in
    /// memory too.
    ///
    /// A file that cannot be written is a message that is refused with 451.
    ///
    /// # Errors
    ///
    /// When the folder is missing and cannot be made.
    pub fn in_directory(directory: impl AsRef<Path>) -> io::Result<Self> {
        let directory = directory.as_ref();
        std::fs::create_dir_all(directory)?;
        Ok(Self::with_server(MemoryServer::new(Some(directory.to_owned()))))
    }

    fn with_server(server: MemoryServer) -> Self {
        // Each message has a connection of its own, so that none waits for one that is not answered.
        let settings = Settings::new().connections(usize::MAX).messages_per_connection(1);
        let pool = Pool::with_settings(server.address(), settings);
        Self { server, pool, script: Arc::default(), turn: Arc::default() }
    }

    fn lock_script(&self) -> MutexGuard<'_, VecDeque<Answer>> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what becomes of the next messages, after those of which it was told before. Later ones
    /// are taken.
    pub fn script(&self, answers: impl IntoIterator<Item = Answer>) {
        self.lock_script().extend(answers);
    }

    /// How many messages are still to come of those of which it was told.
    pub fn remaining(&self) -> usize {
        self.lock_script().len()
    }

    /// The mails that were taken so far, in order.
    pub fn mails(&self) -> Vec<Mail> {
        self.server.mails()
    }

    /// Delivers a message as [`Pool::send`] does, with the next answer of the script.
    ///
    /// # Errors
    ///
    /// Those that the script tells, and those of a message that cannot be sent.
    ///
    /// # Cancellation
    ///
    /// As [`Pool::send`].
    pub async fn send(
        &self,
        envelope: Envelope,
        body: impl Into<Body<'static>>,
    ) -> Result<Receipt, SendError> {
        self.deliver(envelope, body.into()).await
    }

    /// A handle that sends again what was not delivered, as [`Pool::retry`] gives it. Each attempt
    /// has the next answer of the script.
    pub fn retry(&self, schedule: Schedule) -> Retry {
        Retry::new(self.clone(), schedule)
    }

    async fn deliver(&self, envelope: Envelope, body: Body<'static>) -> Result<Receipt, SendError> {
        let _turn = self.turn.lock().await;
        let answer = self.lock_script().pop_front().unwrap_or_default();
        let reason = match answer.0 {
            Kind::Server(reaction) => {
                self.server.react(reaction);
                return self.pool.send(envelope, body).await;
            }
            Kind::Unreachable => {
                unreachable_server().await.map(|error| Reason::Connect(error.into()))
            }
            Kind::LoginRefused(reply) => self.refused_login(reply).await,
            Kind::NotSent(reason) => Some(reason),
        };
        // Each of them fails, whatever the server says.
        Err(SendError::not_sent(reason.unwrap_or(Reason::Closed), (envelope, body)))
    }

    /// Logs in, and is refused.
    async fn refused_login(&self, reply: String) -> Option<Reason> {
        self.server.refuse_login(reply);
        let connection: Connection<Greeted> =
            Connection::connect(&self.server.address()).await.ok()?;
        let mut mechanism = Plain::new("me", "not this one");
        let refused = connection.dangerous().authenticate(&mut mechanism).await.err()?;
        let error = Arc::new(Error::from(refused));
        Some(Reason::Credentials { error, until: Instant::now() + Duration::from_secs(60) })
    }
}

/// The error of a server that does not listen.
async fn unreachable_server() -> Option<Error> {
    Connection::<Greeted>::connect(&MemoryServer::unreachable()).await.err()
}

impl SendMail for Outbox {
    fn send(&self, envelope: Envelope, body: Body<'static>) -> Sending<'_> {
        Box::pin(self.deliver(envelope, body))
    }
}

impl Default for Outbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mails, remaining) = (self.mails().len(), self.remaining());
        f.debug_struct("Outbox").field("mails", &mails).field("remaining", &remaining).finish()
    }
}
