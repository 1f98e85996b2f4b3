//! Messages from a stream.

use std::cell::Cell;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use smtp_pool::{Pool, Rate, Reason, SendError, Settings};
use tokio::time::{Instant, sleep};

use super::peer::{Peer, Plan, message};

#[tokio::test(start_paused = true)]
async fn a_stream_fills_all_connections_and_each_result_has_its_index() {
    let peer = Peer::new(Plan { takes: Duration::from_millis(10), ..Plan::default() });
    let settings = Settings::new().connections(4).messages_in_flight(5);
    let pool = Pool::with_settings(peer.server("a.test"), settings);
    let (taken, reported, most) = (Cell::new(0_usize), Cell::new(0), Cell::new(0));
    let messages = stream::iter(0..1000).map(message).inspect(|_| {
        taken.set(taken.get() + 1);
        most.set(most.get().max(taken.get() - reported.get()));
    });
    let mut seen = vec![0; 1000];
    let begin = Instant::now();
    pool.send_all(messages, |index, result| {
        result.expect("taken");
        seen[index] += 1;
        reported.set(reported.get() + 1);
    })
    .await;
    assert!(seen.iter().all(|&times| times == 1), "each is reported once");
    let counts = peer.counts();
    assert!((0..1000).all(|number| counts.taken[&format!("Subject: {number}")] == 1));
    assert_eq!((counts.connections, counts.most_open), (4, 4));
    assert_eq!(most.get(), 20, "all windows are full, and no message waits for one");
    assert!(
        begin.elapsed() < Duration::from_millis(2700),
        "all four at work: {:?}",
        begin.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_stream_wait_for_as_long_as_it_takes() {
    // Longer than a single message waits by default: for the server, then for its turn.
    for (takes, every, expected) in [(90, 1, 5 * 90), (1, 70, 4 * 70 + 1)] {
        let peer = Peer::new(Plan { takes: Duration::from_secs(takes), ..Plan::default() });
        let settings = Settings::new().connections(1).messages_in_flight(1);
        let settings = settings.idle(Duration::from_secs(100));
        let settings = settings.message_rate(Rate::new(1, Duration::from_secs(every)));
        let pool = Pool::with_settings(peer.server("a.test"), settings);
        let begin = Instant::now();
        let mut reported = 0;
        pool.send_all(stream::iter(0..5).map(message), |_, result| {
            result.expect("neither busy nor too fast");
            reported += 1;
        })
        .await;
        assert_eq!((reported, begin.elapsed().as_secs()), (5, expected));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_goes_on_after_an_error_and_a_pool_that_closes_answers_for_the_rest() {
    let peer = Peer::new(Plan::default());
    peer.refuse_connections(1);
    let settings = Settings::new().connections(1).messages_in_flight(1);
    let pool = Pool::with_settings(peer.server("a.test"), settings);
    let mut results = [None, None, None, None];
    let closing = pool.clone();
    let messages = stream::iter(0..4).map(message).then(|message| {
        let closing = closing.clone();
        async move {
            sleep(Duration::from_secs(1)).await;
            if message.1.contains("Subject: 3") {
                closing.close(Duration::ZERO).await;
            }
            message
        }
    });
    pool.send_all(messages, |index, result| results[index] = Some(result.map(drop))).await;
    let results = results.map(|result| result.expect("each is answered"));
    let reason = |result: &Result<(), SendError>| match result {
        Err(SendError::NotSent(not_sent)) => Some(not_sent.reason().clone()),
        _ => None,
    };
    assert!(matches!(reason(&results[0]), Some(Reason::Connect(_))), "{:?}", results[0]);
    assert!(results[1].is_ok() && results[2].is_ok());
    assert!(matches!(reason(&results[3]), Some(Reason::Closed)), "{:?}", results[3]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_sends_what_was_under_way_and_no_more() {
    let peer = Peer::new(Plan { takes: Duration::from_secs(10), ..Plan::default() });
    let settings = Settings::new().connections(1).messages_in_flight(2);
    let pool = Pool::with_settings(peer.server("a.test"), settings);
    let all = tokio::spawn({
        let pool = pool.clone();
        let messages = stream::iter(0..100).map(message);
        async move { pool.send_all(messages, |_, _| panic!("too early")).await }
    });
    sleep(Duration::from_secs(5)).await;
    all.abort();
    assert!(all.await.expect_err("it takes longer").is_cancelled());
    let (envelope, body) = message(100);
    pool.send(envelope, body).await.expect("the connection is whole");
    let counts = peer.counts();
    assert!(counts.taken.len() <= 4 && counts.taken["Subject: 0"] == 1, "{:?}", counts.taken);
    assert_eq!((counts.connections, counts.cut), (1, 0));
}
