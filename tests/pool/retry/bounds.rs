//! The room for messages that wait, and what ends their wait.

use std::time::Duration;

use smtp_pool::{Content, Message, RetryErrorKind, Schedule};
use tokio::time::{Instant, sleep, timeout};

use super::super::peer::{Peer, Plan};
use super::{envelope, named, one, outcomes, text};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn what_waits_is_bounded_in_messages_and_bytes() {
    // A message takes its content, and what was kept of its attempt.
    let size = {
        let peer = Peer::new(Plan::default());
        peer.script("RCPT TO:<a@", &["450 4.2.1 not now"]);
        let retry = one(&peer).retry(Schedule::new());
        let mut sending = retry.send(envelope("ab"), text(0));
        timeout(MINUTE, &mut sending).await.expect_err("it waits");
        retry.now_waiting().1
    };
    assert!(size > (text(0).len() + "450 4.2.1 not now\r\n".len()) as u64, "{size}");
    for (messages, bytes) in [(2, u64::MAX), (10, 2 * size), (10, 3 * size - 1)] {
        let peer = Peer::new(Plan::default());
        peer.script("RCPT TO:<a@", &["450 4.2.1 not now"; 3]);
        let retry = one(&peer).retry(Schedule::new()).waiting(messages, bytes);
        let send = |number| {
            let retry = retry.clone();
            tokio::spawn(async move { retry.send(envelope("ab"), text(number)).await })
        };
        let waiting = [send(0), send(1)];
        sleep(MINUTE).await;
        assert_eq!(retry.now_waiting(), (2, 2 * size));

        let begin = Instant::now();
        let error = send(2).await.expect("no panic").expect_err("no room");
        assert_eq!(begin.elapsed(), Duration::ZERO, "at once");
        assert_eq!(error.kind(), RetryErrorKind::Full);
        assert_eq!(outcomes(error.report()), "sd", "{error}");
        let (_, message) = error.into_parts();
        let message = message.expect("handed back");
        assert_eq!(message.content(), &Content::Bytes(text(2).into()));
        let left: Vec<_> = message.envelope().recipients().map(ToString::to_string).collect();
        assert_eq!(left, ["<a@example.org>"], "for those that have not got it");

        for send in waiting {
            send.await.expect("no panic").expect("delivered");
        }
        assert_eq!(retry.now_waiting(), (0, 0));
        assert!(peer.counts().delivered.values().all(|&times| times == 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_dropped_gives_its_room_back_and_sends_nothing_more() {
    let peer = Peer::new(Plan::default());
    peer.script("RCPT TO:<a@", &["450 4.2.1 not now"; 2]);
    let retry = one(&peer).retry(Schedule::new()).waiting(1, u64::MAX);
    for _ in 0..2 {
        let sending = retry.send(envelope("a"), text(0));
        timeout(MINUTE, sending).await.expect_err("it waits");
        assert_eq!(retry.now_waiting(), (0, 0));
    }
    sleep(24 * 60 * MINUTE).await;
    assert_eq!(named(&peer), "a a");
    assert_eq!(peer.counts().delivered.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_is_closed_ends_the_wait() {
    let peer = Peer::new(Plan::default());
    peer.script("RCPT TO:<a@", &["450 4.2.1 not now"]);
    let pool = one(&peer);
    let retry = pool.retry(Schedule::new());
    let waiting = tokio::spawn({
        let retry = retry.clone();
        async move { retry.send(envelope("ab"), text(0)).await }
    });
    sleep(MINUTE).await;
    assert_eq!(pool.close(MINUTE).await, 0);
    let begin = Instant::now();
    let late = retry.send(envelope("c"), text(1)).await.expect_err("closed");
    for (error, expected) in
        [(waiting.await.expect("no panic").expect_err("closed"), "sd"), (late, "s")]
    {
        assert_eq!(error.kind(), RetryErrorKind::Closed, "{error}");
        assert_eq!(outcomes(error.report()), expected);
        assert_eq!(error.into_message().expect("handed back").envelope().recipients().len(), 1);
    }
    assert_eq!(begin.elapsed(), Duration::ZERO, "at once");
}

#[tokio::test(start_paused = true)]
async fn a_file_is_read_for_each_attempt() {
    let path = std::env::temp_dir().join(format!("smtp-pool-retry-{}.eml", std::process::id()));
    std::fs::write(&path, text(7) + &"Text.\r\n".repeat(1000)).expect("a file");
    let peer = Peer::new(Plan::default());
    peer.script(".", &["452 4.3.1 full"]);
    let retry = one(&peer).retry(Schedule::new()).waiting(1, 1000);
    let content = Content::File(path.clone());
    let message = Message::new(envelope("a"), content.clone());
    retry.send_message(message.clone()).await.expect("no bytes of it are held");
    assert_eq!(peer.counts().taken.get("Subject: 7"), Some(&1));
    std::fs::remove_file(&path).expect("it was there");
    let error = retry.send_message(message).await.expect_err("gone");
    assert_eq!(error.kind(), RetryErrorKind::Refused);
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()), "{text}");
}

/// The replies of a message that waits for long take room too.
#[tokio::test(start_paused = true)]
async fn the_report_of_a_message_that_waits_is_bounded() {
    let peer = Peer::new(Plan::default());
    let long: &'static str = format!("450 4.2.1 {}", "x".repeat(400)).leak();
    peer.script("RCPT TO:<a@", &[long; 100]);
    let schedule = Schedule::given([MINUTE; 99]).jitter(0.0);
    let retry = one(&peer).retry(schedule).waiting(10, 10_000);
    let error = retry.send(envelope("a"), text(0)).await.expect_err("no room");
    assert_eq!(error.kind(), RetryErrorKind::Full);
    let attempts = error.report().recipients()[0].attempts().len();
    assert!((5..=24).contains(&attempts), "{attempts} attempts of at least 400 bytes each");
    assert_eq!(retry.now_waiting(), (0, 0));
}
