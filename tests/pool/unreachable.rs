//! A server that cannot be reached is left alone for a while.

use std::time::Duration;

use smtp_pool::{Breaker, Pool, Reason, SendError, Settings};
use tokio::time::advance;

use super::peer::{Peer, Plan, message};

#[tokio::test(start_paused = true)]
async fn the_breaker_opens_and_closes() {
    let peer = Peer::new(Plan::default());
    let breaker = Breaker::new(3, Duration::from_secs(10));
    let pool = Pool::with_settings(peer.server("a.test"), Settings::new().breaker(breaker));
    peer.refuse_connections(5);
    let send = async || {
        let (envelope, body) = message(0);
        match pool.send(envelope, body).await {
            Ok(_) => "taken",
            Err(SendError::NotSent(not_sent)) => match not_sent.reason() {
                Reason::Connect(_) => "tried",
                Reason::Suspended { .. } => "suspended",
                other => panic!("{other}"),
            },
            Err(error) => panic!("{error}"),
        }
    };
    let mut seen = Vec::new();
    for pause in [0, 0, 0, 0, 9, 1, 10, 9, 1, 39, 1] {
        advance(Duration::from_secs(pause)).await;
        seen.push(send().await);
    }
    let tried = ["tried", "tried", "tried", "suspended", "suspended", "tried"];
    assert_eq!(seen[..6], tried);
    assert_eq!(seen[6..], ["suspended", "suspended", "tried", "suspended", "taken"]);
}
