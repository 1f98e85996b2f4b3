//! The times of further attempts.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

/// When a message that was not delivered is sent again, and for how long.
///
/// The default is that of RFC 5321 §4.5.4.1: an interval "SHOULD be at least 30 minutes", two
/// attempts in the first hour and later "one every two or three hours", and a give-up time of "at
/// least 4-5 days". It waits for 30 minutes, for one hour, for two, and for three from then on, each
/// up to a tenth longer, and gives up after five days.
///
/// ```
/// use std::time::Duration;
///
/// use smtp_pool::Schedule;
///
/// // For mails that are of no use in an hour, such as a code for a login.
/// let soon = Schedule::exponential(Duration::from_secs(20), Duration::from_secs(300))
///     .lifetime(Duration::from_secs(3600));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Schedule {
    delays: Delays,
    jitter: f64,
    pub(super) lifetime: Duration,
    attempts: u32,
}

#[derive(Clone, Debug, PartialEq)]
enum Delays {
    /// Each is twice the one before.
    Doubling {
        first: Duration,
        longest: Duration,
    },
    Given(Arc<[Duration]>),
}

/// A day.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The shortest delay: a peer that fails at once must not keep a processor busy.
const SHORTEST: Duration = Duration::from_millis(1);

impl Default for Schedule {
    fn default() -> Self {
        Self::exponential(Duration::from_secs(30 * 60), Duration::from_secs(3 * 60 * 60))
    }
}

impl Schedule {
    /// The schedule of RFC 5321 §4.5.4.1.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits for `first` after the first attempt, and twice as long after each further one, up to
    /// `longest`.
    pub fn exponential(first: Duration, longest: Duration) -> Self {
        Self::of(Delays::Doubling { first, longest })
    }

    /// Waits for each of these in turn. There is one attempt more than there are delays.
    pub fn given(delays: impl IntoIterator<Item = Duration>) -> Self {
        Self::of(Delays::Given(delays.into_iter().collect()))
    }

    fn of(delays: Delays) -> Self {
        Self { delays, jitter: 0.1, lifetime: 5 * DAY, attempts: u32::MAX }
    }

    /// Makes each delay longer by a random part of it, at most this fraction of it (0.1), so that
    /// messages that failed together are not sent again together. It is between 0 and 1.
    pub fn jitter(mut self, fraction: f64) -> Self {
        self.jitter = if fraction.is_nan() { 0.0 } else { fraction.clamp(0.0, 1.0) };
        self
    }

    /// How long after the message was given the last attempt may begin (5 days).
    pub fn lifetime(mut self, longest: Duration) -> Self {
        self.lifetime = longest;
        self
    }

    /// How many attempts are made at most, the first one included (no limit). At least one is. A
    /// try in which no server had a part [does not count](crate::Attempt::counts).
    pub fn attempts(mut self, most: u32) -> Self {
        self.attempts = most.max(1);
        self
    }

    /// The delay after so many attempts that count; `None` where there is no further one.
    pub(super) fn delay(&self, attempts: u32) -> Option<Duration> {
        if attempts >= self.attempts {
            return None;
        }
        // Before the first that counts it is as after it.
        let index = attempts.saturating_sub(1);
        let delay = match &self.delays {
            Delays::Doubling { first, longest } => {
                first.saturating_mul(1_u32.checked_shl(index).unwrap_or(u32::MAX)).min(*longest)
            }
            Delays::Given(delays) => *delays.get(usize::try_from(index).ok()?)?,
        };
        let longer = delay.as_secs_f64() * (1.0 + self.jitter * random());
        Some(Duration::try_from_secs_f64(longer).unwrap_or(delay).max(SHORTEST))
    }
}

/// A number from 0 to 1. The keys of a hash map are random enough to spread messages.
fn random() -> f64 {
    let bits = RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(bits >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(schedule: &Schedule, attempts: u32) -> Option<u64> {
        schedule.delay(attempts).map(|delay| delay.as_secs() / 60)
    }

    #[test]
    fn the_delays_of_each_schedule() {
        let plain = || Schedule::new().jitter(0.0);
        let given = || Schedule::given([60, 180].map(Duration::from_secs)).jitter(f64::NAN);
        let none = || Schedule::given([]);
        let table: [(Schedule, &[Option<u64>]); 5] = [
            (plain(), &[Some(30), Some(30), Some(60), Some(120), Some(180), Some(180)]),
            (plain().attempts(2), &[Some(30), Some(30), None, None]),
            (plain().attempts(0), &[Some(30), None]),
            (given(), &[Some(1), Some(1), Some(3), None]),
            (none(), &[None, None]),
        ];
        for (schedule, expected) in table {
            for (attempts, &expected) in (0..).zip(expected) {
                assert_eq!(minutes(&schedule, attempts), expected, "{schedule:?} {attempts}");
            }
        }
        assert_eq!(minutes(&plain(), u32::MAX - 1), Some(180));
    }

    #[test]
    fn a_delay_is_never_shorter_and_at_most_so_much_longer() {
        let schedule = Schedule::given([Duration::from_secs(100)]).jitter(0.5);
        let delays: Vec<_> = (0..1000).filter_map(|_| schedule.delay(1)).collect();
        assert_eq!(delays.len(), 1000);
        let (least, most) = (delays.iter().min(), delays.iter().max());
        let seconds = |delay: Option<&Duration>| delay.map_or(0, Duration::as_secs);
        assert!((100..110).contains(&seconds(least)), "{least:?}");
        assert!((140..=150).contains(&seconds(most)), "{most:?}");
    }

    #[test]
    fn the_ends_of_what_can_be_set() {
        let longest = Schedule::exponential(Duration::MAX, Duration::MAX).jitter(1.0);
        assert_eq!(longest.delay(u32::MAX - 1), Some(Duration::MAX));
        assert_eq!(Schedule::given([Duration::ZERO]).delay(1), Some(SHORTEST));
        assert_eq!(Schedule::new().jitter(9.0), Schedule::new().jitter(1.0));
    }
}
