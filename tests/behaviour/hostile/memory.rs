//! Bounds on the memory of a client whose server never stops sending.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use smtp::command::Noop;
use smtp::testing::{Script, ScriptedStream};
use smtp::{Connection, Plain};
use tests::{hello, script, server, trust};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::ATTACKS;

/// A stream that counts what is read from it.
struct Counted(ScriptedStream, Arc<AtomicUsize>);

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.0).poll_read(cx, buffer);
        self.1.fetch_add(buffer.filled().len() - before, Ordering::Relaxed);
        result
    }
}

impl AsyncWrite for Counted {
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

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

fn counted(stream: ScriptedStream) -> (Counted, Arc<AtomicUsize>) {
    let count = Arc::default();
    (Counted(stream, Arc::clone(&count)), count)
}

/// The limit of a reply, and a read that had begun before it was reached.
const MAX_BYTES: usize = 64 * 1024 + 4096;

#[tokio::test(start_paused = true)]
async fn no_more_is_read_than_a_reply_may_be_long() {
    for (name, attack, _) in ATTACKS {
        for before in ["", "S: 220 hi\nC: EHLO *"] {
            let (stream, count) = counted(attack(Script::new(before)).start().0);
            Connection::from_stream(stream, &server()).await.expect_err(name);
            assert!(count.load(Ordering::Relaxed) <= MAX_BYTES, "{name}");
        }
        let (stream, count) = counted(attack(script(&[], "C: NOOP")).start().0);
        let mut connection = Connection::from_stream(stream, &server()).await.expect("EHLO");
        count.store(0, Ordering::Relaxed);
        connection.send(Noop).await.expect_err(name);
        assert!(count.load(Ordering::Relaxed) <= MAX_BYTES, "{name}");

        // A challenge may be as long as a whole reply. TLS adds some bytes to each record.
        let script = Script::new("-- tls --").then(&hello(&["AUTH PLAIN"])).then("C: AUTH *");
        let (stream, peer) = attack(script).start();
        let (stream, count) = counted(stream);
        let connection = Connection::from_tls_stream(stream, &server(), &trust(&peer)).await;
        count.store(0, Ordering::Relaxed);
        let login = connection.expect("TLS").authenticate(&mut Plain::new("me", "pencil")).await;
        login.expect_err(name);
        assert!(count.load(Ordering::Relaxed) <= 3 * MAX_BYTES, "{name}");
    }
}
