//! Sessions on an executor that is not tokio's, with a clock of its own.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use smtp::command::{Mail, Noop, Stage};
use smtp::connect::Timeouts;
use smtp::error::{Blame, Fault};
use smtp::testing::{Script, ScriptedStream};
use smtp::transport::{Clock, NoTimer};
use smtp::{Connection, DeliverError, Envelope, Error, Mailbox, Plain, Server, Submission};
use tests::{error, hello, script, server, trust};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// An executor of one task. When the task waits, time passes up to the next timer.
#[derive(Clone, Debug)]
struct Executor(Arc<Mutex<Time>>);

#[derive(Debug)]
struct Time {
    now: Instant,
    timers: BTreeMap<(Instant, u64), Waker>,
    made: u64,
}

impl Executor {
    fn new() -> Self {
        let time = Time { now: Instant::now(), timers: BTreeMap::new(), made: 0 };
        Self(Arc::new(Mutex::new(time)))
    }

    fn run<F: Future>(&self, future: F) -> F::Output {
        assert!(tokio::runtime::Handle::try_current().is_err(), "a runtime of tokio");
        let mut future = pin!(future);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            while !woken.0.swap(false, Ordering::Relaxed) {
                self.pass();
            }
        }
    }

    /// Lets time pass up to the next timer.
    fn pass(&self) {
        let mut time = self.0.lock().expect("the time");
        let ((deadline, _), waker) = time.timers.pop_first().expect("something that is waited for");
        time.now = time.now.max(deadline);
        drop(time);
        waker.wake();
    }

    /// How long the work took.
    fn time<F: Future>(&self, future: F) -> (F::Output, Duration) {
        let began = self.now();
        let output = self.run(future);
        (output, self.now() - began)
    }
}

impl Clock for Executor {
    fn now(&self) -> Instant {
        self.0.lock().expect("the time").now
    }

    fn timer(
        &self,
        deadline: Instant,
    ) -> Result<Pin<Box<dyn Future<Output = ()> + Send>>, NoTimer> {
        let mut time = self.0.lock().expect("the time");
        time.made += 1;
        Ok(Box::pin(Timer { executor: self.clone(), key: (deadline, time.made) }))
    }
}

