//! The check between calls whether a connection is still open, and the wait for its end.

use std::fmt::{self, Debug};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::typed::Connection;
use crate::error::lost::Lost;
use crate::exchange::watch::Watch;
use crate::state::State;

impl<S: State> Connection<S> {
    /// Whether the connection is open, as far as can be seen: bytes that have arrived are read,
    /// nothing is sent, and nothing is waited for. Once the server has closed, or has said that it
    /// closes, this is false from then on. A pool asks before it lends a connection out.
    ///
    /// It says nothing of the server's limits: it stays true when the server takes no further
    /// message over this connection (MAILMAX of RFC 9422). Compare
    /// [`transactions`](Self::transactions) with
    /// [`ServerLimits::mail`](crate::extension::ServerLimits::mail) to see that beforehand; a
    /// delivery then ends with [`Stopped::ServerLimit`](crate::connection::Stopped::ServerLimit),
    /// or its message is [`NotSent`](crate::error::DeliverError::NotSent) without a
    /// [`lost`](crate::error::Unsent::lost) connection.
    ///
    /// ```
    /// use smtp::Connection;
    /// use smtp::extension::ServerLimits;
    /// use smtp::state::Authed;
    ///
    /// fn takes_a_message(connection: &mut Connection<Authed>) -> bool {
    ///     let limits: ServerLimits = connection.capabilities().get().unwrap_or_default();
    ///     let begun = connection.transactions();
    ///     connection.is_open() && limits.mail.is_none_or(|most| begun < u64::from(most))
    /// }
    /// ```
    pub fn is_open(&mut self) -> bool {
        self.session.driver.is_open()
    }

    /// Waits until the server closes the connection, and says how it did. Nothing is sent.
    ///
    /// # Cancellation
    ///
    /// Dropping the future changes nothing: the connection can be used as before.
    pub fn closed(&mut self) -> UntilClosed<'_, S> {
        UntilClosed { connection: self }
    }
}

/// The future of [`Connection::closed`].
///
/// # Cancellation
///
/// As [`Connection::closed`].
#[must_use = "nothing is watched while this future is not polled"]
pub struct UntilClosed<'a, S: State> {
    connection: &'a mut Connection<S>,
}

impl<S: State> Future for UntilClosed<'_, S> {
    type Output = Lost;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Lost> {
        let driver = &mut self.get_mut().connection.session.driver;
        match driver.check_usable() {
            Ok(()) => driver.poll_run(cx, &mut Watch),
            Err(lost) => Poll::Ready(lost),
        }
    }
}

impl<S: State> Debug for UntilClosed<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UntilClosed").finish_non_exhaustive()
    }
}
