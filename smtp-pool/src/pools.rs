//! Pools of many destinations, under one bound.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use smtp::connect::{CredentialId, OpenSession, SessionKey};
use tokio::time::Instant;

use crate::bound::Bound;
use crate::closing::deadline;
use crate::destination::Destination;
use crate::gate::Gate;
use crate::pool::Pool;
use crate::session::Session;
use crate::settings::Settings;
use crate::snapshot::ConnectionInfo;

/// Pools of many destinations, which share a bound on all their connections.
///
/// Where the bound is reached, a free place goes to the destination that has the fewest. A
/// destination with at least two connections more than one that waits gives one up: one that has
/// nothing to do, one that is only being opened, or one that has just finished a message. Where
/// there are more destinations than places, they take turns. So a server that hangs gets no more
/// than its share while others wait, but one that hung before keeps the connections that have
/// messages until their times are over: [`Settings::connections`] says how many those can be, and
/// [`Settings::stalled`] how long.
///
/// Two openers with equal [keys](SessionKey) share their connections, and never any others.
///
/// ```no_run
/// use smtp::{Envelope, Server};
/// use smtp_pool::{Pools, Settings};
///
/// # async fn send() -> Result<(), Box<dyn std::error::Error>> {
/// let pools = Pools::new(Settings::new().connections(4), 200);
/// let envelope = Envelope::new("me@example.com", ["you@example.org"])?;
/// pools.to(Server::new("mx.example.org", 25)).send(envelope, "Subject: hi\r\n\r\nhi\r\n").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Pools(Arc<Inner>);

struct Inner {
    settings: Settings,
    bound: Arc<Bound>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    destinations: HashMap<(SessionKey, TypeId), Arc<dyn Kept>>,
    /// Those of openers without a key.
    others: Vec<Weak<dyn Kept>>,
    gates: HashMap<CredentialId, Arc<Gate>>,
    /// How many destinations there may be before those are dropped that nothing uses.
    sweep_at: usize,
    closed: bool,
}

/// A destination of any type.
trait Kept: Send + Sync {
    /// Whether it has connections, or a caller.
    fn is_used(self: Arc<Self>) -> bool;
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
    fn connections(&self) -> Vec<ConnectionInfo>;
    fn abort(&self, id: u64) -> bool;
    fn shut(&self);
    fn drain(&self, deadline: Instant) -> Pin<Box<dyn Future<Output = usize> + Send + '_>>;
}

impl<C: Session> Kept for Destination<C> {
    fn is_used(self: Arc<Self>) -> bool {
        // The map has one handle, and this call another.
        Arc::strong_count(&self) > 2 || self.lock().count() > 0
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }

    fn connections(&self) -> Vec<ConnectionInfo> {
        Self::connections(self)
    }

    fn abort(&self, id: u64) -> bool {
        Self::abort(self, id)
    }

    fn shut(&self) {
        Self::shut(self);
    }

    fn drain(&self, deadline: Instant) -> Pin<Box<dyn Future<Output = usize> + Send + '_>> {
        Box::pin(Self::drain(self, deadline))
    }
}

