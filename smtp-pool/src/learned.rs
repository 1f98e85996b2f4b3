//! The limit on the messages of a connection that a server has shown.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// For how long it holds: after that a server is asked again, which costs no message anything. It
/// may have had another reason, such as a full disk.
const HOLDS: Duration = Duration::from_secs(60 * 60);

/// How many messages a connection takes, as the server has shown.
#[derive(Debug, Default)]
pub(crate) struct LearnedLimit(Mutex<Option<(u64, Instant)>>);

impl LearnedLimit {
    fn lock(&self) -> MutexGuard<'_, Option<(u64, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The limit that holds now.
    pub(crate) fn get(&self) -> u64 {
        let mut known = self.lock();
        *known = known.filter(|(_, since)| since.elapsed() < HOLDS);
        known.map_or(u64::MAX, |(most, _)| most)
    }

    /// A server took no more than this many. The smallest number that holds is kept.
    pub(crate) fn learn(&self, taken: u64) {
        let most = taken.max(1).min(self.get());
        *self.lock() = Some((most, Instant::now()));
    }
}
