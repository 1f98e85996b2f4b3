//! The pool as a service of tower.

use std::time::Duration;

use smtp::Envelope;
use smtp_pool::{Pool, SendError};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tower::{Service as _, ServiceBuilder, ServiceExt};

use super::peer::{Peer, Plan, message};

#[tokio::test(start_paused = true)]
async fn a_pool_is_a_service() {
    let peer = Peer::new(Plan::default());
    let mut pool = Pool::new(peer.server("a.test"));
    let ready = ServiceExt::<(Envelope, String)>::ready(&mut pool).await.expect("always");
    let receipt = ready.call(message(0)).await.expect("taken");
    assert!(receipt.is_complete());
    peer.end_all("421 4.3.2 closing\r\n");
    peer.refuse_connections(1);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let error = pool.clone().oneshot(message(1)).await.expect_err("not reached");
    assert!(matches!(error, SendError::NotSent(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn layers_hold_callers_back() {
    let peer = Peer::new(Plan { takes: Duration::from_secs(10), ..Plan::default() });
    let pool = Pool::new(peer.server("a.test"));
    let service = ServiceBuilder::new()
        .concurrency_limit(2)
        .timeout(Duration::from_secs(60))
        .service(pool.clone());
    let begin = Instant::now();
    let mut callers = JoinSet::new();
    for number in 0..6 {
        callers.spawn(service.clone().oneshot(message(number)));
    }
    while let Some(sent) = callers.join_next().await {
        sent.expect("no panic").expect("taken");
        let in_flight: usize = pool.connections().iter().map(|one| one.in_flight).sum();
        assert!(in_flight <= 2, "{in_flight}");
    }
    assert_eq!(peer.counts().taken.len(), 6);
    assert!(begin.elapsed() >= Duration::from_secs(30), "two at a time");
}
