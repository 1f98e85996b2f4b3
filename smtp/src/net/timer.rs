//! The one timer of a connection, armed as seldom as possible.
//!
//! A session moves its deadline with every reply. Moving a runtime's timer each time would cost
//! more than parsing the reply, so the timer stays where it is while the deadline moves away from
//! it, and another one is made when it fires too early. Nor is it polled before it fires: it wakes
//! an alarm, and the alarm knows which task waits.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker, ready};
use std::time::{Duration, Instant};

use super::clock::{Clock, deadline};
use crate::exclusive::Exclusive;
use crate::proto::fault::NoTimer;

/// The deadline of a connection, and its clock.
#[derive(Debug)]
pub(crate) struct Timer {
    clock: Arc<dyn Clock>,
    deadline: Option<Instant>,
    armed: Option<Armed>,
    alarm: Arc<Alarm>,
    /// The task that the alarm wakes.
    task: Waker,
}

/// A timer of the clock. It fires at the deadline or before.
#[derive(Debug)]
struct Armed {
    fires_at: Instant,
    future: Exclusive<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Timer {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let task = Waker::noop().clone();
        Self { clock, deadline: None, armed: None, alarm: Arc::default(), task }
    }

    /// The clock that the deadline is on.
    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Fires in `timeout`, counted from now, but not later than `latest`.
    pub(crate) fn set(&mut self, timeout: Duration, latest: Option<Instant>) {
        let deadline = deadline(&*self.clock, timeout);
        self.deadline = Some(latest.map_or(deadline, |latest| latest.min(deadline)));
    }

    /// Fires at `latest`, if there is such a moment.
    pub(crate) fn set_latest(&mut self, latest: Option<Instant>) {
        self.deadline = latest;
    }

