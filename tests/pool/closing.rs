//! The end of a pool.

use std::time::Duration;

use smtp_pool::{Pool, Reason, SendError, Settings};
use tokio::time::sleep;

use super::peer::{Peer, Plan, message};

#[tokio::test(start_paused = true)]
async fn a_pool_that_is_closed_finishes_what_is_under_way_and_takes_no_more() {
    let peer = Peer::new(Plan { takes: Duration::from_secs(3), ..Plan::default() });
    let pool = Pool::with_settings(
        peer.server("a.test"),
        Settings::new().connections(1).messages_in_flight(1),
    );
    let send = |number| {
        let pool = pool.clone();
        let (envelope, body) = message(number);
        tokio::spawn(async move { pool.send(envelope, body).await })
    };
    let (first, second) = (send(0), send(1));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(pool.close(Duration::from_secs(10)).await, 0);
    first.await.expect("no panic").expect("it was under way");
    for error in [second.await.expect("no panic"), send(2).await.expect("no panic")] {
        let error = error.expect_err("closed");
        let SendError::NotSent(not_sent) = error else { panic!("{error}") };
        assert!(matches!(not_sent.reason(), Reason::Closed));
    }
    assert_eq!((peer.counts().quits, peer.counts().cut), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_not_done_in_time_is_aborted() {
    let peer = Peer::new(Plan { hangs_at: Some("."), ..Plan::default() });
    let pool = Pool::new(peer.server("a.test"));
    let (envelope, body) = message(0);
    let first = tokio::spawn({
        let pool = pool.clone();
        async move { pool.send(envelope, body).await }
    });
    sleep(Duration::from_secs(1)).await;
    assert_eq!(pool.close(Duration::from_secs(10)).await, 1);
    let error = first.await.expect("no panic").expect_err("it had left whole");
    let SendError::Delivery(smtp::DeliverError::Unknown(_)) = error else { panic!("{error}") };
}

#[tokio::test(start_paused = true)]
async fn connections_end_with_the_last_handle() {
    let peer = Peer::new(Plan::default());
    let pool = Pool::new(peer.server("a.test"));
    let other = pool.clone();
    let (envelope, body) = message(0);
    pool.send(envelope, body).await.expect("taken");
    drop(pool);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(peer.counts().open, 1);
    drop(other);
    sleep(Duration::from_secs(1)).await;
    assert_eq!((peer.counts().open, peer.counts().quits), (0, 1));
}
