//! When a message is sent again, and what counts as an attempt.

use std::io::ErrorKind;
use std::time::Duration;

use smtp_pool::{AttemptResult, Breaker, Outcome, Pool, RetryErrorKind, Schedule, Settings};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::super::peer::{Peer, Plan};
use super::{envelope, one, outcomes, text};

const MINUTE: Duration = Duration::from_secs(60);

/// RFC 5321 §4.5.4.1.
#[tokio::test(start_paused = true)]
async fn the_default_schedule_is_that_of_the_rfc() {
    let peer = Peer::new(Plan::default());
    peer.script("RCPT", &["450 4.2.1 not now"; 100]);
    let begin = Instant::now();
    let retry = one(&peer).retry(Schedule::new());
    let error = retry.send(envelope("a"), text(0)).await.expect_err("never taken");
    let took = begin.elapsed();
    assert_eq!(error.kind(), RetryErrorKind::Expired);
    let report = error.report();
    assert_eq!(outcomes(report), "e");
    let recipient = &report.recipients()[0];
    let begins: Vec<_> = recipient.attempts().iter().map(|attempt| attempt.began).collect();
    assert_eq!(begins[0], Duration::ZERO);
    for (index, pair) in begins.windows(2).enumerate() {
        let least = *[30, 60, 120].get(index).unwrap_or(&180) * MINUTE;
        let pause = pair[1].saturating_sub(pair[0]);
        assert!(least <= pause && pause <= least + least / 9, "{index}: {pause:?}");
    }
    // "the give-up time generally needs to be at least 4-5 days"
    let day = 24 * 60 * MINUTE;
    assert!(4 * day < took && took <= 5 * day, "{took:?}");
    let said = recipient.reply().expect("the last reply");
    assert_eq!(said.text(), "4.2.1 not now");
    let (_, message) = error.into_parts();
    assert_eq!(message.expect("handed back").envelope().recipients().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_fault_on_this_side_counts_as_no_attempt() {
    let peer = Peer::new(Plan::default());
    peer.fail_connections(5, ErrorKind::AddrNotAvailable);
    peer.refuse_connections(1);
    let delays = [10, 20].map(Duration::from_secs);
    let schedule = Schedule::given(delays).jitter(0.0).attempts(3);
    peer.script("RCPT", &["450 4.2.1 not now"]);
    let report = one(&peer).retry(schedule).send(envelope("a"), text(0)).await.expect("delivered");
    let attempts: Vec<_> = report.recipients()[0]
        .attempts()
        .iter()
        .map(|attempt| (attempt.counts, attempt.result, attempt.began.as_secs()))
        .collect();
    let expected = [
        // The last of five.
        (false, AttemptResult::NotSent, 40),
        (true, AttemptResult::NotSent, 50),
        (true, AttemptResult::Refused, 60),
        (true, AttemptResult::Delivered, 80),
    ];
    assert_eq!(attempts, expected, "{report}");
}

/// Without an end of its own, or a pause, it would be tried for ever, and at once.
#[tokio::test(start_paused = true)]
async fn what_counts_as_no_attempt_takes_time_and_ends_in_time() {
    let peer = Peer::new(Plan::default());
    peer.fail_connections(100, ErrorKind::AddrNotAvailable);
    let schedule = Schedule::exponential(Duration::ZERO, Duration::ZERO).lifetime(MINUTE);
    let begin = Instant::now();
    let error = one(&peer).retry(schedule).send(envelope("a"), text(0)).await.expect_err("never");
    assert_eq!(error.kind(), RetryErrorKind::Expired);
    assert_eq!(begin.elapsed(), MINUTE);
    assert_eq!(error.report().recipients()[0].attempts().len(), 1, "of those the last is kept");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_left_alone_is_tried_when_the_pause_is_over() {
    let peer = Peer::new(Plan::default());
    peer.refuse_connections(4);
    let breaker = Breaker::new(2, Duration::from_secs(10));
    let pool = Pool::with_settings(peer.server("a.test"), Settings::new().breaker(breaker));
    let second = Duration::from_secs(1);
    let schedule = Schedule::exponential(second, second).jitter(0.0).attempts(5);
    let report = pool.retry(schedule).send(envelope("a"), text(0)).await.expect("delivered");
    let attempts: Vec<_> = report.recipients()[0]
        .attempts()
        .iter()
        .map(|attempt| (attempt.counts, attempt.began.as_secs()))
        .collect();
    let (tried, suspended) = (true, false);
    let expected = [
        (tried, 0),
        (tried, 1),
        (suspended, 2),
        (tried, 11),
        (suspended, 12),
        (tried, 31),
        (suspended, 32),
        (tried, 71),
    ];
    assert_eq!(attempts, expected, "{report}");
}

/// The password is mended while messages wait. Each login that fails counts at the server.
#[tokio::test(start_paused = true)]
async fn messages_outlive_refused_credentials_without_more_logins() {
    let peer = Peer::new(Plan { password: Some("other"), ..Plan::default() });
    let pool = Pool::new(peer.logged_in("right"));
    let retry = pool.retry(Schedule::given([Duration::from_secs(1)]).attempts(1_000));
    let (begin, mut sends) = (Instant::now(), JoinSet::new());
    for number in 0..100 {
        let retry = retry.clone();
        sends.spawn(async move { retry.send(envelope("a"), text(number)).await });
    }
    // Logins at 0, 60 and 180 seconds; the next is due after 420.
    for (until, logins) in [(30, 1), (90, 2), (179, 2), (200, 3), (400, 3)] {
        sleep_until(begin + Duration::from_secs(until)).await;
        assert_eq!(peer.counts().logins, logins, "after {until} s");
    }
    peer.plan().password = Some("right");
    while let Some(result) = sends.join_next().await {
        let report = result.expect("no panic").expect("delivered");
        assert!(report.is_complete(), "{report}");
        // It waited for the ends of the pauses.
        let attempts = report.recipients()[0].attempts().iter();
        let begins: Vec<_> = attempts.map(|attempt| attempt.began.as_secs()).collect();
        assert_eq!(begins, [180, 420], "{report}");
    }
    assert_eq!(peer.counts().delivered.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_waits_has_no_connection() {
    let peer = Peer::new(Plan::default());
    let settings = Settings::new().connections(1).messages_in_flight(1);
    let pool = Pool::with_settings(peer.server("a.test"), settings);
    peer.script("RCPT TO:<a@", &["450 4.2.1 not now"]);
    let retry = pool.retry(Schedule::new());
    let waiting = tokio::spawn({
        let retry = retry.clone();
        async move { retry.send(envelope("a"), text(0)).await }
    });
    sleep(MINUTE / 2).await;
    assert_eq!(retry.now_waiting().0, 1);
    let report = retry.send(envelope("b"), text(1)).await.expect("the connection is free");
    assert_eq!(report.with_outcome(Outcome::Delivered).count(), 1);
    sleep(10 * MINUTE).await;
    assert_eq!((peer.counts().open, retry.now_waiting().0), (0, 1));
    waiting.await.expect("no panic").expect("delivered");
    assert_eq!((peer.counts().connections, peer.counts().most_open), (2, 1));
}
