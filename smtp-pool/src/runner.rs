//! The task of one connection: it sends the messages that the connection is given, and ends it.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use smtp::Lost;
use tokio::time::{Instant, sleep_until};

use crate::destination::Destination;
use crate::line::Facts;
use crate::opening::Place;
use crate::session::Session;

/// Runs a connection until it is lost, or given no more messages.
pub(crate) async fn run<C: Session>(feeding: C::Feeding, place: Place<C>) {
    let Some(connection) = feed(feeding, &place).await else {
        return;
    };
    match place.destination.upgrade() {
        Some(destination) => destination.pass_on(connection, place).await,
        // The pool is gone.
        None => connection.say_quit().await,
    }
}

/// Sends messages, and watches the times of the connection. None when it is gone.
async fn feed<C: Session>(feeding: C::Feeding, place: &Place<C>) -> Option<C> {
    let facts = &place.facts;
    let mut feeding = pin!(feeding);
    let mut next_look = Some(Instant::now());
    loop {
        tokio::select! {
            biased;
            ended = &mut feeding => {
                let ended: Result<C, Lost> = ended;
                return ended.ok();
            }
            () = facts.abort.notified() => return None,
            () = sleep_until(next_look.unwrap_or_else(Instant::now)), if next_look.is_some() => {
                let destination = place.destination.upgrade();
                match destination.map(|destination| look(&destination, facts)) {
                    Some(Look::Again(at)) => next_look = Some(at),
                    Some(Look::Stalled) => return None,
                    // The pool is gone: the connection comes back with its last message.
                    None => next_look = None,
                }
            }
        }
    }
}

enum Look {
    /// Nothing is due before then.
    Again(Instant),
    Stalled,
}

/// Ends a connection that is too old or has nothing to do, and finds one that makes no progress.
fn look<C: Session>(destination: &Arc<Destination<C>>, facts: &Facts) -> Look {
    let settings = &destination.settings;
    let now = Instant::now();
    let mut state = destination.lock();
    let used = facts.used();
    let since = now.duration_since(used);
    let (is_idle, age) = (facts.load() == 0, now.duration_since(facts.opened));
    if !is_idle
        && let Some(longest) = settings.stalled
        && longest <= since
    {
        return Look::Stalled;
    }
    let is_warm = state.count() <= settings.warm;
    if !facts.is_retired()
        && (settings.age <= age || (is_idle && !is_warm && settings.idle <= since))
    {
        state.retire(facts);
    }
    let mut next = settings.idle.saturating_sub(if is_idle { since } else { Duration::ZERO });
    if settings.age > age {
        next = next.min(settings.age.saturating_sub(age));
    }
    if let Some(longest) = settings.stalled {
        next = next.min(longest.saturating_sub(if is_idle { Duration::ZERO } else { since }));
    }
    // A warm connection that has nothing to do is due at once, and stays.
    Look::Again(
        now + next.max(Duration::from_secs(1).min(settings.idle)).max(Duration::from_millis(1)),
    )
}