/// A timer of the executor. Time does not stop for it once it is dropped.
struct Timer {
    executor: Executor,
    key: (Instant, u64),
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut time = self.executor.0.lock().expect("the time");
        if self.key.0 <= time.now {
            return Poll::Ready(());
        }
        time.timers.insert(self.key, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.executor.0.lock().expect("the time").timers.remove(&self.key);
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn envelope() -> Envelope {
    Envelope::new("me@example.com", ["you@example.org"]).expect("addresses")
}

/// The stage that took too long.
fn timed_out(error: &Error) -> Option<Stage> {
    let Error::Lost(lost) = error else {
        panic!("the session is not lost: {error}");
    };
    lost.timed_out()
}

#[test]
fn a_whole_session() {
    let executor = Executor::new();
    let dialogue = "C: NOOP
        -- wait 4m --
        S: 250 ok
        C: MAIL FROM:<me@example.com>
        C: RCPT TO:<you@example.org>
        C: DATA
        S: 250 ok
        S: 250 ok
        S: 354 go on
        C: Subject: Hello
        C:
        C: Hello.
        C: .
        -- wait 9m --
        S: 250 queued
        C: QUIT
        -- close --";
    let script = script(&["PIPELINING"], dialogue);
    let (stream, peer) = script.stutter().clock(executor.clone()).start();
    let server = server().clock(executor.clone());
    let session = async {
        let mut connection = Connection::from_stream(stream, &server).await?;
        connection.send(Noop).await?;
        let receipt = connection.deliver(&envelope(), "Subject: Hello\r\n\r\nHello.\r\n").await?;
        connection.quit().await?;
        Ok::<_, Error>(receipt)
    };
    let (receipt, took) = executor.time(session);
    assert_eq!(receipt.expect("a session").reply().text(), "queued");
    assert!(took >= 13 * MINUTE && took < 14 * MINUTE, "{took:?}");
    peer.finish();
}

#[test]
fn a_session_inside_tls() {
    let executor = Executor::new();
    let dialogue = "C: AUTH PLAIN AG1lAHBlbmNpbA==
        -- wait 1m --
        S: 235 2.7.0 ok
        C: QUIT
        S: 221 bye
        -- close --";
    let script = script(&["STARTTLS"], "C: STARTTLS\nS: 220 go\n-- tls --")
        .then(&tests::ehlo(&["AUTH PLAIN"]))
        .then(dialogue);
    let (stream, peer) = script.stutter().clock(executor.clone()).start();
    let server = server().clock(executor.clone());
    let tls = trust(&peer);
    let session = async {
        let connection = Connection::from_stream(stream, &server).await?.starttls(&tls).await?;
        let authed = connection.authenticate(&mut Plain::new("me", "pencil")).await?;
        authed.quit_and_wait().await
    };
    let (reply, took) = executor.time(session);
    assert_eq!(reply.expect("a session").text(), "bye");
    assert!(took >= MINUTE && took < 2 * MINUTE, "{took:?}");
    peer.finish();
}

#[test]
fn each_step_has_its_deadline() {
    let sender: Mailbox = "me@example.com".parse().expect("an address");
    let table = [
        ("-- silence --".to_owned(), Stage::Greeting, 5 * MINUTE),
        ("S: 220 mail.example.test\nC: EHLO *\n-- silence --".to_owned(), Stage::Hello, 5 * MINUTE),
        (format!("{}C: MAIL *\n-- silence --", hello(&[])), Stage::Mail, 5 * MINUTE),
    ];
    for (dialogue, stage, after) in table {
        let executor = Executor::new();
        let (stream, peer) = Script::new(&dialogue).start();
        let server = server().clock(executor.clone());
        let (error, took) = executor.time(async {
            match Connection::from_stream(stream, &server).await {
                Ok(connection) => error(connection.mail(Mail::from(sender.clone())).await),
                Err(error) => error,
            }
        });
        assert_eq!(timed_out(&error), Some(stage), "{error}");
        assert_eq!(took, after, "{stage:?}");
        assert!(error.is_transient() && error.blame() == Blame::Network, "{error}");
        assert!(peer.is_closed());
    }
}

#[test]
fn a_message_has_its_deadline() {
    let executor = Executor::new();
    let dialogue = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go on
        C: x\nC: .\n-- silence --";
    let (stream, _) = script(&[], dialogue).start();
    let server = server().clock(executor.clone());
    let mut connection =
        executor.run(Connection::from_stream(stream, &server)).expect("a greeting");
    let (result, took) = executor.time(connection.deliver(&envelope(), "x"));
    let Err(DeliverError::Unknown(unknown)) = result else {
        panic!("the message had been sent whole");
    };
    assert_eq!(unknown.lost().timed_out(), Some(Stage::EndOfData));
    assert_eq!(took, 10 * MINUTE);
}

#[test]
fn the_handshake_has_its_deadline_and_so_has_the_whole() {
    let mut hasty = Timeouts::default();
    hasty.total = Some(10 * SECOND);
    for (timeouts, stage, after) in
        [(Timeouts::default(), Some(Stage::Handshake), MINUTE), (hasty, None, 10 * SECOND)]
    {
        let executor = Executor::new();
        let (stream, peer) = Script::new("-- silence --").start();
        let server = Server::new("mail.example.test", 465);
        let server = server.timeouts(timeouts).clock(executor.clone());
        let tls = trust(&peer);
        let (result, took) = executor.time(Connection::from_tls_stream(stream, &server, &tls));
        let error = error(result);
        assert_eq!(timed_out(&error), stage, "{error}");
        let Error::Lost(lost) = &error else {
            panic!("{error}");
        };
        assert_eq!(matches!(lost.fault(), Fault::DeadlineExceeded), stage.is_none(), "{error}");
        assert_eq!(took, after);
    }
}

/// A stream that cannot be closed.
struct NeverShut(ScriptedStream);

impl AsyncRead for NeverShut {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for NeverShut {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

#[test]
fn quit_does_not_wait_for_ever() {
    let executor = Executor::new();
    let (stream, peer) = script(&[], "C: QUIT").start();
    let server = server().clock(executor.clone());
    let connection =
        executor.run(Connection::from_stream(NeverShut(stream), &server)).expect("EHLO");
    let (result, took) = executor.time(connection.quit());
    result.expect("nothing depends on it");
    assert_eq!(took, 5 * SECOND);
    assert!(peer.is_closed());
    peer.finish();

    // Without timers it does not wait at all.
    let (stream, peer) = script(&[], "C: QUIT").start();
    let connection = executor.run(Connection::from_stream(NeverShut(stream), &tests::server()));
    executor.run(connection.expect("EHLO").quit()).expect("nothing depends on it");
    peer.finish();
}

/// Checks that the error blames the caller, and says what to do.
fn is_advice(error: &Error, advice: &str) {
    assert_eq!(error.blame(), Blame::Caller, "{error}");
    assert!(!error.is_transient(), "{error}");
    assert!(error.to_string().contains(advice), "{error}");
}

#[test]
fn without_a_clock_a_session_that_must_wait_ends() {
    let executor = Executor::new();
    for dialogue in ["-- silence --", "S: 220 mail.example.test\nC: EHLO *\n-- silence --"] {
        let (stream, peer) = Script::new(dialogue).start();
        let error = error(executor.run(Connection::from_stream(stream, &server())));
        is_advice(&error, "give a clock with `Server::clock`");
        assert!(
            matches!(&error, Error::Lost(lost) if matches!(lost.fault(), Fault::NoTimer(_))),
            "{error}"
        );
        assert!(peer.is_closed());
    }
    let (stream, peer) = Script::new("-- silence --").start();
    let tls = trust(&peer);
    let error = error(executor.run(Connection::from_tls_stream(stream, &server(), &tls)));
    is_advice(&error, "give a clock with `Server::clock`");
}

/// The sockets that the library opens itself are tokio's.
#[test]
fn tcp_needs_a_runtime_whatever_the_clock() {
    let executor = Executor::new();
    for server in
        [Server::new("127.0.0.1", 25), Server::new("localhost", 25).clock(executor.clone())]
    {
        let error = error(executor.run(Connection::connect(&server)));
        is_advice(&error, "a stream of your own");
    }
    let submission = Submission::new("localhost").tls(trust(&Script::default().start().1));
    let result = executor.run(submission.clock(executor.clone()).connect());
    is_advice(&error(result), "a stream of your own");
}

/// One file asks for tokio's clock, and the scripts follow the clock of the client.
#[test]
fn one_file_asks_tokio_for_the_time() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../smtp/src");
    let mut asking = Vec::new();
    for (folder, least) in [("net", 8), ("testing/script", 4)] {
        let mut folders = vec![sources.join(folder)];
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder of the library") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                seen += 1;
                let source = std::fs::read_to_string(&path).expect("a source");
                if source.contains("tokio::time") {
                    asking.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
                }
            }
        }
        assert!(seen >= least, "{folder}: {seen}");
    }
    assert_eq!(asking, ["tokio_clock.rs"]);
}
