//! The bound on all connections of a pool, and how destinations share it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A destination that shares the bound.
pub(crate) trait Member: Send + Sync {
    /// How many connections it has open.
    fn open(&self) -> usize;

    /// Ends a connection that has nothing to do, if there is one.
    fn end_idle(&self) -> bool;

    /// Gives the connection with the fewest messages no more of them.
    fn end_one(&self) -> bool;
}

/// Places for connections.
#[derive(Debug)]
pub(crate) struct Bound {
    places: Arc<Semaphore>,
    /// How many wait for a place.
    waiting: AtomicUsize,
    members: Mutex<Vec<Weak<dyn Member>>>,
}

impl Bound {
    pub(crate) fn new(most: usize) -> Self {
        let places = Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS)));
        Self { places, waiting: AtomicUsize::new(0), members: Mutex::new(Vec::new()) }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<dyn Member>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn join(&self, member: Weak<dyn Member>) {
        let mut members = self.lock();
        members.retain(|member| member.strong_count() > 0);
        members.push(member);
    }

    /// A place for one more connection of a destination. First come, first served; where none is
    /// free, a connection of another destination makes room: one that has nothing to do, or one of
    /// the destination that has the most, once its messages are finished.
    pub(crate) async fn place(&self, asking: &dyn Member) -> OwnedSemaphorePermit {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return place;
        }
        let _waiting = Waiting::new(&self.waiting);
        self.make_room(asking);
        loop {
            // The semaphore is never closed.
            if let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
                return place;
            }
        }
    }

    /// Whether a destination waits for a place.
    pub(crate) fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    fn make_room(&self, asking: &dyn Member) {
        let members: Vec<_> = self.lock().iter().filter_map(Weak::upgrade).collect();
        let others =
            || members.iter().filter(|member| !std::ptr::addr_eq(Arc::as_ptr(member), asking));
        if others().any(|member| member.end_idle()) {
            return;
        }
        // One that has none gets one; of two that have some, none gains more than the other loses.
        let own = asking.open();
        let fewest = if own == 0 { 1 } else { own + 2 };
        let largest = others().max_by_key(|member| member.open());
        if let Some(member) = largest
            && member.open() >= fewest
        {
            member.end_one();
        }
    }
}

/// Counts one that waits, until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
