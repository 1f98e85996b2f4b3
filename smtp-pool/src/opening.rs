//! The opening of connections: how many, when, and what becomes of the callers that wait for one
//! that could not be opened.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::sleep_until;
use tracing::{Instrument as _, Span};

use crate::bound::Permit;
use crate::breaker::Permission;
use crate::destination::{Destination, State};
use crate::ending::Ending;
use crate::error::Reason;
use crate::line::{Facts, Line};
use crate::loan::Ticket;
use crate::runner;
use crate::session::Session;

/// So many connections of a destination are being opened at once, or as many as are open: a server
/// has a short queue of connections that it has not taken yet, and a burst would overrun it.
const AT_ONCE: usize = 16;

/// A place of an open connection, within the bounds of its destination and of the pool.
pub(crate) struct Place<C: Session> {
    pub(crate) destination: std::sync::Weak<Destination<C>>,
    pub(crate) facts: Arc<Facts>,
    _permit: Permit,
}

impl<C: Session> Destination<C> {
    /// How many connections to open for the callers that wait, and to keep warm, within the bounds.
    /// They count from now on: [`open`](Self::open) opens them, once the lock is free.
    #[must_use = "they are counted, and have to be opened"]
    pub(crate) fn more_to_open(&self, state: &mut State<C>) -> usize {
        state.cold = self.settings.warm.saturating_sub(state.count());
        self.more_for_callers(state)
    }

    /// The same, for callers, and for those that are still to be opened to be kept warm.
    #[must_use = "they are counted, and have to be opened"]
    fn more_for_callers(&self, state: &mut State<C>) -> usize {
        let for_messages = state.waiting.len().div_ceil(self.settings.in_flight);
        let wanted = for_messages + state.owners.len();
        self.more(state, wanted.saturating_sub(state.opening))
    }

    /// The same, so many for callers.
    fn more(&self, state: &mut State<C>, for_callers: usize) -> usize {
        let most = match state.breaker.permission() {
            _ if state.closed => 0,
            Permission::All => AT_ONCE.max(state.open.len()),
            Permission::One => 1,
            Permission::None(..) => 0,
        };
        let room = self.settings.connections.saturating_sub(state.count());
        state.cold = if most == 0 { 0 } else { state.cold.min(room) };
        let more = for_callers.max(state.cold).min(room).min(most.saturating_sub(state.opening));
        state.cold = state.cold.saturating_sub(more);
        state.opening += more;
        more
    }

    /// Opens so many connections, which were counted before.
    pub(crate) fn open(self: &Arc<Self>, number: usize) {
        for _ in 0..number {
            // A runtime that ends drops the task at once, and the task takes the lock.
            let span = self.observed.connection();
            let opening = Opening { destination: Some(Arc::clone(self)), span: span.clone() };
            tokio::spawn(opening.run().instrument(span));
        }
    }

    /// Opens a connection. None where there is a place for one by now, but no use.
    async fn open_one(&self, span: &Span) -> Result<Option<(C, Permit)>, Reason> {
        let attempt = match &self.gate {
            Some(gate) => Some(gate.enter().await?),
            None => None,
        };
        if let Some(bucket) = &self.rates.connections
            && let Some(ready) = bucket.take(1, None)
        {
            sleep_until(ready).await;
        }
        // A first attempt with a credential counts at the server, and is not begun again.
        let may_begin_again = attempt.as_ref().is_none_or(|attempt| !attempt.is_alone());
        let (opened, permit) = loop {
            let permit = self.share.place().await;
            if self.has_no_use() {
                return Ok(None);
            }
            if !may_begin_again {
                break (self.opener.open().await, permit);
            }
            let (attempt, given_up) = oneshot::channel();
            self.lock().attempts.push(attempt);
            tokio::select! {
                biased;
                opened = self.opener.open() => break (opened, permit),
                _ = given_up => {}
            }
        };
        match opened {
            Ok(connection) => {
                if let Some(attempt) = attempt {
                    attempt.succeeded();
                }
                let was_suspended = self.lock().breaker.succeeded();
                if was_suspended {
                    self.observed.suspended(false);
                }
                Ok(Some((connection, permit)))
            }
            Err(error) => {
                let error = Arc::new(error);
                self.observed.failed(span, &error);
                if let Some(refused) = attempt.and_then(|attempt| attempt.failed(&error)) {
                    self.observed.login_refused();
                    return Err(refused.into());
                }
                let is_suspended = self.lock().breaker.failed(&error);
                if is_suspended {
                    self.observed.suspended(true);
                }
                Err(Reason::Connect(error))
            }
        }
    }

