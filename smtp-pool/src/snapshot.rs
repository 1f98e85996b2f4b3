//! A look at a connection of a pool.

use std::time::Duration;

use tokio::time::Instant;

use crate::line::Facts;

/// A connection of a pool, as it was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// Its number in the pool.
    pub id: u64,
    /// Host and port of the destination.
    pub destination: String,
    /// Its activity.
    pub activity: Activity,
    /// How long it has been open.
    pub age: Duration,
    /// How long ago it was given its first message after a pause, finished one, or was given back.
    pub unchanged: Duration,
    /// Messages that it was given so far.
    pub messages: u64,
    /// Messages that it has and has not finished.
    pub in_flight: usize,
}

/// The activity of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Activity {
    /// It has nothing to do.
    Idle,
    /// It sends messages.
    Sending,
    /// It is given no more messages, and ends after those that it has.
    Ending,
    /// A caller has it.
    Lent,
}

impl ConnectionInfo {
    pub(crate) fn of(destination: &str, facts: &Facts) -> Self {
        let now = Instant::now();
        let activity = match facts.load() {
            _ if facts.is_lent() => Activity::Lent,
            _ if facts.is_retired() => Activity::Ending,
            0 => Activity::Idle,
            _ => Activity::Sending,
        };
        Self {
            id: facts.id,
            destination: destination.into(),
            activity,
            age: now.duration_since(facts.opened),
            unchanged: now.duration_since(facts.used()),
            messages: facts.given(),
            in_flight: facts.load(),
        }
    }
}
