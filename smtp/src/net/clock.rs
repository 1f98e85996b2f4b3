//! The clock of a connection: what time it is, and a wake-up at a given time.
//!
//! Timers are the one thing that a session needs of its runtime apart from its stream. They come
//! through a trait, so a session runs on any executor. Tests put a clock of their own here, and a
//! timeout of ten minutes passes at once.

use std::fmt::Debug;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use crate::proto::fault::{Fault, NoTimer};
use crate::proto::stage::Stage;

/// Longer than any connection: a century. A moment that [`Instant`] cannot express is taken for this.
const NEVER: Duration = Duration::from_secs(100 * 365 * 86_400);
/// How long a reply may still take after the connection has refused to be written to.
pub(super) const REPLY_GRACE: Duration = Duration::from_secs(2);

/// A clock, which tells the time and makes timers.
///
/// [`TokioClock`](super::TokioClock) is the default. On another executor, give its clock to
/// [`Server::clock`](crate::Server::clock) or [`Submission::clock`](crate::Submission::clock). For
/// `async-io`, the timers of smol, that is:
///
/// ```
/// use std::pin::Pin;
/// use std::time::Instant;
///
/// use smtp::transport::{Clock, NoTimer};
/// # mod async_io {
/// #     pub struct Timer;
/// #     impl Timer { pub async fn at(_: std::time::Instant) {} }
/// # }
///
/// #[derive(Debug)]
/// struct SmolClock;
///
/// impl Clock for SmolClock {
///     fn now(&self) -> Instant {
///         Instant::now()
///     }
///
///     fn timer(
///         &self,
///         deadline: Instant,
///     ) -> Result<Pin<Box<dyn Future<Output = ()> + Send>>, NoTimer> {
///         Ok(Box::pin(async move {
///             async_io::Timer::at(deadline).await;
///         }))
///     }
/// }
///
/// let server = smtp::Server::new("mail.example.com", 25).clock(SmolClock);
/// ```
///
/// A clock that several owners share is an `Arc` of a clock, which is a clock too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no clock",
    label = "tells no time",
    note = "a clock implements `smtp::transport::Clock`; share one by `Arc`"
)]
pub trait Clock: Debug + Send + Sync + 'static {
    /// The time now. It never goes back, and is read about once for each reply.
    fn now(&self) -> Instant;

    /// A timer: a future that is ready once `deadline` has passed, and not before.
    ///
    /// As any future it must wake the waker of its last poll when it becomes ready: it is not
    /// polled again before that. It is dropped when it was ready, or is not needed any more. A
    /// connection makes its first timer when it first has to wait, and after that few: not one for
    /// each command.
    ///
    /// # Errors
    ///
    /// [`NoTimer`] when there are no timers here, for example outside the runtime that runs them.
    /// The connection then ends with [`Fault::NoTimer`].
    fn timer(&self, deadline: Instant)
    -> Result<Pin<Box<dyn Future<Output = ()> + Send>>, NoTimer>;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Instant {
        (**self).now()
    }

    fn timer(
        &self,
        deadline: Instant,
    ) -> Result<Pin<Box<dyn Future<Output = ()> + Send>>, NoTimer> {
        (**self).timer(deadline)
    }
}

/// The moment that is `timeout` from now.
pub(crate) fn deadline(clock: &dyn Clock, timeout: Duration) -> Instant {
    later(clock.now(), timeout)
}

/// The moment that is `time` after another one.
pub(crate) fn later(moment: Instant, time: Duration) -> Instant {
    moment.checked_add(time).unwrap_or_else(|| moment + NEVER)
}

/// Why a future was given up.
#[derive(Debug)]
pub(crate) enum Expired {
    /// Its deadline has passed.
    Late,
    /// It had to wait, and nothing could have ended the wait.
    NoTimer(NoTimer),
}

impl Expired {
    /// The fault that it is in `stage`.
    pub(crate) fn during(self, stage: Stage) -> Fault {
        match self {
            Self::Late => Fault::TimedOut(stage),
            Self::NoTimer(error) => Fault::NoTimer(error),
        }
    }
}

/// Waits for `future`, but not beyond `deadline`. A future that need not wait needs no timer.
pub(crate) async fn timeout_at<F: Future>(
    clock: &dyn Clock,
    deadline: Instant,
    future: F,
) -> Result<F::Output, Expired> {
    let mut future = pin!(future);
    let mut timer = None;
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        let timer = match &mut timer {
            Some(timer) => timer,
            None => timer.insert(clock.timer(deadline).map_err(Expired::NoTimer)?),
        };
        timer.as_mut().poll(cx).map(|()| Err(Expired::Late))
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::task::{Context, Waker};

    use super::super::manual_clock::ManualClock;
    use super::*;

    #[test]
    fn a_future_that_need_not_wait_needs_no_timer() {
        let clock = ManualClock::without_timers();
        let mut cx = Context::from_waker(Waker::noop());
        let past = clock.now();
        assert!(matches!(
            pin!(timeout_at(&clock, past, ready(7))).poll(&mut cx),
            Poll::Ready(Ok(7))
        ));
        assert!(matches!(
            pin!(timeout_at(&clock, past, pending::<()>())).poll(&mut cx),
            Poll::Ready(Err(Expired::NoTimer(_)))
        ));
    }

    #[test]
    fn a_future_that_waits_too_long_is_given_up() {
        let clock = ManualClock::new();
        let limit = deadline(&clock, Duration::from_secs(10));
        let mut waiting = pin!(timeout_at(&clock, limit, pending::<()>()));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        clock.advance(9);
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        clock.advance(1);
        assert!(matches!(waiting.poll(&mut cx), Poll::Ready(Err(Expired::Late))));
        assert_eq!(clock.asked().0, 1, "timers made");
    }

    #[test]
    fn a_timeout_beyond_what_can_be_expressed_is_a_century() {
        let clock = ManualClock::new();
        assert_eq!(deadline(&clock, Duration::MAX), clock.now() + NEVER);
    }
}