    /// Whether no caller waits any more. The connection does not count from then on.
    fn has_no_use(&self) -> bool {
        let mut state = self.lock();
        let is_warm = self.settings.warm <= state.open.len();
        let has_no_use = state.waiting.iter().all(oneshot::Sender::is_closed)
            && state.owners.iter().all(oneshot::Sender::is_closed)
            && is_warm;
        if has_no_use {
            (state.opening, state.cold) = (state.opening - 1, 0);
            drop(state);
            self.changed.notify_waiters();
        }
        has_no_use
    }

    /// Whether no connection is being opened, or is to be opened after those.
    pub(crate) fn is_warmed_up(&self) -> bool {
        let state = self.lock();
        state.opening == 0 && state.cold == 0
    }

    /// Puts a connection to use that was opened, or has come back from a caller.
    pub(crate) fn put_to_use(self: &Arc<Self>, connection: C, place: Place<C>) {
        let facts = Arc::clone(&place.facts);
        let left = connection.messages_left();
        let (feed, feeding) = connection.into_feed();
        let line = Arc::new(Line { feed, facts });
        {
            let mut state = self.lock();
            let Line { facts, .. } = &*line;
            let most = self.settings.messages.min(self.learned.get());
            facts.limit(left.min(most.saturating_sub(facts.given())));
            // One that is not listed comes back at once, and ends.
            if state.closed || facts.is_used_up() {
                let reason = if state.closed { Ending::Closed } else { Ending::Limit };
                facts.take_up();
                facts.retire(reason);
            } else {
                facts.take_up();
                state.lines.push(Arc::clone(&line));
            }
        }
        // After it is listed: it may be lost at once, and is then taken from the list.
        let run = runner::run(feeding, place);
        // A span that is off would be entered with each message all the same.
        if line.facts.span.is_disabled() {
            tokio::spawn(run);
        } else {
            tokio::spawn(run.instrument(line.facts.span.clone()));
        }
        self.serve(&line);
        let mut state = self.lock();
        let is_full = self.settings.connections <= state.count();
        if is_full && state.opening < state.owed() {
            state.retire(&line.facts, Ending::Lent);
        }
    }

    /// Gives a connection that nothing uses any more to a caller who waits for one; else it ends.
    pub(crate) async fn pass_on(self: &Arc<Self>, connection: C, place: Place<C>) {
        let (mut connection, mut place) = (connection, place);
        self.lock().retire(&place.facts, Ending::Lent);
        let reason = place.facts.ending();
        loop {
            // Outside of the lock: it reads, and an observer of the caller's may see what is read.
            let is_of_use = !place.facts.is_used_up() && connection.looks_open();
            let waiter = {
                let mut state = self.lock();
                if is_of_use && !state.closed { state.owners.pop_front() } else { None }
            };
            let Some(waiter) = waiter else {
                // It was kept for a caller who has gone.
                if is_of_use && reason == Ending::Lent {
                    return self.put_to_use(connection, place);
                }
                tokio::select! {
                    () = connection.say_quit() => {}
                    () = place.facts.abort.notified() => {}
                }
                return;
            };
            match waiter.send(Ok((connection, Ticket::new(place)))) {
                // The caller has gone.
                Err(Ok((back, ticket))) => {
                    (connection, place) = (back, ticket.into_place());
                    place.facts.set_ending(reason);
                }
                Ok(()) | Err(Err(_)) => return,
            }
        }
    }
}

