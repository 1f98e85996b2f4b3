//! The opening of connections: how many, when, and what becomes of the callers that wait for one
//! that could not be opened.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep_until;

use crate::breaker::Permission;
use crate::destination::{Destination, State};
use crate::error::Reason;
use crate::line::{Facts, Line};
use crate::loan::Ticket;
use crate::runner;
use crate::session::Session;

/// A place of an open connection, within the bounds of its destination and of the pool.
pub(crate) struct Place<C: Session> {
    pub(crate) destination: std::sync::Weak<Destination<C>>,
    pub(crate) facts: Arc<Facts>,
    _permit: OwnedSemaphorePermit,
}

impl<C: Session> Destination<C> {
    /// How many connections to open for the callers that wait, within the bounds. They count from
    /// now on: [`open`](Self::open) opens them, once the lock is free.
    #[must_use = "they are counted, and have to be opened"]
    pub(crate) fn more_to_open(&self, state: &mut State<C>) -> usize {
        let Self { settings, .. } = self;
        if state.closed {
            return 0;
        }
        let for_messages = state.waiting.len().div_ceil(settings.in_flight);
        let wanted = for_messages + state.owners.len();
        let room = settings.connections.saturating_sub(state.count());
        let cold = settings.warm.saturating_sub(state.count());
        let more = wanted.saturating_sub(state.opening).max(cold).min(room);
        let more = match state.breaker.permission() {
            Permission::All => more,
            Permission::One => more.min(usize::from(state.opening == 0)),
            Permission::None(..) => 0,
        };
        state.opening += more;
        more
    }

    /// Opens so many connections, which were counted before.
    pub(crate) fn open(self: &Arc<Self>, number: usize) {
        for _ in 0..number {
            // A runtime that ends drops the task at once, and the task takes the lock.
            tokio::spawn(Opening(Some(Arc::clone(self))).run());
        }
    }

    async fn open_one(self: &Arc<Self>) -> Result<(C, OwnedSemaphorePermit), Reason> {
        let attempt = match &self.gate {
            Some(gate) => Some(gate.enter().await?),
            None => None,
        };
        if let Some(bucket) = &self.rates.connections
            && let Some(ready) = bucket.take(1, None)
        {
            sleep_until(ready).await;
        }
        let permit = self.bound.place(&**self).await;
        match self.opener.open().await {
            Ok(connection) => {
                if let Some(attempt) = attempt {
                    attempt.succeeded();
                }
                self.lock().breaker.succeeded();
                Ok((connection, permit))
            }
            Err(error) => {
                let error = Arc::new(error);
                if let Some(refused) = attempt.and_then(|attempt| attempt.failed(&error)) {
                    return Err(refused.into());
                }
                self.lock().breaker.failed(&error);
                Err(Reason::Connect(error))
            }
        }
    }

    /// Puts a connection to use that was opened, or has come back from a caller.
    pub(crate) fn put_to_use(self: &Arc<Self>, connection: C, place: Place<C>) {
        let facts = Arc::clone(&place.facts);
        let left = connection.messages_left();
        let (feed, feeding) = connection.into_feed();
        let line = Arc::new(Line { feed, facts });
        tokio::spawn(runner::run(feeding, place));
        {
            let mut state = self.lock();
            let Line { facts, .. } = &*line;
            let most = self.settings.messages.min(self.learned.load(Ordering::Relaxed));
            facts.limit(left.min(most.saturating_sub(facts.given())));
            // One that is not listed comes back at once, and ends.
            if state.closed || facts.is_used_up() {
                facts.set_retired(true);
            } else {
                facts.set_retired(false);
                state.lines.push(Arc::clone(&line));
            }
        }
        self.serve(&line);
    }

    /// Gives a connection that nothing uses any more to a caller who waits for one; else it ends.
    pub(crate) async fn pass_on(&self, connection: C, place: Place<C>) {
        let (mut connection, mut place) = (connection, place);
        loop {
            let waiter = {
                let mut state = self.lock();
                if state.closed { None } else { state.owners.pop_front() }
            };
            let Some(waiter) = waiter else {
                connection.say_quit().await;
                return;
            };
            match waiter.send(Ok((connection, Ticket::new(place)))) {
                // The caller has gone.
                Err(Ok((back, ticket))) => (connection, place) = (back, ticket.into_place()),
                Ok(()) | Err(Err(_)) => return,
            }
        }
    }
}

/// A connection that is being opened. Dropping it counts as a failure.
struct Opening<C: Session>(Option<Arc<Destination<C>>>);

impl<C: Session> Opening<C> {
    async fn run(mut self) {
        let Some(destination) = &self.0 else {
            return;
        };
        match destination.open_one().await {
            Ok((connection, permit)) => {
                let Some(destination) = self.0.take() else {
                    return;
                };
                let place = destination.opened(permit);
                let is_wanted = {
                    let state = destination.lock();
                    state.waiting.is_empty() && !state.owners.is_empty()
                };
                if is_wanted {
                    destination.pass_on(connection, place).await;
                } else {
                    destination.put_to_use(connection, place);
                }
            }
            Err(reason) => self.fail(&reason),
        }
    }

    fn fail(&mut self, reason: &Reason) {
        let Some(destination) = self.0.take() else {
            return;
        };
        let (waiting, owners) = {
            let mut state = destination.lock();
            state.opening -= 1;
            destination.changed.notify_waiters();
            // Another connection may still serve those that wait.
            if state.count() > 0 {
                return;
            }
            (std::mem::take(&mut state.waiting), std::mem::take(&mut state.owners))
        };
        for waiter in waiting {
            let _ = waiter.send(Err(reason.clone()));
        }
        for waiter in owners {
            let _ = waiter.send(Err(reason.clone()));
        }
    }
}

impl<C: Session> Drop for Opening<C> {
    fn drop(&mut self) {
        // The opener has panicked, or the runtime ends.
        self.fail(&Reason::Closed);
    }
}

impl<C: Session> Destination<C> {
    /// A connection that was being opened is open.
    fn opened(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Place<C> {
        let mut state = self.lock();
        state.opening -= 1;
        state.next_id += 1;
        let facts = Arc::new(Facts::new(state.next_id));
        state.open.push(Arc::clone(&facts));
        drop(state);
        self.changed.notify_waiters();
        Place { destination: Arc::downgrade(self), facts, _permit: permit }
    }
}

impl<C: Session> Drop for Place<C> {
    fn drop(&mut self) {
        let Some(destination) = self.destination.upgrade() else {
            return;
        };
        let more = {
            let mut state = destination.lock();
            state.retire(&self.facts);
            state.open.retain(|facts| facts.id != self.facts.id);
            let may_open = tokio::runtime::Handle::try_current().is_ok();
            if may_open { destination.more_to_open(&mut state) } else { 0 }
        };
        destination.open(more);
        destination.changed.notify_waiters();
    }
}
