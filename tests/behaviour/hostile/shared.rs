//! Messages of a stream, or of callers who share a connection, and the wait for its end.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use smtp::{Envelope, Error};
use tests::{error, greeted, script};
use tokio::time::timeout;

use super::{ATTACKS, ended};

fn envelope() -> Envelope {
    Envelope::new("", ["you@example.org"]).expect("addresses")
}

/// So many messages.
struct Messages(usize);

impl Stream for Messages {
    type Item = (Envelope, &'static str);

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or_default();
        Poll::Ready(left.map(|_| (envelope(), "x")))
    }
}

/// Up to each reply of a message.
const MESSAGE: [&str; 4] = [
    "C: MAIL *",
    "C: MAIL *\nS: 250 ok\nC: RCPT *",
    "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA",
    "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: x\nC: .",
];

#[tokio::test(start_paused = true)]
async fn messages_of_a_stream() {
    for (name, attack, is) in ATTACKS {
        for dialogue in MESSAGE {
            let (mut connection, peer) = greeted(attack(script(&[], dialogue))).await;
            let mut results = Vec::new();
            let report = |_, result: Result<_, _>| results.push(result);
            let lost = connection.deliver_stream(Messages(2), report).await;
            lost.expect_err("the connection is gone");
            let first = results.into_iter().next().expect("a result");
            ended("deliver_stream", name, is, &error(first), &peer);
        }
    }
}

async fn once<F: Future + Unpin>(mut future: F) -> Poll<F::Output> {
    std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut future).poll(cx))).await
}

/// Each caller is told, and so is the task that runs the connection.
#[tokio::test(start_paused = true)]
async fn callers_who_share_a_connection() {
    for (name, attack, is) in ATTACKS {
        for dialogue in MESSAGE {
            let (connection, peer) = greeted(attack(script(&[], dialogue))).await;
            let (feed, running) = connection.feed();
            let caller = async move { feed.deliver(envelope(), "x").await };
            let (delivered, run) = tokio::join!(caller, running);
            ended("feed", name, is, &error(delivered), &peer);
            ended("feeding", name, is, &Error::from(run.expect_err("it is gone")), &peer);

            let (connection, peer) = greeted(attack(script(&[], dialogue))).await;
            let (feed, mut running) = connection.feed();
            let mut delivery = feed.deliver(envelope(), "x");
            assert!(once(&mut delivery).await.is_pending());
            let ended_at_once = once(&mut running).await;
            let rest = delivery.abandon().expect("it has begun");
            let run = match ended_at_once {
                Poll::Ready(run) => run,
                Poll::Pending => running.await,
            };
            ended("abandon", name, is, &error(rest.await), &peer);
            ended("feeding", name, is, &Error::from(run.expect_err("it is gone")), &peer);

            let (mut connection, peer) = greeted(attack(script(&[], dialogue))).await;
            let (feed, running) = connection.feed_mut();
            let caller = async move { feed.submit(envelope(), "x").await.await };
            let (delivered, run) = tokio::join!(caller, running);
            ended("submit", name, is, &error(delivered), &peer);
            ended("feeding", name, is, &Error::from(run.expect_err("it is gone")), &peer);
        }
    }
}

/// It has no deadline but that of the whole connection.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_connection() {
    for (name, attack, is) in ATTACKS {
        let (mut connection, peer) = greeted(attack(script(&[], "-- wait 1s --"))).await;
        match timeout(Duration::from_secs(3600), connection.closed()).await {
            Ok(lost) => {
                ended("closed", name, is, &Error::from(lost), &peer);
                assert!(!connection.is_open(), "{name}");
            }
            Err(_) => assert!(name.ends_with("then silence"), "{name}"),
        }
    }
}
