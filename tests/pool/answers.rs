//! Every caller gets an answer, soon, whatever becomes of the connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use smtp::Connection;
use smtp::state::Greeted;
use smtp_pool::{Breaker, Pool, Pools, Rate, Reason, SendError, Settings};
use tokio::task::JoinSet;
use tokio::time::{Instant, advance, sleep, timeout};

use super::peer::{Peer, Plan, message};

fn reason(error: SendError) -> Reason {
    match error {
        SendError::NotSent(not_sent) => not_sent.reason().clone(),
        SendError::Delivery(error) => panic!("a connection had it: {error}"),
    }
}

/// Sends messages at once, and gives the results.
async fn send<C: smtp_pool::Session>(
    pool: &Pool<C>,
    messages: usize,
) -> Vec<Result<(), SendError>> {
    let mut callers = JoinSet::new();
    for number in 0..messages {
        let pool = pool.clone();
        callers.spawn(async move {
            let (envelope, body) = message(number);
            pool.send(envelope, body).await.map(drop)
        });
    }
    callers.join_all().await
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_wants_a_connection_gets_one_beside_messages_without_end() {
    let step = Duration::from_millis(5);
    // With one connection, and with one place in all for two.
    for (begins_first, connections) in [(true, 1), (false, 1), (true, 2), (false, 2)] {
        let peer = Peer::new(Plan { takes: step, greets_after: step, ..Plan::default() });
        let settings = Settings::new().connections(connections).messages_in_flight(2);
        let pool = Pools::new(settings, 1).to(peer.server("a.test"));
        let mut callers = JoinSet::new();
        for _ in 0..8 {
            let pool = pool.clone();
            callers.spawn(async move {
                loop {
                    let (envelope, body) = message(0);
                    pool.send(envelope, body).await.expect("taken");
                }
            });
        }
        sleep(if begins_first { Duration::from_secs(1) } else { Duration::from_millis(1) }).await;
        for _ in 0..3 {
            let lent = timeout(Duration::from_secs(1), pool.check_out()).await;
            let (connection, ticket) = lent.expect("in time").expect("open");
            ticket.give_back(connection);
        }
        assert_eq!(peer.counts().most_open, 1);
    }
}

/// The connection that is opened for it hangs, and another one has nothing to do meanwhile.
#[tokio::test(start_paused = true)]
async fn a_caller_who_wants_a_connection_gets_the_first_that_has_nothing_to_do() {
    let peer = Peer::new(Plan { takes: Duration::from_secs(1), ..Plan::default() });
    let pool = Pool::with_settings(peer.server("a.test"), Settings::new().connections(2));
    let sending = tokio::spawn({
        let pool = pool.clone();
        async move { send(&pool, 1).await }
    });
    sleep(Duration::from_millis(500)).await;
    peer.plan().greets_after = Duration::from_secs(24 * 60 * 60);
    let begin = Instant::now();
    drop(pool.check_out().await.expect("the first one"));
    assert!(begin.elapsed() <= Duration::from_millis(501), "{:?}", begin.elapsed());
    sending.await.expect("no panic").remove(0).expect("taken");
}

/// The breaker opened while a connection was there, and then that is gone too.
#[tokio::test(start_paused = true)]
async fn callers_get_an_answer_when_the_last_connection_goes_and_none_may_be_opened() {
    let peer = Peer::new(Plan { hangs_at: Some("."), ..Plan::default() });
    let settings = Settings::new()
        .connections(2)
        .messages_in_flight(1)
        .breaker(Breaker::new(1, Duration::from_secs(300)));
    let pool = Pool::with_settings(peer.server("a.test"), settings);
    let sending = tokio::spawn({
        let pool = pool.clone();
        async move { send(&pool, 1).await }
    });
    sleep(Duration::from_secs(1)).await;
    peer.refuse_connections(1);
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move { send(&pool, 3).await }
    });
    sleep(Duration::from_secs(1)).await;
    assert!(!waiting.is_finished(), "the open connection may serve them");
    let begin = Instant::now();
    assert!(pool.abort(pool.connections()[0].id));
    for result in waiting.await.expect("no panic") {
        let reason = reason(result.expect_err("no connection"));
        assert!(matches!(reason, Reason::Suspended { .. }), "{reason}");
    }
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    sending.await.expect("no panic");
}

#[tokio::test(start_paused = true)]
async fn callers_of_an_opener_that_panics_get_an_answer() {
    let calls = Arc::new(AtomicUsize::new(0));
    let peer = Peer::new(Plan::default());
    let (server, count) = (peer.server("a.test"), Arc::clone(&calls));
    let pool = Pool::new(move || {
        let (server, call) = (server.clone(), count.fetch_add(1, Ordering::Relaxed));
        async move {
            assert!(call > 0, "the first one panics");
            Connection::<Greeted>::connect(&server).await
        }
    });
    for result in send(&pool, 3).await {
        let reason = reason(result.expect_err("no connection"));
        assert!(matches!(reason, Reason::Interrupted), "{reason}");
    }
    for result in send(&pool, 3).await {
        result.expect("taken");
    }
    assert_eq!((calls.load(Ordering::Relaxed), peer.counts().connections), (2, 1));
}

