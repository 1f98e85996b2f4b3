//! Memory of the client before a server that reads at a low rate: the bytes that were taken from
//! the source and not written yet stay below a bound, and the message arrives as it is.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use smtp::message::BodySource;
use smtp::state::Idle;
use smtp::testing::Script;
use smtp::{Body, Connection, Envelope, Transfer};
use tests::{hello, server, trust};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that the stream takes at a time.
const TAKEN: usize = 4 << 10;
/// Bytes that may wait to be written, and a segment that is encoded on top of them.
const QUEUED: usize = (256 + 128) << 10;
/// A chunk is counted, and so held, before it is queued.
const CHUNK: usize = 256 << 10;

/// A line of the source, and the same line after DATA and in a chunk.
struct Lines(&'static str, &'static str, &'static str);

const TEXT: Lines = Lines(
    "Lorem ipsum dolor sit amet, consectetur adipisicing elit, sed do eiusmod temp\n",
    "Lorem ipsum dolor sit amet, consectetur adipisicing elit, sed do eiusmod temp\r\n",
    "Lorem ipsum dolor sit amet, consectetur adipisicing elit, sed do eiusmod temp\r\n",
);
const LEADING_DOTS: Lines = Lines(
    ".orem ipsum dolor sit amet, consectetur adipisicing elit, sed do eiusmod tem\r\n",
    "..orem ipsum dolor sit amet, consectetur adipisicing elit, sed do eiusmod tem\r\n",
    ".orem ipsum dolor sit amet, consectetur adipisicing elit, sed do eiusmod tem\r\n",
);
const LONE_DOTS: Lines = Lines(".\r\n", "..\r\n", ".\r\n");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Borrowed,
    Owned,
    Stream,
}

const SOURCES: [Source; 3] = [Source::Borrowed, Source::Owned, Source::Stream];

/// The bytes that the client took from the source, counted as on the wire, and those that it wrote.
#[derive(Debug, Default)]
struct Books {
    pulled: AtomicUsize,
    written: AtomicUsize,
    /// The most that it held at once.
    most: AtomicUsize,
}

impl Books {
    fn pull(&self, pulled: usize) {
        self.pulled.store(pulled, Relaxed);
        self.most.fetch_max(pulled.saturating_sub(self.written.load(Relaxed)), Relaxed);
    }
}

/// A stream that takes a little at a time, and lets the client do what it can in between.
struct Slow<S> {
    stream: S,
    books: Arc<Books>,
    waited: bool,
}

