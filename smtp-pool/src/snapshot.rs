//! A look at a connection of a pool.

use std::net::SocketAddr;
use std::time::Duration;

use smtp::command::Stage;
use tokio::time::Instant;

use crate::destination::Destination;
use crate::line::Facts;
use crate::session::Session;

/// A connection of a pool, as it was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// Its number. Pools of one [`Pools`](crate::Pools) number their connections together.
    pub id: u64,
    /// Host and port of the destination.
    pub destination: String,
    /// The address at its other end ([`Connection::peer_address`](smtp::Connection::peer_address)).
    pub peer: Option<SocketAddr>,
    /// Its activity.
    pub activity: Activity,
    /// The step that it is at. `None` while it has nothing to do, or a caller has it.
    pub stage: Option<Stage>,
    /// How long it has been open.
    pub age: Duration,
    /// How long ago it was given its first message after a pause, finished one, or was given back.
    pub unchanged: Duration,
    /// Messages that it was given so far.
    pub messages: u64,
    /// Messages that it has and has not finished.
    pub in_flight: usize,
    /// Which of its messages it is at, from 1: the first that is not finished. The span of the
    /// message has the same number (`smtp_pool.message.number`).
    pub current: Option<u64>,
    /// How many bytes have left since it was opened, without those that TLS adds; those that a
    /// caller sends who has it for itself are counted afterwards.
    pub sent: u64,
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

impl<C: Session> Destination<C> {
    /// Looks at the connections.
    pub(crate) fn connections(&self) -> Vec<ConnectionInfo> {
        let state = self.lock();
        state.open.iter().map(|facts| ConnectionInfo::of(&self.name, facts)).collect()
    }
}

impl ConnectionInfo {
    fn of(destination: &str, facts: &Facts) -> Self {
        let now = Instant::now();
        let (load, given, progress) = (facts.load(), facts.given(), facts.progress());
        let activity = match load {
            _ if facts.is_lent() => Activity::Lent,
            _ if facts.is_retired() => Activity::Ending,
            0 => Activity::Idle,
            _ => Activity::Sending,
        };
        let has_messages = load > 0 && activity != Activity::Lent;
        Self {
            id: facts.id,
            destination: destination.into(),
            peer: facts.peer,
            activity,
            // Where no reply is due, the connection waits for the body.
            stage: has_messages.then(|| progress.stage.unwrap_or(Stage::Source)),
            age: now.duration_since(facts.opened),
            unchanged: now.duration_since(facts.used()),
            messages: given,
            in_flight: load,
            current: has_messages.then(|| (given + 1).saturating_sub(load as u64)),
            sent: progress.sent,
        }
    }
}
