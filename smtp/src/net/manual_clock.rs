//! A clock for tests: it goes when a test says so, and counts what it is asked for.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use super::clock::Clock;
use crate::proto::fault::NoTimer;

/// All clones are the same clock.
#[derive(Clone, Debug)]
pub(crate) struct ManualClock {
    state: Arc<State>,
    has_timers: bool,
}

#[derive(Debug)]
struct State {
    now: Mutex<Instant>,
    /// The wakers of timers that were polled and have not fired.
    waiting: Mutex<Vec<(Instant, Waker)>>,
    made: AtomicUsize,
    polls: AtomicUsize,
}

impl ManualClock {
    pub(crate) fn new() -> Self {
        let state = State {
            now: Mutex::new(Instant::now()),
            waiting: Mutex::default(),
            made: AtomicUsize::new(0),
            polls: AtomicUsize::new(0),
        };
        Self { state: Arc::new(state), has_timers: true }
    }

    /// A clock that only tells the time.
    pub(crate) fn without_timers() -> Self {
        Self { has_timers: false, ..Self::new() }
    }

    /// Lets time pass, and wakes the tasks whose time has come.
    pub(crate) fn advance(&self, seconds: u64) {
        *self.state.now.lock().expect("a clock") += Duration::from_secs(seconds);
        let now = self.now();
        let mut waiting = self.state.waiting.lock().expect("a clock");
        let due: Vec<_> = waiting.extract_if(.., |(deadline, _)| *deadline <= now).collect();
        drop(waiting);
        for (_, waker) in due {
            waker.wake();
        }
    }

    /// How many timers were made, and how often they were polled.
    pub(crate) fn asked(&self) -> (usize, usize) {
        (self.state.made.load(Ordering::Relaxed), self.state.polls.load(Ordering::Relaxed))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        *self.state.now.lock().expect("a clock")
    }

    fn timer(
        &self,
        deadline: Instant,
    ) -> Result<Pin<Box<dyn Future<Output = ()> + Send>>, NoTimer> {
        if !self.has_timers {
            return Err(NoTimer::new("this clock has no timers"));
        }
        self.state.made.fetch_add(1, Ordering::Relaxed);
        let clock = self.clone();
        Ok(Box::pin(poll_fn(move |cx| {
            clock.state.polls.fetch_add(1, Ordering::Relaxed);
            if deadline <= clock.now() {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            clock.state.waiting.lock().expect("a clock").push((deadline, waker));
            Poll::Pending
        })))
    }
}
