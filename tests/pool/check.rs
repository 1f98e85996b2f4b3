//! Whether a destination can be used.

use std::time::Duration;

use smtp_pool::{Pool, Reason, Settings};
use tokio::time::{Instant, sleep};

use super::peer::{Peer, Plan, message};

#[tokio::test(start_paused = true)]
async fn a_check_uses_a_connection_that_is_open_and_leaves_it() {
    let peer = Peer::new(Plan::default());
    let pool = Pool::new(peer.server("a.test"));
    pool.check().await.expect("the server answers");
    let (envelope, body) = message(0);
    pool.send(envelope, body).await.expect("taken");
    pool.check().await.expect("the server answers");
    assert_eq!((peer.counts().connections, peer.counts().cut), (1, 0));
    assert_eq!(pool.connections()[0].messages, 1);
}

#[tokio::test(start_paused = true)]
async fn a_check_waits_for_a_connection_where_all_are_busy() {
    let peer = Peer::new(Plan { takes: Duration::from_secs(10), ..Plan::default() });
    let pool = Pool::with_settings(peer.server("a.test"), Settings::new().connections(1));
    let sending = tokio::spawn({
        let pool = pool.clone();
        let (envelope, body) = message(0);
        async move { pool.send(envelope, body).await }
    });
    sleep(Duration::from_secs(1)).await;
    let begin = Instant::now();
    pool.check().await.expect("the server answers");
    assert_eq!(begin.elapsed().as_secs(), 9);
    sending.await.expect("no panic").expect("taken");
}

#[tokio::test(start_paused = true)]
async fn a_check_replaces_a_connection_that_ends_at_noop_but_for_a_new_one() {
    let peer = Peer::new(Plan::default());
    let pool = Pool::new(peer.server("a.test"));
    pool.check().await.expect("a connection is open");
    sleep(Duration::from_secs(1)).await;
    peer.plan().noop = Some("421 4.4.2 too long idle\r\n");
    let reason = pool.check().await.expect_err("the next one ends too");
    assert!(matches!(reason, Reason::Connect(_)), "{reason}");
    assert!(reason.to_string().contains("too long idle"), "{reason}");
    assert_eq!(peer.counts().connections, 2);
    peer.plan().noop = Some("502 5.5.1 what\r\n");
    pool.check().await.expect("it is there");
}

#[tokio::test(start_paused = true)]
async fn a_check_fails_for_the_reasons_of_a_message() {
    let peer = Peer::new(Plan { password: Some("right"), ..Plan::default() });
    let pool = Pool::new(peer.logged_in("wrong"));
    for _ in 0..3 {
        let reason = pool.check().await.expect_err("wrong");
        assert!(matches!(reason, Reason::Credentials { .. }), "{reason}");
    }
    assert_eq!(peer.counts().logins, 1);
    let pool = Pool::new(peer.server("a.test"));
    peer.refuse_connections(1);
    assert!(matches!(pool.check().await, Err(Reason::Connect(_))));
    pool.close(Duration::ZERO).await;
    assert!(matches!(pool.check().await, Err(Reason::Closed)));
}
