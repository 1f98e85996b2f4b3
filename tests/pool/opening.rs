//! How many connections are opened at once, and how many a server lets in.

use std::time::Duration;

use smtp_pool::{Pool, Settings};
use tokio::time::{Instant, sleep};

use super::peer::{Peer, Plan, send_at_once};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_thousand_connections_are_not_opened_at_once() {
    let peer = Peer::new(Plan { greets_after: SECOND, ..Plan::default() });
    let settings = Settings::new().connections(1000).warm(1000);
    let pool = Pool::with_settings(peer.server("a.test"), settings);
    let warm_up = tokio::spawn({
        let pool = pool.clone();
        async move { pool.warm_up().await }
    });
    sleep(SECOND / 2).await;
    for expected in [16, 32, 64, 128, 256, 512, 1000, 1000] {
        assert_eq!(peer.counts().open, expected);
        assert_eq!(warm_up.is_finished(), pool.connections().len() == 1000);
        sleep(SECOND).await;
    }
    assert!(warm_up.is_finished());
    assert_eq!(peer.counts().connections, 1000);
}

/// The callers that wait get a connection although it was not opened at first.
#[tokio::test(start_paused = true)]
async fn callers_get_the_connections_that_were_held_back() {
    let peer = Peer::new(Plan { takes: 100 * SECOND, ..Plan::default() });
    let settings = Settings::new().connections(50).messages_in_flight(1);
    let pool = Pool::with_settings(peer.server("a.test"), settings);
    let begin = Instant::now();
    send_at_once(&pool, 50).await;
    assert!(begin.elapsed() < 101 * SECOND, "none waited for another one");
    assert_eq!(peer.counts().connections, 50);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_lets_few_connections_in_is_not_asked_again_and_again() {
    for warm in [0, 10] {
        let plan = Plan { most_connections: Some(3), takes: SECOND / 10, ..Plan::default() };
        let peer = Peer::new(plan);
        let settings = Settings::new().connections(10).messages_in_flight(1).warm(warm);
        let pool = Pool::with_settings(peer.server("a.test"), settings.wait(1000 * SECOND));
        pool.warm_up().await;
        send_at_once(&pool, 600).await;
        let counts = peer.counts();
        assert_eq!(counts.taken.len(), 600);
        // For 20 seconds: those that it let in, and a breaker that opens once and again.
        assert!(counts.connections <= 20, "{}", counts.connections);
    }
}
