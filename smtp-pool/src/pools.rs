//! Pools of many destinations, under one bound.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smtp::connect::{CredentialId, OpenSession, SessionKey};

use crate::bound::Bound;
use crate::destination::Destination;
use crate::gate::Gate;
use crate::pool::Pool;
use crate::session::Session;
use crate::settings::Settings;

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
    gates: HashMap<CredentialId, Arc<Gate>>,
    /// How many destinations there may be before those are dropped that nothing uses.
    sweep_at: usize,
}

/// A destination of any type.
trait Kept: Send + Sync {
    /// Whether it has connections, or a caller.
    fn is_used(self: Arc<Self>) -> bool;
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

impl<C: Session> Kept for Destination<C> {
    fn is_used(self: Arc<Self>) -> bool {
        // The map has one handle, and this call another.
        Arc::strong_count(&self) > 2 || self.lock().count() > 0
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
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
            return Pool::of(self.destination(opener, Some(Arc::default())));
        };
        let mut known = self.lock();
        let credentials = key.credentials();
        let place = (key, TypeId::of::<O::Session>());
        if let Some(kept) = known.destinations.get(&place)
            && let Ok(found) = Arc::clone(kept).into_any().downcast::<Destination<O::Session>>()
        {
            return Pool::of(found);
        }
        known.sweep();
        let gate = credentials.map(|id| Arc::clone(known.gates.entry(id).or_default()));
        let destination = self.destination(opener, gate);
        known.destinations.insert(place, destination.clone());
        Pool::of(destination)
    }

    fn destination<O: OpenSession + 'static>(
        &self,
        opener: O,
        gate: Option<Arc<Gate>>,
    ) -> Arc<Destination<O::Session>>
    where
        O::Session: Session,
    {
        Destination::new(opener, self.0.settings.clone(), &self.0.bound, gate)
    }
}

impl Known {
    /// Drops what nothing uses, once there is twice as much as the last time left.
    fn sweep(&mut self) {
        const FIRST: usize = 64;
        if self.destinations.len() < self.sweep_at.max(FIRST) {
            return;
        }
        self.destinations.retain(|_, kept| Arc::clone(kept).is_used());
        self.gates.retain(|_, gate| Arc::strong_count(gate) > 1 || gate.refused().is_some());
        self.sweep_at = 2 * self.destinations.len();
    }
}

impl Debug for Pools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let destinations = self.lock().destinations.len();
        f.debug_struct("Pools").field("destinations", &destinations).finish_non_exhaustive()
    }
}
