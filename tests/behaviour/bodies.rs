//! Messages that are not in memory: streams, readers, files; their length, and progress.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures_core::Stream;
use smtp::command::Noop;
use smtp::error::{Blame, Fault, LengthError};
use smtp::testing::Peer;
use smtp::{Body, Connection, DeliverError, Envelope, Lost, Refusal, state};
use tests::{greeted, script};
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};

fn envelope() -> Envelope {
    Envelope::new("me@example.com", ["you@example.org"]).expect("addresses")
}

/// A dialogue up to the content, with MAIL as it must be.
fn until_content(mail: &str) -> String {
    format!(
        "C: {mail}
         S: 250 ok
         C: RCPT TO:<you@example.org>
         S: 250 ok
         C: DATA
         S: 354 go on\n"
    )
}

async fn server(mail: &str, rest: &str) -> (Connection<state::Greeted>, Peer) {
    greeted(script(&["SIZE 1000000", "8BITMIME"], &(until_content(mail) + rest))).await
}

const UNKNOWN: &str = "MAIL FROM:<me@example.com> BODY=8BITMIME";
const KNOWN: &str = "MAIL FROM:<me@example.com> SIZE=12 BODY=8BITMIME";

/// A stream of what is there.
struct Iter<E>(VecDeque<Result<&'static [u8], E>>);

fn iter<E>(pieces: impl IntoIterator<Item = Result<&'static [u8], E>>) -> Iter<E> {
    Iter(pieces.into_iter().collect())
}

fn good(pieces: &[&'static [u8]]) -> Iter<Infallible> {
    iter(pieces.iter().map(|piece| Ok(*piece)))
}

impl<E: Unpin> Stream for Iter<E> {
    type Item = Result<&'static [u8], E>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.pop_front())
    }
}

/// A file of its own that is gone with its value.
struct File(PathBuf);

impl File {
    fn with(content: &[u8]) -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("smtp-{}-{number}.eml", std::process::id()));
        std::fs::write(&path, content).expect("a file");
        Self(path)
    }

    async fn body(&self) -> Body<'static> {
        Body::file(&self.0).await.expect("it can be opened")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test(start_paused = true)]