/// Attempts that failed together are one failure of the server, not one after the other.
#[tokio::test(start_paused = true)]
async fn attempts_that_fail_at_once_make_one_pause() {
    let peer = Peer::new(Plan { password: Some("right"), ..Plan::default() });
    let settings = Settings::new()
        .connections(8)
        .messages_in_flight(1)
        .breaker(Breaker::new(3, Duration::from_secs(10)));
    let pool = Pool::with_settings(peer.logged_in("right"), settings);
    let is_taken = async |pool: &Pool<_>| send(pool, 8).await.into_iter().all(|it| it.is_ok());
    // The password is known to be right from now on: logins do not wait for each other.
    assert!(is_taken(&pool).await);
    let end = async || {
        peer.end_all("");
        sleep(Duration::from_secs(1)).await;
        assert_eq!(pool.connections(), []);
    };
    end().await;
    peer.refuse_connections(8);
    assert!(!is_taken(&pool).await);
    advance(Duration::from_secs(10)).await;
    assert!(is_taken(&pool).await, "a pause of 10 s, not of 320");

    end().await;
    peer.plan().password = Some("other");
    let logins = peer.counts().logins;
    assert!(!is_taken(&pool).await);
    assert!(logins < peer.counts().logins);
    peer.plan().password = Some("right");
    advance(Duration::from_secs(60)).await;
    assert!(is_taken(&pool).await, "a pause of 60 s, not of 2 hours");
}

#[tokio::test(start_paused = true)]
async fn to_warm_up_a_pool_is_one_attempt() {
    let refuses = Peer::new(Plan::default());
    refuses.refuse_connections(1000);
    let breaker = Breaker::new(100, Duration::from_secs(1));
    let settings = Settings::new().connections(4).warm(2).breaker(breaker);
    let pool = Pool::with_settings(refuses.server("a.test"), settings.clone());
    timeout(Duration::from_secs(60), pool.warm_up()).await.expect("it ends");

    let wrong = Peer::new(Plan { password: Some("right"), ..Plan::default() });
    let pool = Pool::with_settings(wrong.logged_in("wrong"), settings);
    timeout(Duration::from_secs(60), pool.warm_up()).await.expect("it ends");
    assert_eq!(wrong.counts().logins, 1);
}

/// A server that ends each connection at once is not asked for another one for ever.
#[tokio::test(start_paused = true)]
async fn a_warm_connection_that_ends_at_once_is_not_replaced() {
    let peer = Peer::new(Plan { leaves: true, ..Plan::default() });
    let pool = Pool::with_settings(peer.server("a.test"), Settings::new().warm(2));
    pool.warm_up().await;
    sleep(Duration::from_secs(60)).await;
    assert_eq!((peer.counts().connections, peer.counts().open), (2, 0));
}

/// It ended before its first message, and nothing of that had been accepted.
#[tokio::test(start_paused = true)]
async fn a_warm_connection_that_had_no_message_is_replaced_too() {
    for line in ["", "421 4.4.2 idle too long\r\n"] {
        let peer = Peer::new(Plan::default());
        let pool = Pool::with_settings(peer.server("a.test"), Settings::new().warm(1));
        pool.warm_up().await;
        // At once, before any task has seen it.
        peer.end_all(line);
        let (envelope, body) = message(0);
        pool.send(envelope, body).await.unwrap_or_else(|error| panic!("{line:?}: {error}"));
        assert_eq!(peer.counts().taken.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_is_closed_does_not_wait_for_a_connection_that_is_being_opened() {
    let never = Duration::from_secs(24 * 60 * 60);
    let peer = Peer::new(Plan { greets_after: never, ..Plan::default() });
    let pool = Pool::new(peer.server("a.test"));
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move { send(&pool, 2).await }
    });
    sleep(Duration::from_secs(1)).await;
    let begin = Instant::now();
    assert_eq!(pool.close(Duration::from_secs(60)).await, 0);
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    for result in waiting.await.expect("no panic") {
        assert!(matches!(reason(result.expect_err("closed")), Reason::Closed));
    }
    sleep(Duration::from_millis(1)).await;
    assert_eq!(peer.counts().open, 0);
}

#[tokio::test(start_paused = true)]
async fn times_without_end_are_taken() {
    let peer = Peer::new(Plan::default());
    let settings = Settings::new()
        .wait(Duration::MAX)
        .idle(Duration::MAX)
        .age(Duration::MAX)
        .stalled(Duration::MAX)
        .message_rate(Rate::new(1, Duration::MAX).burst(u32::MAX))
        .breaker(Breaker::new(1, Duration::MAX).longest_pause(Duration::MAX));
    let pool = Pool::with_settings(peer.server("a.test"), settings);
    peer.refuse_connections(1);
    send(&pool, 1).await.remove(0).expect_err("refused");
    let pool = Pool::with_settings(peer.server("b.test"), Settings::new().wait(Duration::MAX));
    send(&pool, 2).await.remove(0).expect("taken");
    assert_eq!(pool.close(Duration::MAX).await, 0);
}

/// A runtime that ends takes its connections with it. Callers of another one get an answer.
#[test]
fn callers_get_an_answer_when_the_runtime_of_the_connections_ends() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().expect("a runtime")
    };
    let (first, second) = (runtime(), runtime());
    let peer = Peer::new(Plan { hangs_at: Some("."), ..Plan::default() });
    let settings = Settings::new().connections(1).messages_in_flight(1);
    let pool = Pool::with_settings(peer.server("a.test"), settings);
    first.block_on(async {
        let pool = pool.clone();
        tokio::spawn(async move { send(&pool, 1).await });
        sleep(Duration::from_secs(1)).await;
    });
    second.block_on(async {
        let waiting = tokio::spawn({
            let pool = pool.clone();
            async move { send(&pool, 2).await }
        });
        sleep(Duration::from_secs(1)).await;
        peer.plan().hangs_at = None;
        let begin = Instant::now();
        std::thread::spawn(move || drop(first)).join().expect("no panic");
        // Taken over another connection, or not: that depends on which task is dropped first.
        waiting.await.expect("no panic");
        assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
        // And the pool can be used on.
        send(&pool, 1).await.remove(0).expect("taken");
    });
}
