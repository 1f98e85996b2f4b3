//! The circuit breaker: a server that cannot be reached is left alone for a while.

use std::sync::Arc;
use std::time::Duration;

use smtp::Error;
use smtp::error::Blame;
use tokio::time::Instant;

use crate::settings::FOREVER;

/// When a destination that cannot be reached is left alone.
///
/// It opens after attempts to connect that failed, one after the other: no address answered, TLS
/// failed, or the greeting was no welcome. A refused message never opens it, nor does a refused
/// login ([`Reason::Credentials`](crate::Reason::Credentials)), nor a fault of this machine.
/// While it is open, a message that finds no connection gets the last error at once. Then one
/// attempt is made, and the next pause is twice as long where that fails too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Breaker {
    pub(crate) failures: u32,
    pub(crate) pause: Duration,
    pub(crate) longest: Duration,
}

impl Default for Breaker {
    /// Five failures, then pauses from 10 seconds to 5 minutes.
    fn default() -> Self {
        Self::new(5, Duration::from_secs(10))
    }
}

impl Breaker {
    /// Opens after so many failures, for so long. At least one failure is needed.
    pub fn new(failures: u32, pause: Duration) -> Self {
        let pause = pause.min(FOREVER);
        Self { failures: failures.max(1), pause, longest: pause.max(Duration::from_secs(300)) }
    }

    /// The longest pause (5 minutes).
    pub fn longest_pause(mut self, pause: Duration) -> Self {
        self.longest = pause.min(FOREVER);
        self
    }
}

/// The breaker of one destination.
#[derive(Debug)]
pub(crate) struct BreakerState {
    settings: Breaker,
    failures: u32,
    pauses: u32,
    /// The end of the pause, and the error that began it.
    open: Option<(Instant, Arc<Error>)>,
}

/// Whether an attempt to connect may begin.
#[derive(Clone, Debug)]
pub(crate) enum Permission {
    /// As many as there is room for.
    All,
    /// One, to see whether the server is back.
    One,
    /// None until then.
    None(Instant, Arc<Error>),
}

impl BreakerState {
    pub(crate) fn new(settings: Breaker) -> Self {
        Self { settings, failures: 0, pauses: 0, open: None }
    }

    pub(crate) fn permission(&self) -> Permission {
        match &self.open {
            None => Permission::All,
            Some((until, _)) if *until <= Instant::now() => Permission::One,
            Some((until, error)) => Permission::None(*until, Arc::clone(error)),
        }
    }

    /// The server was reached. Gives whether it was left alone before.
    #[must_use]
    pub(crate) fn succeeded(&mut self) -> bool {
        (self.failures, self.pauses) = (0, 0);
        self.open.take().is_some()
    }

    /// The server was not reached. Gives whether it is left alone from now on, and was not before.
    #[must_use]
    pub(crate) fn failed(&mut self, error: &Arc<Error>) -> bool {
        // One that began before the pause shows nothing new.
        let is_paused = matches!(self.permission(), Permission::None(..));
        if is_paused || !counts(error) {
            return false;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures >= self.settings.failures {
            let pause = self.settings.pause.saturating_mul(1 << self.pauses.min(16));
            let pause = pause.min(self.settings.longest);
            self.pauses = self.pauses.saturating_add(1);
            self.open = Some((Instant::now() + pause, Arc::clone(error)));
            return true;
        }
        false
    }
}

/// Whether the server is to be left alone after this.
fn counts(error: &Error) -> bool {
    match error {
        Error::Lost(lost) => !matches!(lost.blame(), Blame::Local | Blame::Caller),
        Error::Refused(refusal) => refusal.command() == smtp::Refusal::GREETING,
        _ => false,
    }
}
