//! Messages of many callers over few connections.

use std::time::Duration;

use smtp_pool::{Pool, Settings};
use tokio::task::JoinSet;

use super::peer::{Peer, Plan, message};

#[tokio::test(start_paused = true)]
async fn a_thousand_callers_share_the_connections() {
    let peer = Peer::new(Plan { takes: Duration::from_millis(1), ..Plan::default() });
    let pool = Pool::with_settings(peer.server("a.test"), Settings::new().connections(4));
    let mut callers = JoinSet::new();
    for caller in 0..1000 {
        let pool = pool.clone();
        callers.spawn(async move {
            for round in 0..3 {
                let (envelope, body) = message(3 * caller + round);
                pool.send(envelope, body).await.expect("taken");
            }
        });
    }
    while let Some(done) = callers.join_next().await {
        done.expect("no caller hangs or panics");
    }
    let counts = peer.counts();
    assert_eq!(counts.taken.len(), 3000);
    assert!(counts.taken.values().all(|&times| times == 1), "each exactly once");
    assert_eq!((counts.connections, counts.most_open), (4, 4));
    assert_eq!(pool.close(Duration::from_secs(1)).await, 0);
    assert_eq!((peer.counts().quits, peer.counts().cut), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn messages_one_after_the_other_need_one_connection() {
    let peer = Peer::new(Plan::default());
    let pool = Pool::new(peer.server("a.test"));
    for number in 0..20 {
        let (envelope, body) = message(number);
        pool.send(envelope, body).await.expect("taken");
    }
    assert_eq!(peer.counts().connections, 1);
}
