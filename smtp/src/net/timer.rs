//! One timer per connection, armed as seldom as possible.
//!
//! A session moves its deadline with every reply. Moving tokio's timer each time would cost more
//! than parsing the reply, so the timer is left where it is while the deadline moves away from it,
//! and looks again when it fires. Nor is it polled while it knows already whom to wake.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

#[derive(Debug)]
pub(crate) struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    deadline: Option<Instant>,
    /// Whom the timer wakes when it fires.
    waker: Option<Waker>,
}

impl Timer {
    pub(crate) const fn new() -> Self {
        Self { sleep: None, deadline: None, waker: None }
    }

    /// Fires in `timeout`, counted from now, but not later than `latest`.
    pub(crate) fn set(&mut self, timeout: Duration, latest: Option<Instant>) {
        let now = Instant::now();
        // A timeout beyond what the clock can say is none: a century is as good.
        let deadline = now
            .checked_add(timeout)
            .unwrap_or_else(|| now + Duration::from_secs(100 * 365 * 86_400));
        self.deadline = Some(latest.map_or(deadline, |latest| latest.min(deadline)));
    }

    pub(crate) fn clear(&mut self) {
        self.deadline = None;
    }

    /// Ready once the deadline has passed; without a deadline, never.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline else {
            return Poll::Pending;
        };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
            self.waker = None;
        }
        let knows = self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if knows && !sleep.is_elapsed() {
            return Poll::Pending;
        }
        self.waker = None;
        loop {
            if sleep.as_mut().poll(cx).is_pending() {
                self.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            if sleep.deadline() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_polled_last_is_woken_also_when_the_deadline_has_moved() {
        let tasks: [Arc<Woken>; 2] = Default::default();
        let wakers = tasks.clone().map(Waker::from);
        let woken = || tasks.each_ref().map(|task| task.0.load(Ordering::Relaxed));
        let mut timer = Timer::new();
        let mut polled_by = |task: usize, seconds: Option<u64>| {
            if let Some(seconds) = seconds {
                timer.set(Duration::from_secs(seconds), None);
            }
            timer.poll(&mut Context::from_waker(&wakers[task])).is_ready()
        };
        assert!(!polled_by(0, Some(300)));
        assert!(!polled_by(0, None), "it knows whom to wake");
        assert!(!polled_by(1, None), "another task has the connection");
        assert!(!polled_by(1, Some(10)), "sooner");
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(woken(), [0, 0]);
        assert!(!polled_by(1, Some(20)), "later, which tokio is not told");
        tokio::time::advance(Duration::from_secs(6)).await;
        assert_eq!(woken(), [0, 1]);
        assert!(!polled_by(1, None), "now it is");
        tokio::time::advance(Duration::from_secs(13)).await;
        assert_eq!(woken(), [0, 1]);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(woken(), [0, 2]);
        assert!(polled_by(1, None));
    }
}
