//! Rates: how much may begin in a time, kept by a token bucket on tokio's clock.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::settings::FOREVER;

/// How many in how long: of messages, recipients or new connections.
///
/// ```
/// use std::time::Duration;
///
/// use smtp_pool::Rate;
///
/// // 600 in a minute, spread evenly, of which 20 may come at once.
/// let rate = Rate::new(600, Duration::from_secs(60)).burst(20);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Rate {
    amount: u32,
    per: Duration,
    burst: u32,
}

impl Rate {
    /// `amount` in each `per`, spread evenly: one after the other, `per / amount` apart. An amount
    /// of 0 is taken for 1.
    pub fn new(amount: u32, per: Duration) -> Self {
        Self { amount: amount.max(1), per: per.min(FOREVER), burst: 1 }
    }

    /// Lets as many come at once after a pause (1).
    pub fn burst(mut self, burst: u32) -> Self {
        self.burst = burst.max(1);
        self
    }
}

/// A bucket of tokens that fills at a rate.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// The time that one token takes to come.
    interval: Duration,
    /// How far ahead of the rate a burst may be.
    tolerance: Duration,
    /// The time at which the bucket is as full as the rate has it (GCRA).
    even: Mutex<Option<Instant>>,
}

impl Bucket {
    pub(crate) fn new(rate: Rate) -> Self {
        let interval = rate.per / rate.amount;
        Self {
            interval,
            tolerance: interval.saturating_mul(rate.burst - 1),
            even: Mutex::new(None),
        }
    }

    /// Takes tokens, and gives the time at which they are there. None where that is later than
    /// `latest`: then none are taken. More than a burst at once wait until there is room for the
    /// first of them, and are paid for by those that come later.
    pub(crate) fn take(&self, tokens: u32, latest: Option<Instant>) -> Option<Instant> {
        let now = Instant::now();
        let mut even = self.even.lock().unwrap_or_else(PoisonError::into_inner);
        let from = even.map_or(now, |even| even.max(now));
        let ready = from.checked_sub(self.tolerance).map_or(now, |ready| ready.max(now));
        if latest.is_some_and(|latest| latest < ready) {
            return None;
        }
        *even = Some(from + self.interval.saturating_mul(tokens).min(FOREVER));
        Some(ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(bucket: &Bucket, tokens: u32, begin: Instant) -> Option<u64> {
        let ready = bucket.take(tokens, Some(begin + Duration::from_secs(100)));
        ready.map(|ready| ready.duration_since(begin).as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_keeps_its_rate_and_its_burst() {
        let bucket = Bucket::new(Rate::new(1, Duration::from_secs(10)).burst(3));
        let begin = Instant::now();
        let times: Vec<_> = (0..5).map(|_| seconds(&bucket, 1, begin)).collect();
        assert_eq!(times, [Some(0), Some(0), Some(0), Some(10), Some(20)]);
        tokio::time::advance(Duration::from_secs(35)).await;
        assert_eq!(seconds(&bucket, 1, begin), Some(35), "one was saved up meanwhile");
        assert_eq!(seconds(&bucket, 10, begin), Some(40), "many at once");
        assert_eq!(seconds(&bucket, 1, begin), None, "are paid for: after 140 seconds");
        assert_eq!(seconds(&bucket, 1, begin), None, "and one that is refused costs nothing");
    }
}
