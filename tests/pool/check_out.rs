//! A connection that one caller has for itself.

use std::time::Duration;

use smtp_pool::{Activity, Pool, Settings};
use tokio::time::sleep;

use super::peer::{Peer, Plan, message};

#[tokio::test(start_paused = true)]
async fn a_connection_is_lent_and_comes_back() {
    let peer = Peer::new(Plan::default());
    let pool = Pool::with_settings(peer.server("a.test"), Settings::new().connections(1));
    let (envelope, body) = message(0);
    pool.send(envelope, body).await.expect("taken");
    let (mut connection, ticket) = pool.check_out().await.expect("the same one");
    connection.send(smtp::command::Noop).await.expect("a session of its own");
    assert_eq!(pool.connections()[0].activity, Activity::Lent);
    let waiting = tokio::spawn({
        let pool = pool.clone();
        let (envelope, body) = message(1);
        async move { pool.send(envelope, body).await }
    });
    sleep(Duration::from_secs(1)).await;
    assert!(!waiting.is_finished(), "the bound holds for a connection that is lent");
    ticket.give_back(connection);
    waiting.await.expect("no panic").expect("taken");
    assert_eq!(peer.counts().connections, 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_interrupted_does_not_come_back() {
    let peer = Peer::new(Plan { hangs_at: Some("."), ..Plan::default() });
    let pool = Pool::with_settings(peer.server("a.test"), Settings::new().connections(1));
    let (mut connection, ticket) = pool.check_out().await.expect("a new one");
    let (envelope, body) = message(0);
    let sending = connection.deliver(&envelope, body);
    tokio::time::timeout(Duration::from_secs(1), sending).await.expect_err("the server hangs");
    ticket.give_back(connection);
    peer.plan().hangs_at = None;
    let (envelope, body) = message(1);
    pool.send(envelope, body).await.expect("over another connection");
    assert_eq!(peer.counts().connections, 2);
}
