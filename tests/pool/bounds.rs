//! Bounds: of connections, messages, times and rates.

use std::time::Duration;

use smtp_pool::{Activity, Pool, Pools, Rate, Reason, SendError, Settings};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::peer::{Peer, Plan, message, send_at_once};

#[tokio::test(start_paused = true)]
async fn the_wait_for_a_connection_ends_in_time() {
    let peer = Peer::new(Plan { hangs_at: Some("."), ..Plan::default() });
    let wait = Duration::from_secs(7);
    let settings = Settings::new().connections(1).messages_in_flight(1).wait(wait);
    let pool = Pool::with_settings(peer.server("a.test"), settings);
    let (envelope, body) = message(0);
    let first = tokio::spawn({
        let pool = pool.clone();
        async move { pool.send(envelope, body).await }
    });
    sleep(Duration::from_secs(1)).await;
    let begin = Instant::now();
    let (envelope, body) = message(1);
    let error = pool.send(envelope, body).await.expect_err("busy");
    let SendError::NotSent(not_sent) = error else { panic!("{error}") };
    assert!(matches!(not_sent.reason(), Reason::Busy(_)), "{not_sent}");
    let waited = begin.elapsed();
    assert!(wait <= waited && waited <= wait + wait / 100, "{waited:?}");
    first.abort();
}

#[tokio::test(start_paused = true)]
async fn a_connection_with_nothing_to_do_ends_and_a_warm_one_stays() {
    let peer = Peer::new(Plan { takes: Duration::from_millis(10), ..Plan::default() });
    let settings = Settings::new().connections(3).messages_in_flight(1).warm(1);
    let pool = Pool::with_settings(peer.server("a.test"), settings);
    send_at_once(&pool, 9).await;
    assert_eq!(peer.counts().open, 3);
    sleep(Duration::from_secs(30)).await;
    assert_eq!(peer.counts().open, 3);
    sleep(Duration::from_secs(40)).await;
    assert_eq!((peer.counts().open, peer.counts().quits), (1, 2));
    sleep(Duration::from_secs(10 * 60)).await;
    assert_eq!(peer.counts().open, 1);
    let connections = pool.connections();
    assert_eq!(connections.len(), 1);
    assert_eq!(connections[0].activity, Activity::Idle);
}

#[tokio::test(start_paused = true)]
async fn a_connection_has_as_many_messages_as_the_settings_and_the_server_allow() {
    for (own, of_server, expected) in
        [(Some(5), None, 5), (None, Some(4), 4), (Some(2), Some(9), 2)]
    {
        let peer = Peer::new(Plan { mail_max: of_server, ..Plan::default() });
        let mut settings = Settings::new().connections(1);
        if let Some(own) = own {
            settings = settings.messages_per_connection(own);
        }
        let pool = Pool::with_settings(peer.server("a.test"), settings);
        send_at_once(&pool, 20).await;
        pool.close(Duration::from_secs(1)).await;
        let counts = peer.counts();
        assert_eq!(counts.taken.len(), 20);
        assert!(counts.sessions.iter().all(|&taken| taken <= expected), "{counts:?}");
        assert_eq!((counts.connections, counts.most_open), (20_usize.div_ceil(expected), 1));
        assert_eq!(counts.cut, 0, "each session ends with QUIT");
    }
}

#[tokio::test(start_paused = true)]
async fn rates_hold_for_messages_recipients_and_connections() {
    let each_second = Rate::new(10, Duration::from_secs(1));
    let slow = Settings::new().connections(4).messages_in_flight(1);
    let table = [
        (slow.clone().message_rate(each_second), 1.9),
        (slow.clone().recipient_rate(each_second), 1.9),
        (slow.clone().connection_rate(Rate::new(1, Duration::from_secs(2))), 0.0),
    ];
    for (settings, at_least) in table {
        let peer = Peer::new(Plan { takes: Duration::from_millis(1), ..Plan::default() });
        let pool = Pool::with_settings(peer.server("a.test"), settings);
        let begin = Instant::now();
        send_at_once(&pool, 20).await;
        let took = begin.elapsed().as_secs_f64();
        assert!(at_least <= took && took < at_least + 0.3, "{took}");
        assert_eq!(
            peer.counts().connections,
            if at_least > 0.0 { peer.counts().connections } else { 1 }
        );
    }
}

#[tokio::test(start_paused = true)]
async fn destinations_share_the_bound_in_all() {
    let peers: Vec<_> = (0..5)
        .map(|_| Peer::new(Plan { takes: Duration::from_millis(50), ..Plan::default() }))
        .collect();
    let pools = Pools::new(Settings::new().connections(4).messages_in_flight(1), 6);
    let mut sends = JoinSet::new();
    for number in 0..100 {
        let peer = &peers[number % 5];
        let pool = pools.to(peer.server(&format!("host{}.test", number % 5)));
        sends.spawn(async move {
            let (envelope, body) = message(number);
            pool.send(envelope, body).await.expect("taken");
        });
    }
    let mut most = 0;
    loop {
        most = most.max(peers.iter().map(|peer| peer.counts().open).sum::<usize>());
        if sends.is_empty() {
            break;
        }
        tokio::select! {
            Some(done) = sends.join_next() => done.expect("no panic"),
            () = sleep(Duration::from_millis(1)) => {}
        }
    }
    assert!(most <= 6, "{most}");
    let taken: usize = peers.iter().map(|peer| peer.counts().taken.len()).sum();
    assert_eq!(taken, 100);
}
