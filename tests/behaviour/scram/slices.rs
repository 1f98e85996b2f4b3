//! The most rounds that a server may ask for, a million: they are computed in slices, between which
//! other tasks run, and the connection and the clock are looked at. Each test stops them early.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smtp::auth::{Challenge, Facts, MechanismError, ScramSha256, Step};
use smtp::command::Stage;
use smtp::error::{Blame, Fault};
use smtp::state::Greeted;
use smtp::{Connection, Error, Lost, Mechanism, Secret};
use tests::{error, server};
use tokio::io::{
    AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex,
};
use tokio::task::yield_now;

/// The slices of a million rounds, of which the first is computed with the challenge.
const SLICES: usize = 999_999_usize.div_ceil(256);

/// SCRAM-SHA-256 that counts its polls, and looks at the count of another task in each of them.
struct Counted {
    scram: ScramSha256,
    /// Polls that were not ready.
    polls: Arc<AtomicUsize>,
    others: Arc<AtomicUsize>,
    /// The count of the other task at each of them.
    seen: Vec<usize>,
}

impl Counted {
    fn new(others: &Arc<AtomicUsize>) -> Self {
        let (scram, polls) = (ScramSha256::new("me", "pencil"), Arc::default());
        Self { scram, polls, others: Arc::clone(others), seen: Vec::new() }
    }
}

impl Mechanism for Counted {
    fn name(&self) -> &str {
        self.scram.name()
    }
    fn reveals_secret(&self) -> bool {
        self.scram.reveals_secret()
    }
    fn begin(&mut self, facts: &Facts<'_>) -> Result<(), MechanismError> {
        self.scram.begin(facts)
    }
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), MechanismError>> {
        let poll = self.scram.poll_ready(cx);
        if poll.is_pending() {
            self.polls.fetch_add(1, Relaxed);
            self.seen.push(self.others.load(Relaxed));
        }
        poll
    }
    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        self.scram.initial_response()
    }
    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        self.scram.respond(challenge)
    }
    fn is_complete(&self) -> bool {
        self.scram.is_complete()
    }
}

/// Asks for a million rounds, and hands back the stream with all that the client said until then.
async fn demand(stream: DuplexStream) -> Option<BufReader<DuplexStream>> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.write_all(b"220 mail.example.test\r\n").await.ok()?;
    stream.read_line(&mut line).await.ok()?;
    stream.write_all(b"250-mail.example.test\r\n250 AUTH SCRAM-SHA-256\r\n").await.ok()?;
    line.clear();
    stream.read_line(&mut line).await.ok()?;
    let first = STANDARD.decode(line.trim_end().strip_prefix("AUTH SCRAM-SHA-256 ")?).ok()?;
    let first = String::from_utf8(first).ok()?;
    let (_, nonce) = first.split_once("r=")?;
    let demand = STANDARD.encode(format!("r={nonce}server,s=c2FsdA==,i=1000000"));
    stream.write_all(format!("334 {demand}\r\n").as_bytes()).await.ok()?;
    Some(stream)
}

/// A connection to a server that does this after its demand, when the client has begun to compute.
async fn connected<F: Future<Output = ()> + Send>(
    then: impl FnOnce(BufReader<DuplexStream>) -> F + Send + 'static,
) -> Connection<Greeted> {
    let (client, stream) = duplex(1 << 16);
    tokio::spawn(async move {
        let stream = demand(stream).await.expect("a client that speaks SCRAM");
        for _ in 0..10 {
            yield_now().await;
        }
        then(stream).await;
    });
    Connection::from_stream(client, &server()).await.expect("EHLO")
}

/// Nothing more is said, and the connection stays.
async fn silence(mut stream: BufReader<DuplexStream>) {
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

/// Counts how often another task runs. It ends some day, so that virtual time goes on where a call
/// waits that should compute.
fn other_task() -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    tokio::spawn(async move {
        for _ in 0..100_000 {
            counter.fetch_add(1, Relaxed);
            yield_now().await;
        }
    });
    count
}

fn lost<T, E: Into<Error>>(result: Result<T, E>) -> Lost {
    match error(result) {
        Error::Lost(lost) => lost,
        other => panic!("the connection is not lost: {other}"),
    }
}

/// Another task runs between each two slices; and once the call is dropped, nothing is computed.
#[tokio::test(start_paused = true)]
async fn others_run_between_slices_until_the_call_is_dropped() {
    let others = other_task();
    let mut counted = Counted::new(&others);
    let polls = Arc::clone(&counted.polls);
    let connection = connected(silence).await;
    {
        let mut login = pin!(connection.dangerous().authenticate(&mut counted));
        poll_fn(|cx| {
            assert!(login.as_mut().poll(cx).is_pending(), "the server never answers");
            if polls.load(Relaxed) < 50 { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }
    assert_eq!(counted.seen.len(), 50);
    assert!(counted.seen.is_sorted_by(|before, after| before < after), "{:?}", counted.seen);
    let until = others.load(Relaxed) + 100;
    while others.load(Relaxed) < until {
        yield_now().await;
    }
    assert_eq!(polls.load(Relaxed), 50, "after the call was dropped");
    let state = format!("{:?}", counted.scram);
    assert!(state.contains("state: \"computes\""), "it is where it was: {state}");
}

/// A server that goes away is noticed between two slices.
#[tokio::test]
async fn a_server_that_closes_ends_the_computing() {
    let others = other_task();
    for told in ["", "421 4.3.2 shutting down\r\n"] {
        let mut counted = Counted::new(&others);
        let connection = connected(async move |mut stream: BufReader<DuplexStream>| {
            stream.write_all(told.as_bytes()).await.expect("a client");
        });
        let lost = lost(connection.await.dangerous().authenticate(&mut counted).await);
        match lost.fault() {
            Fault::Closing(_) => assert!(!told.is_empty(), "{lost}"),
            Fault::Closed => assert!(told.is_empty(), "{lost}"),
            _ => panic!("{lost}"),
        }
        let polls = counted.polls.load(Relaxed);
        assert!((1..SLICES / 10).contains(&polls), "{polls} of {SLICES} slices, {lost}");
    }
}

/// The time of a response is over while the client computes: the clock is looked at too.
#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_computing() {
    let mut counted = Counted::new(&Arc::default());
    // Virtual time stands while a task is ready to run, so the server moves it.
    let connection = connected(async |stream: BufReader<DuplexStream>| {
        tokio::time::advance(Duration::from_secs(119)).await;
        for _ in 0..10 {
            yield_now().await;
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        silence(stream).await;
    });
    let connection = connection.await;
    let began = tokio::time::Instant::now();
    let lost = lost(connection.dangerous().authenticate(&mut counted).await);
    assert_eq!(began.elapsed().as_secs(), 120);
    assert_eq!((lost.timed_out(), lost.stage()), (Some(Stage::Auth), Some(Stage::Source)));
    assert_eq!(lost.blame(), Blame::Caller, "{lost}");
    let polls = counted.polls.load(Relaxed);
    assert!((10..SLICES / 10).contains(&polls), "{polls} of {SLICES} slices");
}
