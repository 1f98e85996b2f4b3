//! A mechanism that is not ready: it computes in slices, or waits for a token from elsewhere.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use smtp::auth::{Challenge, Facts, MechanismError, Step};
use smtp::command::Stage;
use smtp::connect::Timeouts;
use smtp::connection::TransitionError;
use smtp::error::{Blame, Fault, ProtocolError};
use smtp::testing::Script;
use smtp::{Connection, Error, Lost, Mechanism, Plain, Secret};
use tests::{error, hello, secured, server, trust};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use crate::behaviour::cancellation::each_wait::poll_until;

/// Waits for a token before each response.
struct Waiting {
    /// The tokens to come: the first is the initial response, if the mechanism says one.
    tokens: VecDeque<oneshot::Receiver<&'static str>>,
    speaks_first: bool,
    token: Option<&'static str>,
}

impl Waiting {
    /// The senders of the tokens, and the mechanism.
    fn new(speaks_first: bool) -> (oneshot::Sender<&'static str>, Self) {
        let (sender, receiver) = oneshot::channel();
        (sender, Self { tokens: VecDeque::from([receiver]), speaks_first, token: None })
    }

    fn take(&mut self) -> Secret {
        Secret::from(self.token.take().expect("it was ready"))
    }
}

impl Mechanism for Waiting {
    fn name(&self) -> &'static str {
        "X-TOKEN"
    }
    fn reveals_secret(&self) -> bool {
        true
    }
    fn begin(&mut self, _: &Facts<'_>) -> Result<(), MechanismError> {
        // Ready at once where there is nothing to say first.
        self.token = if self.speaks_first { None } else { Some("") };
        Ok(())
    }
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), MechanismError>> {
        if self.token.is_some() {
            return Poll::Ready(Ok(()));
        }
        let Some(token) = self.tokens.front_mut() else {
            return Poll::Ready(Err(MechanismError::new("there is no other token")));
        };
        let token = ready!(Pin::new(token).poll(cx));
        self.tokens.pop_front();
        self.token = Some(token.map_err(|_| MechanismError::new("nobody has a token"))?);
        Poll::Ready(Ok(()))
    }
    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        let token = self.take();
        Ok(if self.speaks_first { Some(token) } else { None })
    }
    fn respond(&mut self, _: Challenge<'_>) -> Result<Step, MechanismError> {
        Ok(self.take().into())
    }
}

const TOKEN: &str = "dG9rZW4=";
const LOGIN: &str = "C: AUTH X-TOKEN dG9rZW4=\nS: 235 ok";
/// The same for a mechanism that speaks second.
const QUESTION: &str = "C: AUTH X-TOKEN\nS: 334\n";

/// Sends the token after so many seconds of virtual time.
fn send_after(seconds: u64, sender: oneshot::Sender<&'static str>) {
    tokio::spawn(async move {
        sleep(Duration::from_secs(seconds)).await;
        let _ = sender.send("token");
    });
}

/// The error of an authentication that lost the connection.
fn lost<T, E: Into<Error>>(result: Result<T, E>) -> Lost {
    match error(result) {
        Error::Lost(lost) => lost,
        other => panic!("the connection is not lost: {other}"),
    }
}

/// Answers a challenge after much work, which it does a slice at a time.
struct Slow {
    slices: usize,
    left: usize,
    /// The work depends on the challenge, as a password's hash does on the salt.
    challenged: bool,
    seen: Vec<(usize, Vec<u8>)>,
}

impl Slow {
    fn new(slices: usize, challenged: bool) -> Self {
        let left = if challenged { 0 } else { slices };
        Self { slices, left, challenged, seen: Vec::new() }
    }
}

impl Mechanism for Slow {
    fn name(&self) -> &'static str {
        "X-SLOW"
    }
    fn reveals_secret(&self) -> bool {
        false
    }
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), MechanismError>> {
        if self.left == 0 {
            return Poll::Ready(Ok(()));
        }
        self.left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        assert_eq!(self.left, 0, "the work is done");
        Ok(None)
    }
    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        self.seen.push((challenge.index(), challenge.decode()?));
        if self.challenged && self.seen.len() == 1 {
            self.left = self.slices;
            return Ok(Step::Wait);
        }
        assert_eq!(self.left, 0, "the work is done");
        Ok(Secret::from("done").into())
    }
}

