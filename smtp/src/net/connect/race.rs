//! Several targets at a time: the first stream wins, and the others are closed ("Happy Eyeballs",
//! RFC 8305 §5).
//!
//! An address that a firewall swallows costs a quarter of a second, not the time that TCP takes to
//! give up.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::connector::Connect;
use super::target::{Connected, Target};
use crate::net::clock::{Clock, deadline};
use crate::proto::attempt::Attempt;
use crate::proto::fault::NoTimer;

/// How long an attempt stays alone ("Connection Attempt Delay", RFC 8305 §8).
const DELAY: Duration = Duration::from_millis(250);

/// Attempts to connect, which begin one after the other.
pub(super) struct Race<'a> {
    connector: &'a dyn Connect,
    clock: &'a dyn Clock,
    /// When all of them are given up. None: the caller drops the race in time.
    latest: Option<Instant>,
    waiting: VecDeque<Target>,
    running: Vec<Running<'a>>,
    failed: Vec<Failed>,
    /// Fires when the next one begins.
    next: Option<Timer>,
    /// Fires at `latest`.
    last: Option<Timer>,
}

type Timer = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Running<'a> {
    target: Target,
    began: Instant,
    connecting: Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>>,
}

/// A target that was tried in vain.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    pub(super) address: Option<SocketAddr>,
    pub(super) error: Arc<io::Error>,
    pub(super) took: Duration,
}

impl Failed {
    pub(super) fn attempt(&self) -> Attempt {
        Attempt::new(self.address, self.error.clone(), self.took)
    }
}

/// How a race ended.
pub(super) struct Finish {
    pub(super) result: Result<Won, Option<NoTimer>>,
    /// Targets that failed, in the order in which they did.
    pub(super) failed: Vec<Failed>,
    /// Targets that were not tried to their end, because another one won.
    pub(super) left: VecDeque<Target>,
}

/// The attempt that won.
pub(super) struct Won {
    pub(super) connected: Connected,
    pub(super) target: Target,
    pub(super) began: Instant,
}

impl<'a> Race<'a> {
    pub(super) fn new(
        connector: &'a dyn Connect,
        clock: &'a dyn Clock,
        latest: Option<Instant>,
        targets: VecDeque<Target>,
    ) -> Self {
        let (running, failed) = (Vec::new(), Vec::new());
        Self { connector, clock, latest, waiting: targets, running, failed, next: None, last: None }
    }

    /// Ready with the first stream, or when there is none. Without a target it is ready at once.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Finish> {
        loop {
            if self.running.is_empty() && !self.begin_next() {
                return Poll::Ready(self.finish(Err(None)));
            }
            let failures = self.failed.len();
            if let Some(won) = self.poll_running(cx) {
                return Poll::Ready(self.finish(Ok(won)));
            }
            // One that fails makes room for the next one at once.
            if self.failed.len() > failures && (self.begin_next() || self.running.is_empty()) {
                continue;
            }
            match self.poll_timers(cx) {
                Ok(Poll::Ready(())) => {}
                Ok(Poll::Pending) => return Poll::Pending,
                Err(error) => return Poll::Ready(self.finish(Err(Some(error)))),
            }
        }
    }

    /// Begins the next attempt, if there is one.
    fn begin_next(&mut self) -> bool {
        let Some(target) = self.waiting.pop_front() else {
            return false;
        };
        self.next = None;
        let connector = self.connector;
        let connecting = {
            let target = target.clone();
            Box::pin(async move { connector.connect(&target).await })
        };
        self.running.push(Running { target, began: self.clock.now(), connecting });
        true
    }

    /// Looks at each attempt, and gives the one that has a stream.
    fn poll_running(&mut self, cx: &mut Context<'_>) -> Option<Won> {
        let mut index = 0;
        while let Some(attempt) = self.running.get_mut(index) {
            match attempt.connecting.as_mut().poll(cx) {
                Poll::Pending => index += 1,
                Poll::Ready(result) => {
                    let Running { target, began, .. } = self.running.remove(index);
                    match result {
                        Ok(connected) => return Some(Won { connected, target, began }),
                        Err(error) => self.fail(&target, began, error),
                    }
                }
            }
        }
        None
    }

    /// Waits for the next attempt to begin, and for all of them to be given up. Ready after one of
    /// the two has happened.
    fn poll_timers(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, NoTimer> {
        if let Some(latest) = self.latest {
            let last = match &mut self.last {
                Some(last) => last,
                None => self.last.insert(self.clock.timer(latest)?),
            };
            if last.as_mut().poll(cx).is_ready() {
                self.give_up();
                return Ok(Poll::Ready(()));
            }
        }
        if self.waiting.is_empty() {
            return Ok(Poll::Pending);
        }
        let next = match &mut self.next {
            Some(next) => next,
            None => self.next.insert(self.clock.timer(deadline(self.clock, DELAY))?),
        };
        Ok(next.as_mut().poll(cx).map(|()| {
            self.begin_next();
        }))
    }

    /// The time is over, for those as well that have not begun.
    fn give_up(&mut self) {
        for Running { target, began, .. } in std::mem::take(&mut self.running) {
            let error = self.connector.timed_out(&target);
            self.fail(&target, began, error);
        }
        let now = self.clock.now();
        for target in std::mem::take(&mut self.waiting) {
            let error = "not tried in the time for connecting (`Timeouts::connect`)";
            self.fail(&target, now, io::Error::new(io::ErrorKind::TimedOut, error));
        }
    }

    fn fail(&mut self, target: &Target, began: Instant, error: io::Error) {
        let took = self.clock.now().saturating_duration_since(began);
        self.failed.push(Failed { address: target.address(), error: Arc::new(error), took });
    }

    fn finish(&mut self, result: Result<Won, Option<NoTimer>>) -> Finish {
        let running = std::mem::take(&mut self.running);
        let left = running.into_iter().map(|attempt| attempt.target).chain(self.waiting.drain(..));
        Finish { result, failed: std::mem::take(&mut self.failed), left: left.collect() }
    }
}
