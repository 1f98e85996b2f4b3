//! Messages of a stream, or of callers who share a connection, and the wait for its end.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use futures_core::Stream;
use smtp::command::Noop;
use smtp::connection::AnyConnection;
use smtp::error::Fault;
use smtp::{Connection, DeliverError, Envelope};
use tests::{answer_each, greeted, script, server};

use super::each_wait::poll_until;
use super::{MESSAGE, is_gone, is_interrupted};

fn envelope() -> Envelope {
    Envelope::new("", ["you@example.org", "her@example.org"]).expect("addresses")
}

/// Messages, each after the task has waited once.
struct Slow(usize, bool);

impl Stream for Slow {
    type Item = (Envelope, &'static str);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.1 = !self.1;
        if self.1 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or_default();
        Poll::Ready(left.map(|_| (envelope(), "x\r\n")))
    }
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_stream() {
    at_each_wait!(waits => {
        let (mut connection, peer) = greeted(script(&[], &MESSAGE.repeat(2)).stutter()).await;
        let call = connection.deliver_stream(Slow(2, false), |_, _| {});
        let done = poll_until(call, waits).await;
        if done.is_none() {
            is_interrupted(&mut connection, &peer).await;
        }
        done.is_some()
    });
}

/// The task that runs a shared connection: its callers are told.
#[tokio::test(start_paused = true)]
async fn the_runner_of_a_feed() {
    at_each_wait!(waits => {
        let (connection, peer) = greeted(script(&[], MESSAGE).stutter()).await;
        let (feed, call) = connection.feed();
        let mut delivery = pin!(feed.deliver(envelope(), "x\r\n"));
        assert!(once(delivery.as_mut()).await.is_pending());
        drop(feed);
        let done = poll_until(call, waits).await;
        let delivered = delivery.await;
        if done.is_none() {
            is_gone(&peer);
            is_told(&delivered);
        }
        done.is_some()
    });
    at_each_wait!(waits => {
        let (mut connection, peer) = greeted(script(&[], MESSAGE).stutter()).await;
        let (feed, call) = connection.feed_mut();
        let mut delivery = pin!(feed.deliver(envelope(), "x\r\n"));
        assert!(once(delivery.as_mut()).await.is_pending());
        drop(feed);
        let done = poll_until(call, waits).await;
        let delivered = delivery.await;
        if done.is_none() {
            is_told(&delivered);
            is_interrupted(&mut connection, &peer).await;
        }
        done.is_some()
    });
}

async fn once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

/// The message was answered before, or its caller hears that the connection was interrupted.
fn is_told(delivered: &Result<smtp::Receipt, DeliverError>) {
    if let Err(error) = delivered {
        assert!(error.lost().is_some_and(smtp::Lost::is_interrupted), "{error}");
    }
}

/// A caller of a feed never interrupts the connection that it shares. It is told when its message
/// has room in the window, and when it was answered.
#[tokio::test(start_paused = true)]
async fn the_callers_of_a_feed() {
    for waits in 1..=2 {
        let (client, peer) = tokio::io::duplex(64);
        let peer = tokio::spawn(answer_each(peer, "250 ok"));
        let connection = Connection::from_stream(client, &server()).await.expect("EHLO");
        let (feed, running) = connection.feed();
        let running = tokio::spawn(running);
        let done = poll_until(feed.deliver(envelope(), "x\r\n"), waits).await;
        assert_eq!(done.is_some(), waits == 2);
        drop(feed);
        comes_back(running.await.expect("a task").expect("a connection"), peer).await;

        let (client, peer) = tokio::io::duplex(64);
        let peer = tokio::spawn(answer_each(peer, "250 ok"));
        let connection = Connection::from_stream(client, &server()).await.expect("EHLO");
        let (feed, mut running) = connection.feed();
        let mut delivery = feed.deliver(envelope(), "x\r\n");
        assert!(once(Pin::new(&mut delivery)).await.is_pending());
        assert!(once(Pin::new(&mut running)).await.is_pending());
        let running = tokio::spawn(running);
        let done = poll_until(delivery.abandon().expect("it has begun"), waits).await;
        assert_eq!(done.is_some(), waits == 2);
        drop((feed, done));
        comes_back(running.await.expect("a task").expect("a connection"), peer).await;

        let (client, peer) = tokio::io::duplex(64);
        let peer = tokio::spawn(answer_each(peer, "250 ok"));
        let connection = Connection::from_stream(client, &server()).await.expect("EHLO");
        let (feed, running) = AnyConnection::from(connection).feed();
        let running = tokio::spawn(running);
        let done = poll_until(feed.submit(envelope(), "x\r\n"), waits).await;
        assert_eq!(done.is_some(), waits == 2);
        drop((feed, done));
        let connection = running.await.expect("a task").expect("a connection");
        comes_back(Connection::try_from(connection).expect("its state"), peer).await;
    }
}

async fn comes_back(
    mut connection: Connection<smtp::state::Greeted>,
    peer: tokio::task::JoinHandle<usize>,
) {
    connection.send(Noop).await.expect("nothing was interrupted");
    connection.quit().await.expect("QUIT");
    assert_eq!(peer.await.expect("a server"), 2, "the message went on without its caller");
}

/// The queue of a dropped call never leaves, also when the connection is asked for something later.
#[tokio::test(start_paused = true)]
async fn waiting_for_the_end_sends_nothing_of_a_call_that_was_dropped() {
    at_each_wait!(waits => {
        let script = script(&["PIPELINING"], MESSAGE).stutter().write_limit(3);
        let (mut connection, peer) = greeted(script).await;
        let envelope = envelope();
        let done = poll_until(connection.deliver(&envelope, "x\r\n"), waits).await;
        if done.is_none() {
            let written = peer.written().len();
            if waits % 2 == 0 {
                assert!(!connection.is_open());
            }
            let lost = connection.closed().await;
            assert!(matches!(lost.fault(), Fault::Interrupted), "{lost}");
            assert!(peer.is_closed() && !connection.is_open());
            assert_eq!(peer.written().len(), written, "after {waits} waits");
        }
        done.is_some()
    });
}

/// A caller who stops waiting for the end may wait again.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_connection() {
    let closing = |lost: &smtp::Lost| matches!(lost.fault(), Fault::Closing(_));
    at_each_wait!(waits => {
        let script = script(&[], "-- wait 1s --").server_raw(*b"42").then("-- wait 1s --");
        let script = script.server_raw(*b"1 bye\r\n").then("-- close --").stutter();
        let (mut connection, peer) = greeted(script).await;
        let done = match poll_until(connection.closed(), waits).await {
            Some(lost) => {
                assert!(closing(&lost), "{lost}");
                true
            }
            None => {
                let lost = connection.closed().await;
                assert!(closing(&lost), "{lost}");
                false
            }
        };
        assert!(!connection.is_open() && peer.is_closed());
        done
    });
}
