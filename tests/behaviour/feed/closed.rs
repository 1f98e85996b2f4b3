//! The wait for the end of a feed.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use smtp::error::Fault;

use super::{OPENED, PIPELINING, connected, envelope, group, once};

/// A wait that has no end fails, and does not hang.
async fn in_time<F: Future>(wait: F) -> F::Output {
    let limit = Duration::from_secs(3600);
    tokio::time::timeout(limit, wait).await.expect("the wait ends")
}

/// How the server ends the session is told to each that waits, and to one that asks later.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_connection_is_told() {
    let (connection, _peer) = connected(PIPELINING, "-- wait 10m --\nS: 421 bye").await;
    let (feed, running) = connection.feed();
    let mut first = pin!(feed.closed());
    let second = tokio::spawn(feed.clone().closed());
    assert!(once(first.as_mut()).await.is_pending(), "nothing has run");
    let running = tokio::spawn(running);
    for lost in
        [in_time(first).await, in_time(second).await.expect("a task"), in_time(feed.closed()).await]
    {
        let lost = lost.expect("lost");
        assert!(matches!(lost.fault(), Fault::Closing(_)), "{lost:?}");
    }
    running.await.expect("a task").expect_err("421");
}

/// A wait holds nothing: the connection comes back, and that ends the wait.
#[tokio::test(start_paused = true)]
async fn a_connection_that_comes_back_ends_the_wait() {
    let dialogue = format!("{}{OPENED}C: 0\nC: .\nS: 250 zero", group(0));
    let (connection, peer) = connected(PIPELINING, &dialogue).await;
    let (feed, running) = connection.feed();
    let running = tokio::spawn(running);
    let closed = feed.closed();
    // Waits that are given up leave nothing.
    for _ in 0..100 {
        assert!(matches!(once(pin!(feed.closed())).await, Poll::Pending));
    }
    let waiting = tokio::spawn(closed);
    feed.deliver(envelope(0), "0\r\n").await.expect("delivered");
    drop(feed);
    running.await.expect("a task").expect("a connection");
    assert!(in_time(waiting).await.expect("a task").is_none());
    peer.finish();
}

/// So does a feed that is given up.
#[tokio::test(start_paused = true)]
async fn a_feed_that_is_dropped_ends_the_wait() {
    let (connection, _peer) = connected(PIPELINING, "-- silence --").await;
    let (feed, running) = connection.feed();
    drop(running);
    let lost = in_time(feed.closed()).await.expect("lost");
    assert!(matches!(lost.fault(), Fault::Interrupted), "{lost:?}");
}
