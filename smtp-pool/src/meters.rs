//! The counters of a destination. The table of their names is in the documentation of the crate.

use crate::ending::Ending;
use crate::facade::{Counter, Gauge, Histogram, Labels, Stopwatch, counter, gauge, seconds};
use crate::outcome::Outcome;

/// The instruments of a destination, found once: a message then costs no look-up of a name.
#[derive(Debug)]
pub(crate) struct Meters {
    open: Gauge,
    opened: Counter,
    failed: Counter,
    ended: [Counter; Ending::ALL.len()],
    messages: [Counter; Outcome::ALL.len()],
    place: Histogram,
    send: Histogram,
    waiting: Gauge,
    suspended: Gauge,
    refused_logins: Counter,
}

impl Meters {
    pub(crate) fn new(address: &str, port: u16) -> Self {
        let of = &Labels::new(address, port);
        Self {
            open: gauge("smtp_pool.connections.open", "Connections that are open", of),
            opened: counter("smtp_pool.connections.opened", "Connections opened", of, None),
            failed: counter("smtp_pool.connections.failed", "Connections not opened", of, None),
            ended: Ending::ALL.map(|reason| {
                let reason = Some(("reason", reason.name()));
                counter("smtp_pool.connections.ended", "Connections that ended", of, reason)
            }),
            messages: Outcome::ALL.map(|outcome| {
                let outcome = Some(("outcome", outcome.name()));
                counter("smtp_pool.messages", "Messages that callers gave", of, outcome)
            }),
            place: seconds("smtp_pool.place.duration", "Wait for a place on a connection", of),
            send: seconds("smtp_pool.send.duration", "Time until a message has its result", of),
            waiting: gauge("smtp_pool.callers.waiting", "Callers that wait for a place", of),
            suspended: gauge("smtp_pool.suspended", "1 while the server is left alone", of),
            refused_logins: counter("smtp_pool.logins.refused", "Credentials refused", of, None),
        }
    }

    pub(crate) fn opened(&self) {
        self.opened.increment(1);
        self.open.increment(1.0);
    }

    pub(crate) fn failed(&self) {
        self.failed.increment(1);
    }

    pub(crate) fn ended(&self, reason: Ending) {
        self.open.decrement(1.0);
        self.ended[reason as usize].increment(1);
    }

    #[inline]
    pub(crate) fn sent(&self, outcome: Outcome, since: Stopwatch) {
        self.messages[outcome as usize].increment(1);
        self.send.record(since.stop());
    }

    #[inline]
    pub(crate) fn placed(&self, since: Stopwatch) {
        self.place.record(since.stop());
    }

    pub(crate) fn suspended(&self, suspended: bool) {
        self.suspended.set(if suspended { 1.0 } else { 0.0 });
    }

    pub(crate) fn login_refused(&self) {
        self.refused_logins.increment(1);
    }

    /// Counts a caller that waits, until the guard is dropped.
    pub(crate) fn waits(&self) -> Waits<'_> {
        self.waiting.increment(1.0);
        Waits(&self.waiting)
    }
}

/// A caller that waits.
pub(crate) struct Waits<'a>(&'a Gauge);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
