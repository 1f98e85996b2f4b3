//! The question whether a destination can be used now.

use std::sync::Arc;

use smtp::Error;
use tokio::time::Instant;

use crate::error::Reason;
use crate::pool::Pool;
use crate::session::Session;

impl<C: Session> Pool<C> {
    /// Whether messages can be sent now: takes a connection that has nothing to do, or opens one,
    /// sends NOOP (RFC 5321 §4.1.1.9), and gives it back. For the check of a service's health, and
    /// for the start of a program: a wrong password, name or certificate shows before the first
    /// message.
    ///
    /// Where the bounds allow no further connection, it waits for one whose messages are finished,
    /// as [`check_out`](Self::check_out) does. It says nothing of a message: the server may still
    /// refuse its sender or its recipients.
    ///
    /// ```no_run
    /// # async fn start(pool: smtp_pool::Pool<smtp::Connection<smtp::state::Authed>>) {
    /// if let Err(reason) = pool.check().await {
    ///     eprintln!("mail cannot be sent now: {reason}");
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The reason that a message which is sent now would have for
    /// [`SendError::NotSent`](crate::SendError::NotSent), or [`Reason::Connect`] where a new
    /// connection was lost with NOOP. One that was open before and turns out to be gone is replaced.
    ///
    /// # Cancellation
    ///
    /// Dropping the future while NOOP is under way closes the connection.
    pub async fn check(&self) -> Result<(), Reason> {
        let begin = Instant::now();
        loop {
            let (mut connection, ticket) = self.check_out().await?;
            match connection.say_noop().await {
                Err(Error::Lost(lost)) if ticket.opened() >= begin => {
                    return Err(Reason::Connect(Arc::new(lost.into())));
                }
                Err(Error::Lost(_)) => {
                    // Before its place is free: another one may be opened then.
                    drop(connection);
                    drop(ticket);
                }
                // A server that refuses NOOP is there too.
                Ok(()) | Err(_) => {
                    ticket.give_back(connection);
                    return Ok(());
                }
            }
        }
    }
}
