//! Whether a connection is still open, asked between calls.

use std::fmt::{self, Debug};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::typed::Connection;
use crate::error::lost::Lost;
use crate::exchange::watch::Watch;
use crate::state::State;

impl<S: State> Connection<S> {
    /// Whether the connection is open, as far as can be seen: what has arrived is looked at,
    /// nothing is sent, and nothing is waited for. A server that has closed, or said that it
    /// closes, makes it false from then on.
    ///
    /// A pool asks before it lends a connection out.
    pub fn is_open(&mut self) -> bool {
        self.session.driver.is_open()
    }

    /// Waits until the connection is closed by the server, and says how. Nothing is sent.
    ///
    /// # Cancellation
    ///
    /// Dropping the future changes nothing: the connection can be used as before.
    pub fn closed(&mut self) -> UntilClosed<'_, S> {
        UntilClosed { connection: self }
    }
}

/// The future of [`Connection::closed`].
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
