//! A connection that many callers share.

mod callers;
mod closed;
mod progress;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use smtp::command::Noop;
use smtp::error::Fault;
use smtp::state::Greeted;
use smtp::testing::Peer;
use smtp::{Connection, DeliverError, Envelope, Transfer};
use tests::{greeted, script};
use tokio::task::JoinSet;

const PIPELINING: &[&str] = &["PIPELINING"];
const CHUNKING: &[&str] = &["PIPELINING", "CHUNKING"];

fn envelope(number: usize) -> Envelope {
    Envelope::new("me@example.com", [format!("you{number}@example.org")]).expect("addresses")
}

/// The commands before a message, as one flight.
fn group(number: usize) -> String {
    format!("C: MAIL FROM:<me@example.com>\nC: RCPT TO:<you{number}@example.org>\n")
}

const OPENED: &str = "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n";

async fn connected(offers: &[&str], dialogue: &str) -> (Connection<Greeted>, Peer) {
    greeted(script(offers, dialogue)).await
}

/// Polls a future once.
async fn once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    let mut future = future;
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

#[tokio::test(start_paused = true)]
async fn callers_share_a_connection_and_it_comes_back() {
    let dialogue = format!(
        "{}{OPENED}C: 0\nC: .\nC: RSET\n{}C: DATA\nS: 250 zero\nS: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\n\
         C: 1\nC: .\nS: 250 one\nC: NOOP\nS: 250 ok",
        group(0),
        group(1)
    );
    let (connection, peer) = connected(PIPELINING, &dialogue).await;
    let (feed, running) = connection.feed();
    let other = feed.clone();
    let first = tokio::spawn(feed.deliver(envelope(0), "0\r\n"));
    let second = tokio::spawn(other.deliver(envelope(1), "1\r\n"));
    drop((feed, other));
    let mut connection = running.await.expect("a connection");
    assert_eq!(first.await.expect("a task").expect("delivered").reply().text(), "zero");
    assert_eq!(second.await.expect("a task").expect("delivered").reply().text(), "one");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_lent() {
    let dialogue = format!("{}{OPENED}C: 0\nC: .\nS: 250 zero\nC: NOOP\nS: 250 ok", group(0));
    let (mut connection, peer) = connected(PIPELINING, &dialogue).await;
    let (feed, running) = connection.feed_mut();
    let delivered = async move { feed.deliver(envelope(0), "0\r\n").await };
    let (delivered, run) = tokio::join!(delivered, running);
    delivered.expect("delivered");
    run.expect("a connection");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_while_nothing_is_fed_is_noticed_at_once() {
    for end in ["S: 421 bye\n-- close --", "S: 221 bye", "-- close --", "-- reset --"] {
        let (connection, _peer) = connected(PIPELINING, &format!("-- wait 10m --\n{end}")).await;
        let (feed, running) = connection.feed();
        let began = tokio::time::Instant::now();
        let lost = running.await.expect_err("the server closed");
        assert_eq!(began.elapsed(), Duration::from_secs(600), "{end}: {lost}");
        let error = feed.deliver(envelope(0), "0\r\n").await.expect_err("it is gone");
        let DeliverError::NotSent(unsent) = error else {
            panic!("{end}: {error:?}");
        };
        assert_eq!(unsent.lost().map(ToString::to_string), Some(lost.to_string()));
        let (handed_back, _) = unsent.into_message().expect("the message");
        assert_eq!(handed_back.recipients().count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_is_given_up_leaves_no_caller_waiting() {
    let dialogue = format!("{}{OPENED}C: 0\nC: .\n-- silence --", group(0));
    let (connection, _peer) = connected(PIPELINING, &dialogue).await;
    let (feed, running) = connection.feed();
    let mut under_way = pin!(feed.deliver(envelope(0), "0\r\n"));
    let mut waiting = pin!(feed.deliver(envelope(1), "1\r\n"));
    assert!(once(under_way.as_mut()).await.is_pending());
    let mut running = Box::pin(running);
    for _ in 0..4 {
        assert!(once(running.as_mut()).await.is_pending());
    }
    assert!(once(waiting.as_mut()).await.is_pending());
    drop(running);
    let error = under_way.await.expect_err("given up");
    assert!(
        matches!(&error, DeliverError::Unknown(unknown)
        if matches!(unknown.lost().fault(), Fault::Interrupted)),
        "{error:?}"
    );
    let error = waiting.await.expect_err("given up");
    assert!(matches!(error, DeliverError::NotSent(_)), "{error:?}");
    let error = feed.deliver(envelope(2), "2\r\n").await.expect_err("given up");
    assert!(matches!(error, DeliverError::NotSent(_)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_takes_out_a_message_that_has_no_room_yet() {
    let dialogue = format!("{}{OPENED}C: 0\nC: .\nS: 250 zero", group(0));
    let (connection, peer) = connected(PIPELINING, &dialogue).await;
    let (feed, running) = connection.feed();
    let mut gone = Box::pin(feed.deliver(envelope(7), "7\r\n"));
    assert!(once(gone.as_mut()).await.is_pending());
    drop(gone);
    let delivered = feed.deliver(envelope(0), "0\r\n");
    drop(feed);
    let (delivered, run) = tokio::join!(delivered, running);
    delivered.expect("delivered");
    run.expect("a connection");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_message_under_way_goes_on_without_its_caller() {
    let dialogue = format!("{}{OPENED}C: 0\nC: .\nS: 250 zero", group(0));
    let (connection, peer) = connected(PIPELINING, &dialogue).await;
    let (feed, running) = connection.feed();
    let submission = feed.submit(envelope(0), "0\r\n");
    let mut running = pin!(running);
    let mut submission = pin!(submission);
    assert!(once(submission.as_mut()).await.is_pending());
    assert!(once(running.as_mut()).await.is_pending());
    let answer = submission.await;
    drop(answer);
    drop(feed);
    running.await.expect("a connection");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn callers_share_the_window() {
    let taken = "S: 250 ok\nS: 250 ok\nS: 250 taken\n";
    let message = |number: usize| format!("{}C: BDAT 3 LAST\nC: {number}\n", group(number));
    let dialogue = format!(
        "{}{taken}{}C: RSET\n{}C: RSET\n{}{taken}S: 250 ok\n{taken}S: 250 ok\n{taken}C: HELP\nS: 214 help",
        message(0),
        message(1),
        message(2),
        message(3)
    );
    let (mut connection, peer) = connected(CHUNKING, &dialogue).await;
    connection.set_transfer(Transfer::eager());
    let (feed, running) = connection.feed();
    let mut callers = JoinSet::new();
    for number in 0..4 {
        callers.spawn(feed.deliver(envelope(number), format!("{number}\r\n")));
    }
    drop(feed);
    running.await.expect("a connection");
    while let Some(delivered) = callers.join_next().await {
        delivered.expect("a task").expect("delivered");
    }
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_no_more_gives_the_connection_back() {
    let dialogue = format!("{}{OPENED}C: 0\nC: .\nS: 250 zero", group(0));
    let (connection, peer) = connected(&["PIPELINING", "LIMITS MAILMAX=1"], &dialogue).await;
    let (feed, running) = connection.feed();
    let first = tokio::spawn(feed.deliver(envelope(0), "0\r\n"));
    let second = tokio::spawn(feed.deliver(envelope(1), "1\r\n"));
    let mut connection = running.await.expect("a connection");
    first.await.expect("a task").expect("delivered");
    let error = second.await.expect("a task").expect_err("one too many");
    let DeliverError::NotSent(unsent) = error else {
        panic!("{error:?}");
    };
    assert!(unsent.lost().is_none() && unsent.into_message().is_some());
    assert!(connection.is_open());
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn between_calls_a_connection_can_be_asked() {
    let (mut connection, _peer) = connected(&[], "-- wait 1m --\nS: 421 idle\n-- close --").await;
    assert!(connection.is_open());
    let mut closed = Box::pin(connection.closed());
    assert!(once(closed.as_mut()).await.is_pending());
    drop(closed);
    assert!(connection.is_open(), "asking changes nothing");
    let lost = connection.closed().await;
    assert!(matches!(lost.fault(), Fault::Closing(_)), "{lost}");
    assert!(!connection.is_open());
}
