//! The clock of tokio: the default, and the only place that asks tokio for the time.

use std::pin::Pin;
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::time;

use super::clock::Clock;
use crate::proto::fault::NoTimer;

/// The clock of the tokio runtime that a connection is used in. It is the default.
///
/// It goes with tokio's virtual time (`start_paused`, `tokio::time::advance`). A timer belongs to
/// the runtime that it was made in.
///
/// # Errors
///
/// Outside a tokio runtime it has no timers: [`NoTimer`]. In a runtime that was built without
/// `enable_time` tokio panics.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioClock;

impl Clock for TokioClock {
    fn now(&self) -> Instant {
        time::Instant::now().into_std()
    }

    fn timer(
        &self,
        deadline: Instant,
    ) -> Result<Pin<Box<dyn Future<Output = ()> + Send>>, NoTimer> {
        // Tokio would panic.
        if Handle::try_current().is_err() {
            return Err(NoTimer::new(
                "there is no tokio runtime here: run inside one with time enabled, or give a clock \
                 with `Server::clock`",
            ));
        }
        Ok(Box::pin(time::sleep_until(deadline.into())))
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn time_is_the_virtual_one() {
        let began = TokioClock.now();
        TokioClock.timer(began + Duration::from_secs(600)).expect("a runtime").await;
        let took = TokioClock.now() - began;
        assert!(took >= Duration::from_secs(600) && took < Duration::from_secs(601), "{took:?}");
    }

    #[test]
    fn outside_a_runtime_there_are_no_timers() {
        let error = TokioClock.timer(TokioClock.now()).err().expect("no runtime");
        assert!(error.to_string().contains("`Server::clock`"), "{error}");
    }

    /// Made inside, a timer may be waited for anywhere.
    #[test]
    fn a_timer_stays_with_its_runtime() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let deadline = {
            let _inside = runtime.enter();
            TokioClock.now() + Duration::from_secs(1)
        };
        let mut timer = {
            let _inside = runtime.enter();
            TokioClock.timer(deadline).expect("a timer")
        };
        let mut cx = Context::from_waker(Waker::noop());
        assert!(timer.as_mut().poll(&mut cx).is_pending());
        runtime.block_on(time::advance(Duration::from_secs(2)));
        assert!(timer.as_mut().poll(&mut cx).is_ready());
    }
}
