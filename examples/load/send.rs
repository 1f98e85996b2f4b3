//! The senders: a stream of messages over each connection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use smtp::connection::Stopped;
use smtp::{DeliverError, Receipt};
use tokio::task::JoinSet;

use crate::Result;
use crate::message::Job;
use crate::session::{Session, Sessions};

/// The result of sending: counts, times, and the first reasons of failures.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// The latency of each message that was taken.
    pub(crate) latencies: Vec<Duration>,
    /// Recipients that were refused, of messages that were taken for others.
    pub(crate) rcpts_refused: u64,
    pub(crate) refused: u64,
    /// Messages that were under way when their connection was lost.
    pub(crate) lost: u64,
    /// The first reason of a refused recipient, of a refused message and of a lost connection.
    pub(crate) reasons: [Option<String>; 3],
    pub(crate) round_trips: u64,
    /// From when all connections were ready to the last receipt.
    pub(crate) took: Duration,
    pub(crate) set_up: Duration,
    pub(crate) set_up_round_trips: u64,
}

/// Sends the whole job over these connections.
pub(crate) async fn all(job: &Arc<Job>, sessions: Sessions) -> Result<Sent> {
    let mut sending = JoinSet::new();
    let began = Instant::now();
    for session in sessions.all {
        let job = Arc::clone(job);
        sending.spawn(async move { one(&job, session).await });
    }
    let mut all =
        Sent { set_up: sessions.took, set_up_round_trips: sessions.round_trips, ..Sent::default() };
    while let Some(sent) = sending.join_next().await {
        let (sent, session) = sent?;
        all.add(sent);
        all.took = began.elapsed();
        if let Some(session) = session {
            // That the server has something to say to QUIT changes nothing.
            let _ = session.connection.quit().await;
        }
    }
    Ok(all)
}

/// Sends what is left of the job over a connection, and gives it back if it is still there.
async fn one(job: &Job, mut session: Session) -> (Sent, Option<Session>) {
    let before = session.round_trips.count();
    let taken = Mutex::new(Vec::new());
    let mut sent = Sent::default();
    let messages = std::iter::from_fn(|| {
        job.take().then(|| {
            lock(&taken).push(Instant::now());
            (job.envelope.clone(), job.body())
        })
    });
    let streamed = session.connection.deliver_all(messages, |index, result| {
        let began = lock(&taken).get(index).copied();
        sent.note(result, began.map(|began| began.elapsed()).unwrap_or_default());
        job.note_done();
    });
    let streamed = streamed.await;
    sent.round_trips = session.round_trips.count() - before;
    match streamed {
        Ok(stopped) => {
            if stopped == Stopped::ServerLimit {
                let reason = "the server takes no more messages over a connection (MAILMAX)";
                sent.reasons[2].get_or_insert_with(|| reason.to_owned());
            }
            (sent, Some(session))
        }
        Err(lost) => {
            sent.reasons[2].get_or_insert_with(|| lost.to_string());
            (sent, None)
        }
    }
}

fn lock(taken: &Mutex<Vec<Instant>>) -> MutexGuard<'_, Vec<Instant>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sent {
    fn note(&mut self, result: Result<Receipt, DeliverError>, latency: Duration) {
        let [of_rcpt, of_message, of_connection] = &mut self.reasons;
        match result {
            Ok(receipt) => {
                self.latencies.push(latency);
                for (path, refusal) in receipt.refused() {
                    self.rcpts_refused += 1;
                    of_rcpt.get_or_insert_with(|| format!("{path}: {refusal}"));
                }
            }
            Err(DeliverError::Refused(undelivered)) => {
                self.refused += 1;
                of_message.get_or_insert_with(|| undelivered.refusal().to_string());
            }
            Err(error) => {
                self.lost += 1;
                of_connection.get_or_insert_with(|| error.to_string());
            }
        }
    }

    fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.rcpts_refused += other.rcpts_refused;
        self.refused += other.refused;
        self.lost += other.lost;
        self.round_trips += other.round_trips;
        for (reason, other) in self.reasons.iter_mut().zip(other.reasons) {
            *reason = reason.take().or(other);
        }
    }
}
