//! Connections that have ended are replaced at no cost to a message.

use std::time::Duration;

use smtp_pool::{Pool, Settings};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::peer::{Peer, Plan, message};

#[tokio::test(start_paused = true)]
async fn a_server_may_close_a_connection_at_any_time() {
    for line in ["", "421 4.4.2 idle too long\r\n", "451 4.4.2 timeout\r\n", "221 2.0.0 bye\r\n"] {
        let peer = Peer::new(Plan::default());
        let pool = Pool::with_settings(peer.server("a.test"), Settings::new().connections(2));
        let (envelope, body) = message(0);
        pool.send(envelope, body).await.expect("taken");
        peer.end_all(line);
        // At once, before any task has seen it.
        let (envelope, body) = message(1);
        pool.send(envelope, body).await.unwrap_or_else(|error| panic!("{line:?}: {error}"));
        // And after it was seen.
        peer.end_all(line);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(pool.connections(), [], "{line:?}");
        let (envelope, body) = message(2);
        pool.send(envelope, body).await.unwrap_or_else(|error| panic!("{line:?}: {error}"));
        let counts = peer.counts();
        assert_eq!((counts.connections, counts.taken.len()), (3, 3), "{line:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_a_number_of_messages_gets_another_connection() {
    for reply in ["452 4.5.3 too many messages\r\n", "421 4.5.3 too many messages\r\n"] {
        let peer = Peer::new(Plan { at_most: Some((5, reply)), ..Plan::default() });
        let pool = Pool::with_settings(peer.server("a.test"), Settings::new().connections(2));
        let mut sends = JoinSet::new();
        for number in 0..23 {
            let pool = pool.clone();
            sends.spawn(async move {
                let (envelope, body) = message(number);
                pool.send(envelope, body)
                    .await
                    .unwrap_or_else(|error| panic!("{reply:?}: {error}"));
            });
        }
        sends.join_all().await;
        let counts = peer.counts();
        assert_eq!((counts.taken.len(), counts.taken.values().max()), (23, Some(&1)), "{reply:?}");
    }
}

/// A server that ends each session with its first message is no stale connection.
#[tokio::test(start_paused = true)]
async fn a_new_connection_that_ends_at_once_is_an_error() {
    let peer =
        Peer::new(Plan { at_most: Some((0, "421 4.3.2 going down\r\n")), ..Plan::default() });
    let pool = Pool::new(peer.server("a.test"));
    let (envelope, body) = message(0);
    let error = pool.send(envelope, body).await.expect_err("it is not stale");
    assert!(error.is_transient(), "{error}");
    assert_eq!(peer.counts().connections, 1);
    assert!(error.into_message().is_some(), "it can be sent later");
}

/// A limit that a server has shown holds for an hour: it may have had a passing reason.
#[tokio::test(start_paused = true)]
async fn a_limit_that_was_learned_is_forgotten_again() {
    let minute = Duration::from_secs(60);
    let full = "452 4.5.3 too many messages\r\n";
    let peer = Peer::new(Plan { at_most: Some((2, full)), ..Plan::default() });
    let settings = Settings::new().connections(1).idle(1000 * minute).age(1000 * minute);
    let pool = Pool::with_settings(peer.server("a.test"), settings);
    let send = async |number| {
        let (envelope, body) = message(number);
        pool.send(envelope, body).await.expect("taken");
    };
    for number in 0..3 {
        send(number).await;
    }
    assert_eq!(peer.counts().refused_mails, 1);
    peer.plan().at_most = None;
    // The third has its connection with one more. The next one has two, as it was learned.
    for (after, connections) in [(0, 2), (58, 3), (0, 3), (3, 4), (0, 4), (0, 4), (0, 4)] {
        sleep(after * minute).await;
        send(3).await;
        assert_eq!(peer.counts().connections, connections, "after {after} minutes");
    }
}
