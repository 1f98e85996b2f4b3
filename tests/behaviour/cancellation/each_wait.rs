//! The loop that drops a call at each of its waits.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

/// Polls the future until it has waited `waits` times, then drops it. Some when it was done before.
pub(in crate::behaviour) async fn poll_until<F: Future>(
    future: F,
    waits: usize,
) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut waited = 0;
    std::future::poll_fn(|cx| {
        if waited == waits {
            return Poll::Ready(None);
        }
        waited += 1;
        future.as_mut().poll(cx).map(Some)
    })
    .await
}

/// More waits than any call of these tests has.
pub(super) const MANY: usize = 500;

/// Runs a call again and again, each time dropping it one wait later, until it is done.
macro_rules! at_each_wait {
    ($waits:ident => $round:expr) => {{
        let mut rounds = 0;
        for $waits in 1..$crate::behaviour::cancellation::each_wait::MANY {
            rounds = $waits;
            if $round {
                break;
            }
        }
        assert!(rounds > 2, "the call never waited: {rounds}");
        assert!(
            rounds < $crate::behaviour::cancellation::each_wait::MANY - 1,
            "the call is never done"
        );
    }};
}