impl<S: AsyncRead + Unpin> AsyncRead for Slow<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Slow<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.waited = !self.waited;
        if self.waited {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let taken = &bytes[..bytes.len().min(TAKEN)];
        let result = Pin::new(&mut self.stream).poll_write(cx, taken);
        if let Poll::Ready(Ok(count)) = result {
            self.books.written.fetch_add(count, Relaxed);
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A server in the client's own task: it answers while it is written to.
struct Sink {
    unread: Vec<u8>,
    replies: VecDeque<u8>,
    reader: Option<Waker>,
    /// After DATA; in a chunk, the bytes that are left of it.
    data: bool,
    chunk: usize,
    content: Arc<Mutex<Vec<u8>>>,
}

impl Sink {
    fn new(content: Arc<Mutex<Vec<u8>>>) -> Self {
        let replies = b"220 mail.example.test ESMTP\r\n".to_vec().into();
        Self { unread: Vec::new(), replies, reader: None, data: false, chunk: 0, content }
    }

    fn hear(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.data || self.chunk > 0 {
                let most = if self.data { usize::MAX } else { self.chunk };
                let (piece, rest) = bytes.split_at(bytes.len().min(most));
                bytes = rest;
                self.chunk = self.chunk.saturating_sub(piece.len());
                let mut content = self.content.lock().expect("the content");
                content.extend_from_slice(piece);
                let dot = self.data && content.ends_with(b"\r\n.\r\n");
                drop(content);
                if dot || (!self.data && self.chunk == 0) {
                    self.data = false;
                    self.replies.extend(b"250 taken\r\n");
                }
                continue;
            }
            let end =
                bytes.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |end| end + 1);
            let (line, rest) = bytes.split_at(end);
            self.unread.extend_from_slice(line);
            bytes = rest;
            if self.unread.ends_with(b"\n") {
                let line = std::mem::take(&mut self.unread);
                self.answer(std::str::from_utf8(&line).expect("a command"));
            }
        }
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn answer(&mut self, line: &str) {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let reply = match words[..] {
            ["EHLO", ..] => "250-mail.example.test\r\n250-PIPELINING\r\n250 CHUNKING\r\n",
            ["DATA"] => {
                self.data = true;
                "354 go on\r\n"
            }
            ["BDAT", bytes, ..] => {
                self.chunk = bytes.parse().expect("a length");
                if self.chunk == 0 { "250 taken\r\n" } else { "" }
            }
            _ => "250 ok\r\n",
        };
        self.replies.extend(reply.as_bytes());
    }
}

impl AsyncRead for Sink {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.replies.is_empty() {
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = self.replies.len().min(buffer.remaining());
        buffer.put_slice(&self.replies.drain(..count).collect::<Vec<_>>());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Sink {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.hear(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A source that always has more at once.
struct CountedSource<F> {
    message: Bytes,
    pulled: usize,
    pull: F,
}

impl<F: Fn(usize) + Send + Unpin> BodySource for CountedSource<F> {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        if self.message.is_empty() {
            return Poll::Ready(None);
        }
        let size = self.message.len().min(16 << 10);
        let piece = self.message.split_to(size);
        self.pulled += size;
        (self.pull)(self.pulled);
        Poll::Ready(Some(Ok(piece)))
    }
}

/// Sends the message; the most bytes that the client held of it.
async fn deliver<H: Idle>(
    mut connection: Connection<H>,
    books: Arc<Books>,
    source: Source,
    message: Bytes,
    lines: (&'static str, &'static str),
) -> usize {
    books.written.store(0, Relaxed);
    let seen = Arc::clone(&books);
    let (line, sent) = (lines.0.len(), lines.1.len());
    let pull = move |pulled: usize| seen.pull(pulled / line * sent + pulled % line);
    let body = match source {
        Source::Borrowed => Body::from(&message[..]).progress(move |pulled, _| pull(count(pulled))),
        Source::Owned => Body::from(message.clone()).progress(move |pulled, _| pull(count(pulled))),
        Source::Stream => Body::stream(CountedSource { message: message.clone(), pulled: 0, pull }),
    };
    let envelope = Envelope::new("me@example.test", ["you@example.org"]).expect("addresses");
    let receipt = connection.deliver(&envelope, body).await.expect("a receipt");
    assert!(receipt.is_complete());
    assert_eq!(books.pulled.load(Relaxed), message.len() / line * sent);
    books.most.load(Relaxed)
}

fn count(bytes: u64) -> usize {
    usize::try_from(bytes).expect("a length")
}

/// A message of about this many bytes.
fn message(lines: &Lines, bytes: usize) -> Bytes {
    lines.0.repeat(bytes / lines.0.len()).into()
}

async fn stays_bounded(transfer: Transfer, chunk: usize) {
    let server = server().transfer(transfer);
    // Dots take a debug build long.
    for (lines, size) in [(TEXT, 8 << 20), (LEADING_DOTS, 2 << 20), (LONE_DOTS, 1 << 20)] {
        let message = message(&lines, size);
        let count = message.len() / lines.0.len();
        let (line, end) = if chunk == 0 { (lines.1, ".\r\n") } else { (lines.2, "") };
        let expected = line.repeat(count) + end;
        for source in SOURCES {
            let (books, content) = (Arc::new(Books::default()), Arc::default());
            let sink = Sink::new(Arc::clone(&content));
            let stream = Slow { stream: sink, books: Arc::clone(&books), waited: false };
            let connection = Connection::from_stream(stream, &server).await.expect("EHLO");
            let sent = (lines.0, line);
            let most = deliver(connection, books, source, message.clone(), sent).await;
            let case = format!("{:?} {source:?}", lines.0);
            assert!(*content.lock().expect("the content") == expected.as_bytes(), "{case}");
            assert!(most <= QUEUED + chunk, "{case}: held {most} bytes");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn with_data_the_client_holds_little_of_a_message_for_a_slow_server() {
    stays_bounded(Transfer::data(), 0).await;
}

#[tokio::test(start_paused = true)]
async fn in_chunks_the_client_holds_one_more_chunk() {
    stays_bounded(Transfer::chunks(), CHUNK).await;
}

#[tokio::test(start_paused = true)]
async fn inside_tls_the_client_holds_as_little() {
    for (lines, sources) in [(TEXT, &SOURCES[..]), (LONE_DOTS, &[Source::Borrowed])] {
        let message = message(&lines, 1 << 20);
        let expected = lines.1.repeat(message.len() / lines.0.len()) + ".\r\n";
        for &source in sources {
            let dialogue = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go on\n";
            let mut script = Script::new("-- tls --").then(&hello(&[])).then(dialogue);
            for piece in expected.as_bytes().chunks(16 << 10) {
                script = script.client_raw(piece);
            }
            let (stream, peer) = script.then("S: 250 taken").start();
            let books = Arc::new(Books::default());
            let stream = Slow { stream, books: Arc::clone(&books), waited: false };
            let connection = Connection::from_tls_stream(stream, &server(), &trust(&peer)).await;
            let connection = connection.expect("TLS and EHLO");
            let sent = (lines.0, lines.1);
            let most = deliver(connection, books, source, message.clone(), sent).await;
            assert!(most <= QUEUED, "{:?} {source:?}: held {most} bytes", lines.0);
            peer.finish();
        }
    }
}
