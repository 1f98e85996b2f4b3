//! The end of a destination: it takes no more messages, and its connections end.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::destination::Destination;
use crate::ending::Ending;
use crate::error::Reason;
use crate::session::Session;
use crate::settings::FOREVER;

/// The time at which what is not done by then is aborted.
pub(crate) fn deadline(longest: Duration) -> Instant {
    Instant::now() + longest.min(FOREVER)
}

impl<C: Session> Destination<C> {
    /// Takes no more messages. Those that wait are not sent.
    pub(crate) fn shut(&self) {
        let mut state = self.lock();
        state.closed = true;
        for line in &state.lines {
            line.facts.retire(Ending::Closed);
        }
        let lines = std::mem::take(&mut state.lines);
        let callers = state.take_callers();
        drop(state);
        drop(lines);
        self.closing.send_replace(true);
        callers.answer(&Reason::Closed);
    }

    /// Waits until it takes no more messages.
    pub(crate) async fn closed(&self) {
        // The sender is this one's, so that it does not go away.
        let _ = self.closing.subscribe().wait_for(|closing| *closing).await;
    }

    /// Waits until no connection is left but those that callers have. Those that are not done by
    /// then are aborted, and counted.
    pub(crate) async fn drain(&self, deadline: Instant) -> usize {
        loop {
            let changed = self.changed.notified();
            if self.is_drained() {
                return 0;
            }
            if timeout_at(deadline, changed).await.is_err() {
                return self.abort_all();
            }
        }
    }

    fn is_drained(&self) -> bool {
        let state = self.lock();
        state.opening == 0 && state.open.iter().all(|facts| facts.is_lent())
    }

    fn abort_all(&self) -> usize {
        let state = self.lock();
        let mine = state.open.iter().filter(|facts| !facts.is_lent());
        mine.inspect(|facts| facts.abort.notify_one()).count()
    }

    /// Closes a connection at once. False where there is none of this number, or a caller has it.
    pub(crate) fn abort(&self, id: u64) -> bool {
        let state = self.lock();
        let facts = state.open.iter().find(|facts| facts.id == id && !facts.is_lent());
        facts.inspect(|facts| facts.abort.notify_one()).is_some()
    }
}