    /// Ready once the deadline has passed; without a deadline, never.
    ///
    /// # Errors
    ///
    /// When there is a deadline and the clock has no timer for it.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), NoTimer>> {
        let Some(deadline) = self.deadline else {
            return Poll::Pending;
        };
        let in_time = self.armed.as_ref().is_some_and(|armed| armed.fires_at <= deadline);
        if in_time && self.task.will_wake(cx.waker()) && !self.alarm.has_rung() {
            return Poll::Pending;
        }
        self.poll_alarm(cx, deadline)
    }

    fn poll_alarm(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<Result<(), NoTimer>> {
        // Clones only what would wake another task.
        self.task.clone_from(cx.waker());
        let mut rang = self.alarm.listen(&self.task);
        loop {
            let armed = match &mut self.armed {
                Some(armed) if armed.fires_at <= deadline => armed,
                armed => {
                    let future = Exclusive::new(self.clock.timer(deadline)?);
                    // A timer wakes no task before it was polled.
                    rang = true;
                    armed.insert(Armed { fires_at: deadline, future })
                }
            };
            if !rang {
                return Poll::Pending;
            }
            let alarm = Waker::from(Arc::clone(&self.alarm));
            ready!(armed.future.get().as_mut().poll(&mut Context::from_waker(&alarm)));
            let is_due = armed.fires_at >= deadline;
            self.armed = None;
            if is_due {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

/// The waker of a timer of the clock: it passes the call on to the task that waits now. So another
/// task may take over the wait without a word to the clock.
#[derive(Debug)]
struct Alarm {
    task: Mutex<Waker>,
    /// It rang, and the timer was not looked at since. Set before the task is woken.
    rang: AtomicBool,
}

impl Alarm {
    /// Will wake `task`. Gives whether the alarm rang since the last call.
    fn listen(&self, task: &Waker) -> bool {
        self.lock().clone_from(task);
        self.rang.swap(false, Ordering::AcqRel)
    }

    #[inline]
    fn has_rung(&self) -> bool {
        self.rang.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, Waker> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Alarm {
    fn default() -> Self {
        Self { task: Mutex::new(Waker::noop().clone()), rang: AtomicBool::new(false) }
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rang.store(true, Ordering::Release);
        // Some executors poll the task before `wake` returns, and that locks the alarm again.
        let task = self.lock().clone();
        task.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::super::manual_clock::ManualClock;
    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn the_task_that_polled_last_is_woken_also_when_the_deadline_has_moved() {
        let tasks: [Arc<Woken>; 2] = Default::default();
        let wakers = tasks.clone().map(Waker::from);
        let woken = || tasks.each_ref().map(|task| task.0.load(Ordering::Relaxed));
        let clock = ManualClock::new();
        let mut timer = Timer::new(Arc::new(clock.clone()));
        let mut polled_by = |task: usize, seconds: Option<u64>| {
            if let Some(seconds) = seconds {
                timer.set(Duration::from_secs(seconds), None);
            }
            match timer.poll(&mut Context::from_waker(&wakers[task])) {
                Poll::Pending => false,
                Poll::Ready(fired) => fired.is_ok(),
            }
        };
        assert!(!polled_by(0, None), "there is no deadline");
        assert_eq!(clock.asked(), (0, 0), "timers made and polls");
        assert!(!polled_by(0, Some(300)));
        assert_eq!(clock.asked(), (1, 1));
        assert!(!polled_by(0, None), "it knows which task to wake");
        assert!(!polled_by(1, None), "another task has the connection");
        assert_eq!(clock.asked(), (1, 1));
        assert!(!polled_by(1, Some(10)), "sooner");
        assert_eq!(clock.asked(), (2, 2));
        clock.advance(5);
        assert_eq!(woken(), [0, 0]);
        for seconds in [600, 60, 20] {
            assert!(!polled_by(1, Some(seconds)), "later, which the clock is not told");
        }
        assert_eq!(clock.asked(), (2, 2));
        clock.advance(6);
        assert_eq!(woken(), [0, 1]);
        assert!(!polled_by(1, None), "now it is");
        assert_eq!(clock.asked(), (3, 4));
        clock.advance(13);
        assert_eq!(woken(), [0, 1]);
        assert!(!polled_by(0, None), "the first task has it again");
        clock.advance(2);
        assert_eq!(woken(), [1, 1]);
        assert!(polled_by(0, None));
        assert_eq!(clock.asked(), (3, 5));
        assert!(!polled_by(0, Some(1)), "it may be set again");
        clock.advance(1);
        assert!(polled_by(0, None));
    }

    #[test]
    fn the_latest_moment_and_an_endless_timeout() {
        let clock = ManualClock::new();
        let mut timer = Timer::new(Arc::new(clock.clone()));
        let mut cx = Context::from_waker(Waker::noop());
        let latest = timer.clock().now() + Duration::from_secs(60);
        timer.set(Duration::MAX, Some(latest));
        assert!(timer.poll(&mut cx).is_pending());
        clock.advance(60);
        assert_eq!(timer.poll(&mut cx), Poll::Ready(Ok(())));
        timer.set(Duration::MAX, None);
        assert!(timer.poll(&mut cx).is_pending());
        timer.set(Duration::ZERO, None);
        timer.set_latest(None);
        assert!(timer.poll(&mut cx).is_pending(), "there is no deadline any more");
    }

    #[test]
    fn a_clock_without_timers_is_an_error_once_there_is_a_deadline() {
        let mut timer = Timer::new(Arc::new(ManualClock::without_timers()));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(timer.poll(&mut cx).is_pending());
        timer.set(Duration::from_secs(1), None);
        assert!(matches!(timer.poll(&mut cx), Poll::Ready(Err(_))));
    }

    /// An executor that polls a task while it wakes it.
    #[test]
    fn a_task_may_be_polled_while_it_is_woken() {
        struct Inline(Mutex<Option<Timer>>);

        impl Wake for Inline {
            fn wake(self: Arc<Self>) {
                let mut timer = self.0.lock().expect("a timer");
                let waker = Waker::from(Arc::clone(&self));
                let polled = timer.as_mut().expect("set").poll(&mut Context::from_waker(&waker));
                assert_eq!(polled, Poll::Ready(Ok(())));
            }
        }

        let clock = ManualClock::new();
        let mut timer = Timer::new(Arc::new(clock.clone()));
        timer.set(Duration::from_secs(1), None);
        let task = Arc::new(Inline(Mutex::new(None)));
        let waker = Waker::from(Arc::clone(&task));
        assert!(timer.poll(&mut Context::from_waker(&waker)).is_pending());
        *task.0.lock().expect("a timer") = Some(timer);
        clock.advance(1);
        *task.0.lock().expect("a timer") = None;
    }
}
