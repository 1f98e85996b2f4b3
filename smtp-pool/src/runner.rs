//! The task of one connection: it sends the messages that the connection is given, and ends it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use smtp::Lost;
use smtp::error::Fault;
use tokio::time::{Instant, sleep_until};

use crate::destination::Destination;
use crate::ending::Ending;
use crate::line::Facts;
use crate::opening::Place;
use crate::session::Session;

/// Runs a connection until it is lost, or given no more messages.
// An `async fn` would keep room for its arguments twice, in each connection that is idle.
#[expect(clippy::manual_async_fn, reason = "its future is larger")]
pub(crate) fn run<C: Session>(
    mut feeding: C::Feeding,
    place: Place<C>,
) -> impl Future<Output = ()> + Send {
    async move {
        let connection = match feed(&mut feeding, &place).await {
            Ok(connection) => connection,
            Err(ending) => return place.facts.set_ending(ending),
        };
        match place.destination.upgrade() {
            Some(destination) => {
                // The server takes no more messages, where the pool has no reason of its own.
                place.facts.retire(Ending::Limit);
                destination.pass_on(connection, place).await;
            }
            // The pool is gone.
            None => {
                place.facts.retire(Ending::Closed);
                connection.say_quit().await;
            }
        }
    }
}

/// Sends messages, and watches the times of the connection. An error when it is gone.
async fn feed<C: Session>(feeding: &mut C::Feeding, place: &Place<C>) -> Result<C, Ending> {
    let facts = &place.facts;
    let mut run = poll_fn(|cx| {
        let ended = Pin::new(&mut *feeding).poll(cx);
        facts.note(C::progress(feeding));
        ended
    });
    let mut next_look = Some(Instant::now());
    loop {
        tokio::select! {
            biased;
            ended = &mut run => return ended.map_err(|lost| ending(&lost)),
            () = facts.abort.notified() => return Err(Ending::Aborted),
            () = sleep_until(next_look.unwrap_or_else(Instant::now)), if next_look.is_some() => {
                let destination = place.destination.upgrade();
                match destination.map(|destination| look(&destination, facts)) {
                    Some(Look::Again(at)) => next_look = Some(at),
                    Some(Look::Stalled) => return Err(Ending::Stalled),
                    // The pool is gone: the connection comes back with its last message.
                    None => next_look = None,
                }
            }
        }
    }
}

fn ending(lost: &Lost) -> Ending {
    match lost.fault() {
        Fault::Closed | Fault::Closing(_) => Ending::Server,
        _ => Ending::Lost,
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
    let since = now.duration_since(facts.used());
    let stands = now.duration_since(facts.moved());
    let (is_idle, age) = (facts.load() == 0, now.duration_since(facts.opened));
    if !is_idle
        && let Some(longest) = settings.stalled
        && longest <= stands
    {
        return Look::Stalled;
    }
    let is_warm = state.count() <= settings.warm;
    if !facts.is_retired() {
        if settings.age <= age {
            state.retire(facts, Ending::Age);
        } else if is_idle && !is_warm && settings.idle <= since {
            state.retire(facts, Ending::Idle);
        }
    }
    let mut next = settings.idle.saturating_sub(if is_idle { since } else { Duration::ZERO });
    if settings.age > age {
        next = next.min(settings.age.saturating_sub(age));
    }
    if let Some(longest) = settings.stalled {
        next = next.min(longest.saturating_sub(if is_idle { Duration::ZERO } else { stands }));
    }
    // A warm connection that has nothing to do is due at once, and stays.
    Look::Again(
        now + next.max(Duration::from_secs(1).min(settings.idle)).max(Duration::from_millis(1)),
    )
}