async fn every_kind_gives_the_same_message() {
    let text = b"Hello\r\n.dot\n";
    let file = File::with(text);
    let pieces: [&[u8]; 4] = [b"Hello\r", b"\n", b"", b".dot\n"];
    let table: [(&str, Body<'_>, &str); 5] = [
        ("stream", Body::from_stream(good(&pieces)), UNKNOWN),
        ("stream of known length", Body::from_stream(good(&pieces)).length(12), KNOWN),
        ("reader", Body::reader(&text[..]), UNKNOWN),
        ("reader of known length", Body::reader(&text[..]).length(12), KNOWN),
        ("file", file.body().await, KNOWN),
    ];
    for (kind, body, mail) in table {
        let (mut connection, peer) = server(mail, "C: Hello\nC: ..dot\nC: .\nS: 250 ok").await;
        connection.deliver(&envelope(), body).await.expect(kind);
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn a_known_length_over_the_limit_costs_nothing() {
    let (mut connection, peer) = greeted(script(&["SIZE 10"], "")).await;
    let body = Body::reader(tokio::io::repeat(b'x')).length(11);
    let result = connection.deliver(&envelope(), body).await;
    let Err(DeliverError::Refused(undelivered)) = result else {
        panic!("{result:?}");
    };
    assert!(undelivered.refusal().is_local());
    peer.finish();
}

/// Delivers a message that is refused before its content was asked for: the session goes on.
async fn refused(kind: &str, dialogue: &str, body: Body<'_>) -> Refusal {
    let dialogue = format!("{dialogue}C: NOOP\nS: 250 ok");
    let (mut connection, peer) = greeted(script(&[], &dialogue)).await;
    let Err(DeliverError::Refused(undelivered)) = connection.deliver(&envelope(), body).await
    else {
        panic!("{kind}: the session is intact");
    };
    assert_eq!(undelivered.refusal().blame(), Blame::Caller, "{kind}");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
    undelivered.refusal().clone()
}

/// Delivers a message that must be abandoned.
async fn abandoned(kind: &str, body: Body<'_>) -> Lost {
    let (mut connection, peer) = server("MAIL *", "C: *").await;
    let result = connection.deliver(&envelope(), body).await;
    assert!(!peer.written().windows(3).any(|bytes| bytes == b".\r\n"), "{kind}: a final dot");
    assert!(peer.is_closed(), "{kind}");
    match result {
        Err(DeliverError::Lost(lost)) => lost.lost().clone(),
        other => panic!("{kind}: {other:?}"),
    }
}

/// The error of the source of the message.
fn reason(lost: &Lost) -> &io::Error {
    match lost.fault() {
        Fault::Body(error) => error,
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_length_abandons_the_message() {
    let (shrinks, grows) = (File::with(b"0123456789"), File::with(b"01234"));
    let bodies = [shrinks.body().await, grows.body().await];
    std::fs::write(&shrinks.0, b"012").expect("a file");
    let mut file = std::fs::OpenOptions::new().append(true).open(&grows.0).expect("a file");
    file.write_all(b"56789").expect("written");

    let [now_short, now_long] = bodies;
    let two: [&[u8]; 2] = [b"012", b"456"];
    let short = "it ended after 3 bytes, and 10 were announced";
    let long = "it goes on after the 5 bytes that were announced";
    let table: [(&str, Body<'_>, &str); 4] = [
        ("short stream", Body::from_stream(good(&two[..1])).length(10), short),
        ("long stream", Body::from_stream(good(&two)).length(5), long),
        ("short reader", Body::reader(&b"012"[..]).length(10), short),
        ("file that shrinks", now_short, short),
    ];
    for (kind, body, says) in table {
        is_wrong_length(kind, reason(&abandoned(kind, body).await), says);
    }
    // The first piece is already too long, or there is none: DATA is never sent.
    let opened = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: RSET\nS: 250 ok\n";
    let nothing = "it ended after 0 bytes, and 10 were announced";
    for (kind, body, says) in [
        ("long reader", Body::reader(&b"0123456789"[..]).length(5), long),
        ("file that grows", now_long, long),
        ("stream of nothing", Body::from_stream(good(&[])).length(10), nothing),
    ] {
        let refusal = refused(kind, opened, body).await;
        is_wrong_length(kind, refusal.body_error().expect("the source's"), says);
    }
    // A body in memory is scanned before anything is sent.
    for (kind, body, says) in [
        ("short bytes", Body::from("012").length(10), short),
        ("short line", Body::from("0\r\n").length(10), short),
        ("long bytes", Body::from("0123456789").length(5), long),
        ("long line", Body::from("01234567\r\n".to_owned()).length(5), long),
    ] {
        let refusal = refused(kind, "", body).await;
        is_wrong_length(kind, refusal.body_error().expect("the source's"), says);
    }
}

fn is_wrong_length(kind: &str, error: &io::Error, says: &str) {
    assert_eq!(error.to_string(), says, "{kind}");
    let inner = error.get_ref().and_then(|error| error.downcast_ref::<LengthError>());
    let inner = inner.expect("a LengthError");
    assert_eq!(inner.found() < inner.announced(), says.contains("ended"), "{kind}");
}

#[derive(Debug)]
struct Gone;

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store is gone")
    }
}

impl StdError for Gone {}

/// A reader that fails at its first read.
struct Broken;

impl AsyncRead for Broken {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_in_the_middle_never_gets_a_final_dot() {
    let lost = abandoned("stream", Body::from_stream(iter([Ok(&b"a"[..]), Err(Gone)]))).await;
    let inner = reason(&lost).get_ref().and_then(|error| error.downcast_ref::<Gone>());
    assert!(inner.is_some(), "{lost}");
    assert!(lost.to_string().contains("the store is gone"), "{lost}");

    let failing = iter([Ok(&b"a"[..]), Err(io::Error::from(io::ErrorKind::TimedOut))]);
    let lost = abandoned("stream of io::Error", Body::from_stream(failing)).await;
    assert_eq!(reason(&lost).kind(), io::ErrorKind::TimedOut, "it is kept as it is");

    let lost = abandoned("reader", Body::reader((&b"a\r\n"[..]).chain(Broken))).await;
    assert_eq!(reason(&lost).kind(), io::ErrorKind::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn a_missing_file_is_reported_before_anything_is_sent() {
    let missing = Body::file("there is no such file").await.expect_err("it is missing");
    assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    let folder = Body::file(std::env::temp_dir()).await.expect_err("it is a folder");
    assert_eq!(folder.kind(), io::ErrorKind::IsADirectory);
}

#[tokio::test(start_paused = true)]
async fn progress_counts_the_bytes_of_the_message() {
    const TEXT: &str = ".a\r\nb\n";
    let pieces: [&[u8]; 3] = [b".a\r\n", b"", b"b\n"];
    let stream = || Body::from_stream(good(&pieces));
    let text = "C: ..a\nC: b\nC: .\nS: 250 ok";
    let table: [(&str, Body<'_>, &str, &[(u64, Option<u64>)]); 6] = [
        ("bytes", TEXT.into(), text, &[(6, Some(6))]),
        ("owned bytes", TEXT.to_owned().into(), text, &[(6, Some(6))]),
        ("stream", stream(), text, &[(4, None), (6, None), (6, Some(6))]),
        ("stream of known length", stream().length(6), text, &[(4, Some(6)), (6, Some(6))]),
        ("nothing", "".into(), "C: .\nS: 250 ok", &[(0, Some(0))]),
        ("stream of nothing", Body::from_stream(good(&[])), "C: .\nS: 250 ok", &[(0, Some(0))]),
    ];
    for (kind, body, dialogue, expected) in table {
        let (mut connection, peer) = server("MAIL *", dialogue).await;
        let mut told = Vec::new();
        let body = body.progress(|sent, total| told.push((sent, total)));
        connection.deliver(&envelope(), body).await.expect(kind);
        assert_eq!(told, expected, "{kind}");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn progress_follows_what_leaves() {
    const WAITING: u64 = 256 * 1024;
    let message = "A line of forty bytes, with its CRLF..\r\n".repeat(20_000);
    let length = message.len() as u64;
    for body in [Body::from(&message), Body::from(message.clone())] {
        let script = script(&[], &until_content("MAIL *"))
            .client_raw(format!("{message}.\r\n"))
            .then("S: 250 ok");
        let (mut connection, peer) = greeted(script.write_limit(10_000)).await;
        let (mut last, mut calls) = (0, 0);
        let body = body.progress(|sent, total| {
            assert_eq!(total, Some(length));
            assert!(sent > last, "{sent} after {last}");
            assert!(sent <= peer.written().len() as u64 + WAITING, "{sent} have not left");
            (last, calls) = (sent, calls + 1);
        });
        connection.deliver(&envelope(), body).await.expect("delivered");
        assert_eq!(last, length);
        assert!(calls >= length / (64 * 1024), "{calls} calls");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_message_is_never_told_to_be_complete() {
    let mut told = Vec::new();
    let pieces = iter([Ok(&b"a"[..]), Ok(&b"b"[..]), Err(Gone)]);
    let body = Body::from_stream(pieces).progress(|sent, total| told.push((sent, total)));
    abandoned("stream", body).await;
    assert_eq!(told, [(1, None), (2, None)]);
}
