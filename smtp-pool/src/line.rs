//! An open connection as its destination sees it: what is known of it, and the way to give it
//! messages.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smtp::connection::{Feed, FeedProgress};
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::Span;

use crate::ending::Ending;
use crate::observed::Observed;

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
    seen: Mutex<Seen>,
    /// Whether it is noted when it makes progress.
    watched: bool,
    pub(crate) abort: Notify,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) span: Span,
    observed: Arc<Observed>,
}

#[derive(Debug)]
struct Seen {
    /// When a message was finished, or it began to wait for one.
    used: Instant,
    /// When it was seen to make progress.
    moved: Instant,
    progress: FeedProgress,
    ending: Option<Ending>,
}

impl Facts {
    pub(crate) fn new(
        id: u64,
        peer: Option<SocketAddr>,
        watched: bool,
        span: Span,
        observed: Arc<Observed>,
    ) -> Self {
        let now = Instant::now();
        let progress = FeedProgress::default();
        Self {
            id,
            opened: now,
            load: AtomicUsize::new(0),
            given: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            most: AtomicU64::new(u64::MAX),
            retired: AtomicBool::new(false),
            lent: AtomicBool::new(false),
            seen: Mutex::new(Seen { used: now, moved: now, progress, ending: None }),
            watched,
            abort: Notify::new(),
            peer,
            span,
            observed,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how far it is.
    pub(crate) fn note(&self, progress: FeedProgress) {
        let mut seen = self.lock();
        if self.watched && seen.progress != progress {
            seen.moved = Instant::now();
        }
        seen.progress = progress;
    }

    pub(crate) fn progress(&self) -> FeedProgress {
        self.lock().progress
    }

    /// When a message was finished or given after a pause, a byte left or a reply came.
    pub(crate) fn moved(&self) -> Instant {
        let seen = self.lock();
        seen.moved.max(seen.used)
    }

    /// It ends, for this reason.
    pub(crate) fn set_ending(&self, ending: Ending) {
        self.lock().ending = Some(ending);
    }

    pub(crate) fn ending(&self) -> Ending {
        // One that no task has ended was dropped with the runtime.
        self.lock().ending.unwrap_or(Ending::Lost)
    }

    /// It is closed.
    pub(crate) fn end(&self) {
        self.observed.ended(self);
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
        self.lock().used
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

    /// It is given no more messages, for this reason.
    pub(crate) fn retire(&self, reason: Ending) {
        if !self.retired.swap(true, Ordering::Relaxed) {
            self.set_ending(reason);
        }
    }

    /// It may be given messages again.
    pub(crate) fn take_up(&self) {
        self.retired.store(false, Ordering::Relaxed);
        self.lock().ending = None;
    }

    pub(crate) fn set_lent(&self, lent: bool) {
        self.lent.store(lent, Ordering::Relaxed);
        let mut seen = self.lock();
        seen.used = Instant::now();
        seen.ending = lent.then_some(Ending::Lent);
    }

    /// It is given a message, whose number it gives back.
    pub(crate) fn give(&self) -> u64 {
        if self.load.fetch_add(1, Ordering::Relaxed) == 0 {
            self.lock().used = Instant::now();
        }
        self.given.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// One of its messages is finished.
    pub(crate) fn finish(&self) {
        self.load.fetch_sub(1, Ordering::Relaxed);
        self.lock().used = Instant::now();
    }
}
