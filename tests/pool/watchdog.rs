//! Connections that make no progress, and the end of connections by the caller.

use std::collections::VecDeque;
use std::future::Future as _;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use smtp::command::Stage;
use smtp::message::BodySource;
use smtp::{Body, DeliverError};
use smtp_pool::{Activity, Pool, SendError, Settings};
use tokio::time::{Instant, Sleep, sleep};

use super::peer::{Peer, Plan, message};

/// The watch over a connection.
const STALLED: Duration = Duration::from_secs(30);

/// A body of pieces, each of which comes after a time; it never ends after the last.
struct Slow {
    pieces: VecDeque<Duration>,
    ends: bool,
    next: Option<Pin<Box<Sleep>>>,
}

impl Slow {
    fn new(pieces: &[u64], ends: bool) -> Self {
        let pieces = pieces.iter().map(|&seconds| Duration::from_secs(seconds)).collect();
        Self { pieces, ends, next: None }
    }
}

impl BodySource for Slow {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        if self.next.is_none() {
            match self.pieces.pop_front() {
                Some(time) => self.next = Some(Box::pin(sleep(time))),
                None if self.ends => return Poll::Ready(None),
                None => return Poll::Pending,
            }
        }
        if let Some(next) = &mut self.next {
            ready!(pin!(next).poll(cx));
        }
        self.next = None;
        Poll::Ready(Some(Ok(Bytes::from_static(b"A line of the body.\r\n"))))
    }
}

fn watched(peer: &Peer) -> Pool<smtp::Connection<smtp::state::Greeted>> {
    // The watch is shorter than any timeout of the connection.
    let settings = Settings::new().connections(1).stalled(STALLED);
    Pool::with_settings(peer.server("a.test"), settings)
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_server_hangs_is_ended_at_each_stage() {
    let table = [
        ("MAIL", Stage::Mail, false),
        ("RCPT", Stage::Rcpt, false),
        ("DATA", Stage::Data, false),
        (".", Stage::EndOfData, true),
    ];
    for (command, stage, is_unknown) in table {
        let peer = Peer::new(Plan { hangs_at: Some(command), ..Plan::default() });
        let pool = watched(&peer);
        pool.warm_up().await;
        let begin = Instant::now();
        let sending = tokio::spawn({
            let pool = pool.clone();
            let (envelope, body) = message(0);
            async move { pool.send(envelope, body).await }
        });
        sleep(STALLED / 2).await;
        let connections = pool.connections();
        assert_eq!(connections.len(), 1);
        assert_eq!(connections[0].activity, Activity::Sending);
        assert_eq!(connections[0].stage, Some(stage), "{command}");
        assert_eq!((connections[0].in_flight, connections[0].current), (1, Some(1)));
        let error = sending.await.expect("no panic").expect_err("the server hangs");
        let SendError::Delivery(error) = error else { panic!("{error}") };
        assert_eq!(matches!(error, DeliverError::Unknown(_)), is_unknown, "{command}: {error}");
        let took = begin.elapsed();
        assert!(STALLED <= took && took <= STALLED + STALLED / 20, "{command}: {took:?}");
        sleep(Duration::from_secs(1)).await;
        assert_eq!((pool.connections(), peer.counts().open), (Vec::new(), 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_ends_its_connection_and_a_slow_one_does_not() {
    for (pieces, ends, expected) in [
        (&[20, 20, 20, 20][..], true, Ok(80)),
        (&[20, 20, 20][..], false, Err(90)),
        (&[][..], false, Err(30)),
        (&[35][..], true, Err(30)),
    ] {
        let peer = Peer::new(Plan::default());
        let pool = watched(&peer);
        let (envelope, _) = message(0);
        let begin = Instant::now();
        let sending = tokio::spawn({
            let pool = pool.clone();
            let body = Body::stream(Slow::new(pieces, ends));
            async move { pool.send(envelope, body).await }
        });
        sleep(Duration::from_secs(15)).await;
        let connection = &pool.connections()[0];
        assert_eq!(connection.stage, Some(Stage::Source), "{pieces:?}: it waits for the body");
        let result = sending.await.expect("no panic");
        let took = begin.elapsed().as_secs();
        let result = result.map(|_| took).map_err(|_| took);
        assert_eq!(result, expected, "{pieces:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_messages_is_not_ended_by_the_watch() {
    let peer = Peer::new(Plan::default());
    let settings = Settings::new().connections(1).warm(1).stalled(STALLED);
    let pool = Pool::with_settings(peer.server("a.test"), settings);
    pool.warm_up().await;
    sleep(20 * STALLED).await;
    let (envelope, body) = message(0);
    pool.send(envelope, body).await.expect("taken");
    assert_eq!(peer.counts().connections, 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_aborted_whatever_it_does() {
    for activity in [Activity::Idle, Activity::Sending, Activity::Ending, Activity::Lent] {
        let peer = Peer::new(Plan { takes: Duration::from_secs(60), ..Plan::default() });
        // One message and no more: then it is ending.
        let most = if activity == Activity::Ending { 1 } else { 10 };
        let settings = Settings::new().connections(1).warm(1).messages_per_connection(most);
        let pool = Pool::with_settings(peer.server("a.test"), settings);
        pool.warm_up().await;
        let id = pool.connections()[0].id;
        let lent = match activity {
            Activity::Lent => Some(pool.check_out().await.expect("the warm one")),
            _ => None,
        };
        let sending = matches!(activity, Activity::Sending | Activity::Ending).then(|| {
            let pool = pool.clone();
            let (envelope, body) = message(0);
            tokio::spawn(async move { pool.send(envelope, body).await })
        });
        sleep(Duration::from_secs(1)).await;
        assert_eq!(pool.connections()[0].activity, activity);
        assert!(!pool.abort(id + 100), "there is none of this number");
        assert_eq!(pool.abort(id), activity != Activity::Lent, "{activity:?}");
        if let Some(sending) = sending {
            let error = sending.await.expect("no panic").expect_err("aborted");
            let SendError::Delivery(DeliverError::Unknown(_)) = error else { panic!("{error}") };
        }
        sleep(Duration::from_secs(1)).await;
        let is_there = pool.connections().iter().any(|connection| connection.id == id);
        assert_eq!(is_there, activity == Activity::Lent, "{activity:?}");
        // The server sees it once it has the message.
        sleep(Duration::from_secs(60)).await;
        assert_eq!(peer.counts().cut, usize::from(activity != Activity::Lent), "{activity:?}");
        drop(lent);
    }
}
