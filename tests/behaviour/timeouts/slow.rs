//! Content has a deadline that progress moves, and a byte now and then is no progress.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use smtp::command::Stage;
use smtp::testing::ScriptedStream;
use smtp::{Connection, Envelope, Error};
use tests::{error, script, server};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

const MINUTE: Duration = Duration::from_secs(60);

/// A stream that takes so many bytes a minute, once it carries content.
struct Slow {
    stream: ScriptedStream,
    bytes: usize,
    content: bool,
    pause: Option<Pin<Box<Sleep>>>,
}

impl AsyncRead for Slow {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Slow {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let mut most = bytes.len();
        if this.content {
            let pause = this.pause.get_or_insert_with(|| Box::pin(sleep(MINUTE)));
            std::task::ready!(pause.as_mut().poll(cx));
            this.pause = None;
            most = most.min(this.bytes);
        }
        this.content |= bytes.ends_with(b"DATA\r\n");
        Pin::new(&mut this.stream).poll_write(cx, &bytes[..most])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

const LINES: usize = 300;
const LINE: &str = "0123456789012345678901234567890123456789\r\n";

async fn deliver(bytes: usize) -> Result<smtp::Receipt, smtp::DeliverError> {
    let open = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\n";
    let dialogue = format!("{open}{}C: .\nS: 250 ok", format!("C: {LINE}").repeat(LINES));
    let (stream, _peer) = script(&[], &dialogue).start();
    let stream = Slow { stream, bytes, content: false, pause: None };
    let mut connection = Connection::from_stream(stream, &server()).await.expect("EHLO");
    let envelope = Envelope::new("", ["you@example.org"]).expect("addresses");
    connection.deliver(&envelope, LINE.repeat(LINES)).await
}

#[tokio::test(start_paused = true)]
async fn content_that_makes_progress_has_all_the_time_it_needs() {
    let began = Instant::now();
    deliver(400).await.expect("1200 bytes in three minutes");
    assert!(began.elapsed() > 30 * MINUTE);
}

#[tokio::test(start_paused = true)]
async fn content_that_is_taken_by_the_byte_is_not() {
    let began = Instant::now();
    let lost = error(deliver(300).await);
    assert!(
        matches!(&lost, Error::Lost(lost) if lost.timed_out() == Some(Stage::DataBlock)),
        "{lost}"
    );
    assert!(began.elapsed() >= 3 * MINUTE && began.elapsed() < 10 * MINUTE);
}