impl Pools {
    /// Pools with these settings for each destination, and `connections` at most in all. At least
    /// one is.
    pub fn new(settings: Settings, connections: usize) -> Self {
        let bound = Arc::new(Bound::new(connections));
        Self(Arc::new(Inner { settings, bound, known: Mutex::default() }))
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pool of what this opener opens. One without a [key](OpenSession::session_key), a
    /// function, gets a pool of its own with each call: keep the pool.
    pub fn to<O: OpenSession + 'static>(&self, opener: O) -> Pool<O::Session>
    where
        O::Session: Session,
    {
        let Some(key) = opener.session_key() else {
            let destination = self.destination(opener, Some(Arc::default()));
            let other: Weak<Destination<O::Session>> = Arc::downgrade(&destination);
            let mut known = self.lock();
            known.others.retain(|other| other.strong_count() > 0);
            known.others.push(other);
            let is_closed = known.closed;
            drop(known);
            return Self::pool(destination, is_closed);
        };
        let gate = key.credentials().map(|id| Arc::clone(self.lock().gates.entry(id).or_default()));
        let place = (key, TypeId::of::<O::Session>());
        if let Some(found) = self.lock().find(&place) {
            return Pool::of(found);
        }
        let destination = self.destination(opener, gate);
        let mut known = self.lock();
        // Another caller may have been faster.
        let found = known.find(&place);
        let gone = known.sweep();
        if found.is_none() {
            known.destinations.insert(place, destination.clone());
        }
        let is_closed = known.closed;
        drop(known);
        drop(gone);
        Self::pool(found.unwrap_or(destination), is_closed)
    }

    fn destination<O: OpenSession + 'static>(
        &self,
        opener: O,
        gate: Option<Arc<Gate>>,
    ) -> Arc<Destination<O::Session>>
    where
        O::Session: Session,
    {
        // Never under the lock: a recorder of metrics is code of the caller's.
        Destination::new(opener, self.0.settings.clone(), &self.0.bound, gate)
    }

    fn pool<C: Session>(destination: Arc<Destination<C>>, is_closed: bool) -> Pool<C> {
        if is_closed {
            destination.shut();
        }
        Pool::of(destination)
    }

    /// The connections of all pools, as [`Pool::connections`] gives them.
    pub fn connections(&self) -> Vec<ConnectionInfo> {
        self.all().iter().flat_map(|kept| kept.connections()).collect()
    }

    /// Closes a connection of any pool at once, as [`Pool::abort`] does. False where there is none
    /// of this number, or a caller has it.
    pub fn abort(&self, id: u64) -> bool {
        self.all().iter().any(|kept| kept.abort(id))
    }

    /// Closes all pools, as [`Pool::close`] does, those that are asked for later included. The
    /// number of connections that were not done after `longest`, and were aborted, comes back.
    ///
    /// # Cancellation
    ///
    /// Dropping the future leaves the pools closed, and what is under way is finished.
    pub async fn close(&self, longest: Duration) -> usize {
        let deadline = deadline(longest);
        self.lock().closed = true;
        let all = self.all();
        for kept in &all {
            kept.shut();
        }
        let mut aborted = 0;
        for kept in &all {
            aborted += kept.drain(deadline).await;
        }
        aborted
    }

    /// Every destination that has a handle or a connection.
    fn all(&self) -> Vec<Arc<dyn Kept>> {
        let known = self.lock();
        let others = known.others.iter().filter_map(Weak::upgrade);
        known.destinations.values().cloned().chain(others).collect()
    }
}

impl Known {
    fn find<C: Session>(&self, place: &(SessionKey, TypeId)) -> Option<Arc<Destination<C>>> {
        Arc::clone(self.destinations.get(place)?).into_any().downcast().ok()
    }

    /// Takes out what nothing uses, once there is twice as much as the last time left. It is to be
    /// dropped outside of the lock.
    fn sweep(&mut self) -> Vec<Arc<dyn Kept>> {
        const FIRST: usize = 64;
        let mut gone = Vec::new();
        if self.destinations.len() < self.sweep_at.max(FIRST) {
            return gone;
        }
        self.destinations.retain(|_, kept| {
            let is_used = Arc::clone(kept).is_used();
            gone.extend((!is_used).then(|| Arc::clone(kept)));
            is_used
        });
        self.gates.retain(|_, gate| Arc::strong_count(gate) > 1 || gate.refused().is_some());
        self.sweep_at = 2 * self.destinations.len();
        gone
    }
}

impl Debug for Pools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let destinations = self.lock().destinations.len();
        f.debug_struct("Pools").field("destinations", &destinations).finish_non_exhaustive()
    }
}