/// A connection that is being opened. Dropping it counts as a failure.
struct Opening<C: Session> {
    destination: Option<Arc<Destination<C>>>,
    span: Span,
}

impl<C: Session> Opening<C> {
    async fn run(mut self) {
        let Some(destination) = &self.destination else {
            return;
        };
        let mut closing = destination.closing.subscribe();
        let opened = tokio::select! {
            biased;
            opened = destination.open_one(&self.span) => opened,
            _ = closing.wait_for(|&closing| closing) => Err(Reason::Closed),
        };
        let (connection, permit) = match opened {
            Ok(Some(opened)) => opened,
            // It does not count any more.
            Ok(None) => return self.destination = None,
            Err(reason) => return self.fail(&reason),
        };
        let Some(destination) = self.destination.take() else {
            return;
        };
        let place = destination.opened(&connection, permit, self.span.clone());
        let is_wanted = {
            let state = destination.lock();
            state.waiting.is_empty() && !state.owners.is_empty()
        };
        if is_wanted {
            destination.pass_on(connection, place).await;
        } else {
            destination.put_to_use(connection, place);
        }
        let more = destination.more_for_callers(&mut destination.lock());
        destination.open(more);
        destination.changed.notify_waiters();
    }

    fn fail(&mut self, reason: &Reason) {
        let Some(destination) = self.destination.take() else {
            return;
        };
        let (more, stranded) = {
            let mut state = destination.lock();
            state.opening -= 1;
            // For callers too would be to ask a server again at once that has just refused.
            let more = match reason {
                Reason::Interrupted => {
                    state.cold = 0;
                    0
                }
                _ => destination.more(&mut state, 0),
            };
            // Another connection may still serve those that wait.
            let is_hopeless = state.count() == 0;
            (more, is_hopeless.then(|| state.take_callers()))
        };
        destination.open(more);
        destination.changed.notify_waiters();
        if let Some(callers) = stranded {
            callers.answer(reason);
        }
    }
}

impl<C: Session> Drop for Opening<C> {
    fn drop(&mut self) {
        // The opener has panicked, or the runtime ends.
        self.fail(&Reason::Interrupted);
    }
}

impl<C: Session> Destination<C> {
    /// A connection that was being opened is open.
    fn opened(self: &Arc<Self>, connection: &C, permit: Permit, span: Span) -> Place<C> {
        let (peer, watched) = (connection.peer(), self.settings.stalled.is_some());
        let mut state = self.lock();
        state.opening -= 1;
        let observed = Arc::clone(&self.observed);
        let facts = Arc::new(Facts::new(self.share.number(), peer, watched, span, observed));
        state.open.push(Arc::clone(&facts));
        drop(state);
        self.observed.opened(&facts);
        self.changed.notify_waiters();
        Place { destination: Arc::downgrade(self), facts, _permit: permit }
    }
}

impl<C: Session> Drop for Place<C> {
    fn drop(&mut self) {
        self.facts.end();
        let Some(destination) = self.destination.upgrade() else {
            return;
        };
        let (more, stranded) = {
            let mut state = destination.lock();
            state.retire(&self.facts, Ending::Lost);
            state.open.retain(|facts| facts.id != self.facts.id);
            let more = if tokio::runtime::Handle::try_current().is_err() {
                0
            } else if self.facts.was_of_use() {
                destination.more_to_open(&mut state)
            } else {
                destination.more_for_callers(&mut state)
            };
            // Those that wait have no connection any more, and get none.
            let stranded = (state.count() == 0).then(|| {
                let hope = destination.check_hope(&state);
                (hope.err().unwrap_or(Reason::Interrupted), state.take_callers())
            });
            (more, stranded)
        };
        destination.open(more);
        destination.changed.notify_waiters();
        if let Some((reason, callers)) = stranded {
            callers.answer(&reason);
        }
    }
}