/// Counts how often other tasks run.
fn background_task() -> std::sync::Arc<std::sync::atomic::AtomicUsize> {
    let polls = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&polls);
    tokio::spawn(async move {
        loop {
            counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    polls
}

#[tokio::test]
async fn work_in_slices_leaves_others_their_turn() {
    let dialogue = "C: AUTH X-SLOW\nS: 334 c2FsdA==\nC: ZG9uZQ==\nS: 235 ok";
    for challenged in [false, true] {
        let (connection, peer) = secured(&["AUTH X-SLOW"], dialogue).await;
        let polls = background_task();
        let mut slow = Slow::new(1000, challenged);
        connection.authenticate(&mut slow).await.expect("a login");
        peer.finish();
        let polls = polls.load(std::sync::atomic::Ordering::Relaxed);
        assert!(polls >= 1000, "challenged: {challenged}, {polls} polls");
        let salt = (0, b"salt".to_vec());
        let seen = if challenged { vec![salt.clone(), salt] } else { vec![salt] };
        assert_eq!(slow.seen, seen, "the same challenge, with the same number");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_waited_for_before_the_initial_response() {
    let (connection, peer) = secured(&["AUTH X-TOKEN"], LOGIN).await;
    let (sender, mut waiting) = Waiting::new(true);
    send_after(119, sender);
    let began = Instant::now();
    connection.authenticate(&mut waiting).await.expect("a login");
    assert_eq!(began.elapsed().as_secs(), 119);
    peer.finish();

    // It has the time of a response, although no command is under way.
    let (connection, peer) = secured(&["AUTH X-TOKEN"], "").await;
    let (sender, mut waiting) = Waiting::new(true);
    send_after(3600, sender);
    let began = Instant::now();
    let error = connection.authenticate(&mut waiting).await.expect_err("too late");
    assert_eq!(began.elapsed().as_secs(), 120);
    let TransitionError::Lost(lost) = &error else { panic!("{error:?}") };
    assert_eq!((lost.blame(), peer.is_closed()), (Blame::Caller, true), "{lost}");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_waited_for_before_a_response() {
    let dialogue = format!("{QUESTION}C: {TOKEN}\n-- wait 110s --\nS: 235 ok");
    let (connection, peer) = secured(&["AUTH X-TOKEN"], &dialogue).await;
    let (sender, mut waiting) = Waiting::new(false);
    send_after(110, sender);
    let began = Instant::now();
    // The time of the mechanism is none of what the server's answer may take.
    connection.authenticate(&mut waiting).await.expect("a login");
    assert_eq!(began.elapsed().as_secs(), 220);
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_token_that_comes_too_late_is_the_callers_fault() {
    let dialogue = format!("{QUESTION}-- silence --");
    let (connection, peer) = secured(&["AUTH X-TOKEN"], &dialogue).await;
    let (sender, mut waiting) = Waiting::new(false);
    send_after(180, sender);
    let began = Instant::now();
    let lost = lost(connection.authenticate(&mut waiting).await);
    assert_eq!(began.elapsed().as_secs(), 120);
    assert_eq!(lost.timed_out(), Some(Stage::Auth));
    assert_eq!(lost.stage(), Some(Stage::Source));
    assert_eq!(lost.blame(), Blame::Caller);
    let told = lost.to_string();
    assert_eq!(told, "the caller's own side took too long: timed out authenticating");
    assert!(peer.is_closed());
    assert!(!peer.dialogue().contains(TOKEN));
}

/// The server's silence stays the network's fault.
#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_too_late_is_not() {
    let dialogue = format!("{QUESTION}C: {TOKEN}\n-- silence --");
    let (connection, _peer) = secured(&["AUTH X-TOKEN"], &dialogue).await;
    let (sender, mut waiting) = Waiting::new(false);
    send_after(60, sender);
    let began = Instant::now();
    let lost = lost(connection.authenticate(&mut waiting).await);
    assert_eq!(began.elapsed().as_secs(), 180);
    assert_eq!((lost.timed_out(), lost.stage()), (Some(Stage::Auth), Some(Stage::Auth)));
    assert_eq!(lost.blame(), Blame::Network);
    assert!(lost.to_string().starts_with("the server took too long"), "{lost}");
}

#[tokio::test(start_paused = true)]
async fn the_connection_as_a_whole_has_its_deadline_all_the_while() {
    for speaks_first in [true, false] {
        let dialogue = if speaks_first { "-- silence --" } else { QUESTION };
        let mut timeouts = Timeouts::default();
        timeouts.total = Some(Duration::from_secs(90));
        let script = Script::new("-- tls --").then(&hello(&["AUTH X-TOKEN"])).then(dialogue);
        let (stream, peer) = script.start();
        let server = server().timeouts(timeouts);
        let connection =
            Connection::from_tls_stream(stream, &server, &trust(&peer)).await.expect("TLS");
        let (sender, mut waiting) = Waiting::new(speaks_first);
        send_after(100, sender);
        let began = Instant::now();
        let lost = lost(connection.authenticate(&mut waiting).await);
        assert_eq!(began.elapsed().as_secs(), 90);
        assert!(matches!(lost.fault(), Fault::DeadlineExceeded), "{lost}");
        assert_eq!((lost.stage(), lost.blame()), (Some(Stage::Source), Blame::Caller));
    }
}

/// A server that closes right after its challenge has not waited for the mechanism.
#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_wait_for_the_answer() {
    let dialogue = format!("{QUESTION}S: 421 4.3.2 shutting down");
    let (connection, peer) = secured(&["AUTH X-TOKEN"], &dialogue).await;
    let (sender, mut waiting) = Waiting::new(false);
    sender.send("token").expect("a mechanism");
    let lost = lost(connection.authenticate(&mut waiting).await);
    assert_eq!(lost.blame(), Blame::Server, "{lost}");
    assert!(peer.written().ends_with(b"AUTH X-TOKEN\r\n"));
}

/// The connection is read while the mechanism waits.
#[tokio::test(start_paused = true)]
async fn a_reply_that_comes_while_the_mechanism_waits_is_read() {
    let table = [
        ("421", "S: 421 4.4.2 too slow", Blame::Caller),
        ("the end", "-- close --", Blame::Caller),
        ("a cut", "-- cut --", Blame::Caller),
        ("a reset", "-- reset --", Blame::Caller),
        ("a success", "S: 235 welcome", Blame::Server),
        ("a challenge", "S: 334 dG9v", Blame::Server),
    ];
    for speaks_first in [true, false] {
        for (name, said, blame) in table {
            let before = if speaks_first { "" } else { QUESTION };
            let dialogue = format!("{before}-- wait 10s --\n{said}");
            let (connection, peer) = secured(&["AUTH X-TOKEN"], &dialogue).await;
            let (sender, mut waiting) = Waiting::new(speaks_first);
            send_after(60, sender);
            let began = Instant::now();
            let lost = lost(connection.authenticate(&mut waiting).await);
            assert_eq!(began.elapsed().as_secs(), 10, "{name}");
            assert_eq!(lost.blame(), blame, "{name}, speaks first: {speaks_first}: {lost}");
            match name {
                "421" => assert!(matches!(lost.fault(), Fault::Closing(_)), "{lost}"),
                "a success" | "a challenge" => {
                    assert_eq!(lost.protocol(), Some(&ProtocolError::Surplus));
                }
                _ => assert!(matches!(lost.fault(), Fault::Closed | Fault::Io(_)), "{lost}"),
            }
            assert!(peer.is_closed());
            assert!(!peer.dialogue().contains(TOKEN), "{name}");
        }
    }
}

/// A response whose answer has begun before it would be taken for accepted.
#[tokio::test(start_paused = true)]
async fn a_response_is_not_sent_after_half_of_its_answer() {
    let script = Script::new("-- tls --").then(&hello(&["AUTH X-TOKEN"])).then(QUESTION);
    let (stream, peer) = script.server_raw("235 wel").then("C: *").start();
    let connection =
        Connection::from_tls_stream(stream, &server(), &trust(&peer)).await.expect("TLS");
    let (sender, mut waiting) = Waiting::new(false);
    send_after(10, sender);
    let lost = lost(connection.authenticate(&mut waiting).await);
    assert_eq!(lost.protocol(), Some(&ProtocolError::Surplus), "{lost}");
    assert!(peer.written().ends_with(b"AUTH X-TOKEN\r\n"));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_never_comes() {
    // Before AUTH: nothing is sent, and the session goes on.
    let (connection, peer) =
        secured(&["AUTH X-TOKEN PLAIN"], "C: AUTH PLAIN AG1lAHBlbmNpbA==\nS: 235 ok").await;
    let (sender, mut waiting) = Waiting::new(true);
    drop(sender);
    let refused = connection.authenticate(&mut waiting).await;
    let Err(TransitionError::Refused(refused)) = refused else {
        panic!("there is no token");
    };
    assert!(refused.refusal.is_local());
    assert_eq!(refused.refusal.blame(), Blame::Caller);
    let told = refused.refusal.to_string();
    assert_eq!(told, "authentication was not tried: nobody has a token");
    refused.connection.authenticate(&mut Plain::new("me", "pencil")).await.expect("a login");
    peer.finish();

    // Afterwards: the exchange is cancelled.
    let dialogue = format!("{QUESTION}C: \\*\nS: 501 5.7.0 cancelled");
    let (connection, peer) = secured(&["AUTH X-TOKEN"], &dialogue).await;
    let (sender, mut waiting) = Waiting::new(false);
    drop(sender);
    let refused = connection.authenticate(&mut waiting).await;
    let Err(TransitionError::Refused(refused)) = refused else {
        panic!("there is no token");
    };
    assert!(!refused.refusal.is_local());
    assert_eq!(refused.refusal.blame(), Blame::Caller);
    let told = refused.refusal.to_string();
    assert!(told.starts_with("authentication was given up: nobody has a token"), "{told}");
    peer.finish();
}

/// The reason of the mechanism is told, also when the server does not answer the cancelling.
#[tokio::test(start_paused = true)]
async fn a_connection_that_ends_after_the_mechanism_gave_up() {
    let dialogue = format!("{QUESTION}C: \\*\n-- close --");
    let (connection, _peer) = secured(&["AUTH X-TOKEN"], &dialogue).await;
    let (sender, mut waiting) = Waiting::new(false);
    drop(sender);
    let lost = lost(connection.authenticate(&mut waiting).await);
    assert_eq!(lost.blame(), Blame::Caller);
    let told = lost.to_string();
    assert!(told.starts_with("authentication was given up: nobody has a token; then"), "{told}");
}

/// A mechanism that is always ready and never has anything to say does not keep the task busy.
#[tokio::test(start_paused = true)]
async fn a_second_wait_for_one_challenge_is_cancelled() {
    struct Lazy;

    impl Mechanism for Lazy {
        fn name(&self) -> &'static str {
            "X-TOKEN"
        }
        fn reveals_secret(&self) -> bool {
            false
        }
        fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
            Ok(None)
        }
        fn respond(&mut self, _: Challenge<'_>) -> Result<Step, MechanismError> {
            Ok(Step::Wait)
        }
    }

    let dialogue = format!("{QUESTION}C: \\*\nS: 501 5.7.0 cancelled");
    let (connection, peer) = secured(&["AUTH X-TOKEN"], &dialogue).await;
    let error = error(connection.authenticate(&mut Lazy).await);
    assert!(error.to_string().contains("has no response"), "{error}");
    peer.finish();
}

/// Dropping the future at any of its waits closes the connection.
#[tokio::test(start_paused = true)]
async fn a_future_that_is_dropped_closes_the_connection() {
    let dialogue = format!("{QUESTION}C: {TOKEN}\nS: 235 ok");
    let mut waited = 0;
    for waits in 1..100 {
        waited = waits;
        let script = Script::new("-- tls --").then(&hello(&["AUTH X-TOKEN"])).then(&dialogue);
        let (stream, peer) = script.stutter().start();
        let connection = Connection::from_tls_stream(stream, &server(), &trust(&peer)).await;
        let (sender, mut waiting) = Waiting::new(false);
        send_after(60, sender);
        let login = connection.expect("TLS").authenticate(&mut waiting);
        if let Some(result) = poll_until(login, waits).await {
            result.expect("a login");
            break;
        }
        assert!(peer.is_closed(), "dropped after {waits} waits");
    }
    assert!((3..99).contains(&waited), "{waited} waits");
}
