//! An open connection as its destination sees it: what is known of it, and the way to give it
//! messages.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smtp::connection::Feed;
use tokio::sync::Notify;
use tokio::time::Instant;

/// A connection that takes messages. It ends when no destination and no message holds it any more.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) feed: Feed,
    pub(crate) facts: Arc<Facts>,
}

/// The facts of a connection, from when it is to be opened until it is closed.
// The counters change under the lock of the destination, and are read without it.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) id: u64,
    pub(crate) opened: Instant,
    /// Messages that it has.
    load: AtomicUsize,
    /// Messages that it was given so far.
    given: AtomicU64,
    /// How many of them the server took.
    taken: AtomicU64,
    /// How many it may be given.
    most: AtomicU64,
    /// It is given no more.
    retired: AtomicBool,
    lent: AtomicBool,
    /// When a message was finished, or it began to wait for one.
    used: Mutex<Instant>,
    pub(crate) abort: Notify,
}

impl Facts {
    pub(crate) fn new(id: u64) -> Self {
        let now = Instant::now();
        Self {
            id,
            opened: now,
            load: AtomicUsize::new(0),
            given: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            most: AtomicU64::new(u64::MAX),
            retired: AtomicBool::new(false),
            lent: AtomicBool::new(false),
            used: Mutex::new(now),
            abort: Notify::new(),
        }
    }

    fn lock_used(&self) -> MutexGuard<'_, Instant> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn load(&self) -> usize {
        self.load.load(Ordering::Relaxed)
    }

    pub(crate) fn given(&self) -> u64 {
        self.given.load(Ordering::Relaxed)
    }

    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    pub(crate) fn count_taken(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn used(&self) -> Instant {
        *self.lock_used()
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Relaxed)
    }

    pub(crate) fn is_lent(&self) -> bool {
        self.lent.load(Ordering::Relaxed)
    }

    /// Whether it may be given no further message.
    pub(crate) fn is_used_up(&self) -> bool {
        self.given() >= self.most.load(Ordering::Relaxed)
    }

    /// Whether the server took a message over it, or kept it open for a while. One that it closes at
    /// once is not replaced for its own sake: that would go on for ever.
    pub(crate) fn was_of_use(&self) -> bool {
        self.taken() > 0 || Duration::from_secs(1) <= self.opened.elapsed()
    }

    /// It may be given so many more messages.
    pub(crate) fn limit(&self, more: u64) {
        self.most.store(self.given().saturating_add(more), Ordering::Relaxed);
    }

    pub(crate) fn set_retired(&self, retired: bool) {
        self.retired.store(retired, Ordering::Relaxed);
    }

    pub(crate) fn set_lent(&self, lent: bool) {
        self.lent.store(lent, Ordering::Relaxed);
        *self.lock_used() = Instant::now();
    }

    /// It is given a message.
    pub(crate) fn give(&self) {
        if self.load.fetch_add(1, Ordering::Relaxed) == 0 {
            *self.lock_used() = Instant::now();
        }
        self.given.fetch_add(1, Ordering::Relaxed);
    }

    /// One of its messages is finished.
    pub(crate) fn finish(&self) {
        self.load.fetch_sub(1, Ordering::Relaxed);
        *self.lock_used() = Instant::now();
    }
}
