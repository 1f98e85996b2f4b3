//! A connection that one caller has for itself.

use std::fmt::{self, Debug};

use tokio::time::Instant;

use crate::opening::Place;
use crate::session::Session;

/// The place, within the bounds of a pool, of a connection that a caller has for itself.
///
/// [`give_back`](Self::give_back) puts the connection to use again. Dropping it frees the place: the
/// connection is the caller's own from then on, and the pool may open another one.
#[must_use = "a place that is dropped is free, and the connection does not go back"]
pub struct Ticket<C: Session>(Place<C>);

impl<C: Session> Ticket<C> {
    pub(crate) fn new(place: Place<C>) -> Self {
        place.facts.set_lent(true);
        Self(place)
    }

    /// When the connection was opened.
    pub(crate) fn opened(&self) -> Instant {
        self.0.facts.opened
    }

    pub(crate) fn into_place(self) -> Place<C> {
        self.0.facts.set_lent(false);
        self.0
    }

    /// Gives the connection back that came with this ticket. One that is no longer open, or was
    /// interrupted in the middle of an exchange, is closed instead, and so is every one once the
    /// pool is closed.
    pub fn give_back(self, mut connection: C) {
        let place = self.into_place();
        let Some(destination) = place.destination.upgrade() else {
            drop(connection);
            return;
        };
        // Outside of a runtime there is no task that could run it.
        if connection.looks_open() && tokio::runtime::Handle::try_current().is_ok() {
            destination.put_to_use(connection, place);
        } else {
            // Before its place is free: another one may be opened then.
            drop(connection);
            drop(place);
        }
    }
}

impl<C: Session> Debug for Ticket<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ticket").field(&self.0.facts.id).finish()
    }
}
