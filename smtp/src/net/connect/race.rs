//! Several targets at a time: the first stream wins, and the others are closed ("Happy Eyeballs",
//! RFC 8305 §5).
//!
//! An address that a firewall swallows costs a quarter of a second, not the time that TCP takes to
//! give up.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::addresses::in_turn;
use super::connector::Connect;
use super::failed::{Failed, Step};
use super::finder::{Finder, Found};
use super::target::{Connected, Target};
use crate::net::clock::{Clock, deadline};
use crate::proto::fault::NoTimer;

/// How long an attempt stays alone ("Connection Attempt Delay", RFC 8305 §8).
const DELAY: Duration = Duration::from_millis(250);

/// Attempts to connect, which begin one after the other. Where no target waits, the look-up of the
/// next host is the next attempt.
pub(super) struct Race<'a, 'f> {
    connector: &'a dyn Connect,
    clock: &'a dyn Clock,
    finder: &'f mut Finder<'a>,
    /// When all of them are given up. None: the caller drops the race in time.
    latest: Option<Instant>,
    waiting: VecDeque<Target>,
    running: Vec<Running<'a>>,
    failed: Vec<Failed>,
    /// Fires when the next one begins.
    next: Option<Timer>,
    /// It has fired, and there was none to begin.
    is_due: bool,
    /// Fires at `latest`.
    last: Option<Timer>,
}

type Timer = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Running<'a> {
    target: Target,
    began: Instant,
    connecting: Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>>,
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

impl<'a, 'f> Race<'a, 'f> {
    pub(super) fn new(
        connector: &'a dyn Connect,
        clock: &'a dyn Clock,
        latest: Option<Instant>,
        finder: &'f mut Finder<'a>,
        targets: VecDeque<Target>,
    ) -> Self {
        Self {
            connector,
            clock,
            finder,
            latest,
            waiting: targets,
            running: Vec::new(),
            failed: Vec::new(),
            next: None,
            is_due: false,
            last: None,
        }
    }

    /// Ready with the first stream, or when there is none. Without a target it is ready at once.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Finish> {
        loop {
            if !self.is_under_way() && !self.begin_next() {
                return Poll::Ready(self.finish(Err(None)));
            }
            let is_next = match self.poll_finder(cx) {
                Ok(is_next) => is_next,
                Err(error) => return Poll::Ready(self.finish(Err(Some(error)))),
            };
            let failures = self.failed.len();
            if let Some(won) = self.poll_running(cx) {
                return Poll::Ready(self.finish(Ok(won)));
            }
            // One that fails makes room for the next one at once.
            let has_room = is_next || self.failed.len() > failures;
            if has_room && (self.begin_next() || !self.is_under_way()) {
                continue;
            }
            match self.poll_timers(cx) {
                Ok(Poll::Ready(())) => {}
                Ok(Poll::Pending) => return Poll::Pending,
                Err(error) => return Poll::Ready(self.finish(Err(Some(error)))),
            }
        }
    }

    fn is_under_way(&self) -> bool {
        !self.running.is_empty() || self.finder.is_looking()
    }

    fn has_next(&self) -> bool {
        !self.waiting.is_empty() || self.finder.is_waiting()
    }

    /// Begins the next attempt, if there is one.
    fn begin_next(&mut self) -> bool {
        let has_begun = match self.waiting.pop_front() {
            Some(target) => {
                self.connect_to(target);
                true
            }
            None => self.finder.begin_next(self.clock),
        };
        if has_begun {
            (self.next, self.is_due) = (None, false);
        }
        has_begun
    }

    fn connect_to(&mut self, target: Target) {
        let connector = self.connector;
        let connecting = {
            let target = target.clone();
            Box::pin(async move { connector.connect(&target).await })
        };
        self.running.push(Running { target, began: self.clock.now(), connecting });
    }

    /// Looks at each look-up. True when the next attempt is to begin at once.
    fn poll_finder(&mut self, cx: &mut Context<'_>) -> Result<bool, NoTimer> {
        let Found { targets, is_next, failed } = self.finder.poll(self.clock, cx)?;
        self.failed.extend(failed);
        if targets.is_empty() {
            return Ok(is_next);
        }
        // Those that come later are of the other family, whose turn it is.
        self.waiting = in_turn(targets, std::mem::take(&mut self.waiting));
        Ok(is_next || self.running.is_empty() || self.is_due)
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
        if self.is_due || !(self.has_next() || self.finder.is_looking()) {
            return Ok(Poll::Pending);
        }
        let next = match &mut self.next {
            Some(next) => next,
            None => self.next.insert(self.clock.timer(deadline(self.clock, DELAY))?),
        };
        Ok(next.as_mut().poll(cx).map(|()| {
            self.is_due = !self.begin_next();
        }))
    }

    /// The time is over, for those as well that have not begun.
    fn give_up(&mut self) {
        for Running { target, began, .. } in std::mem::take(&mut self.running) {
            let error = self.connector.timed_out(&target);
            self.fail(&target, began, error);
        }
        let now = self.clock.now();
        self.failed.extend(self.finder.give_up(now));
        for target in std::mem::take(&mut self.waiting) {
            let error = "not tried in the time for connecting (`Timeouts::connect`)";
            self.fail(&target, now, io::Error::new(io::ErrorKind::TimedOut, error));
        }
    }

    fn fail(&mut self, target: &Target, began: Instant, error: io::Error) {
        let took = self.clock.now().saturating_duration_since(began);
        let (step, address) = (Step::Connect, target.address());
        self.failed.push(Failed { step, address, error: Arc::new(error), took });
    }

    fn finish(&mut self, result: Result<Won, Option<NoTimer>>) -> Finish {
        let running = std::mem::take(&mut self.running);
        let left = running.into_iter().map(|attempt| attempt.target).chain(self.waiting.drain(..));
        Finish { result, failed: std::mem::take(&mut self.failed), left: left.collect() }
    }
}
