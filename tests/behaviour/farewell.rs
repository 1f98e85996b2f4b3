//! The last bytes of a session: QUIT, and inside TLS the `close_notify` alert.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use smtp::connect::Timeouts;
use smtp::connection::AnyConnection;
use smtp::testing::{Peer, Script};
use smtp::{Connection, SmtpCommand, state};
use tests::{Fate as _, authed, error, secured, server, trust};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// The lengths of the TLS records that the client wrote.
fn records(peer: &Peer) -> Vec<usize> {
    let written = peer.raw_written();
    let (mut rest, mut lengths) = (&*written, Vec::new());
    while let [_, _, _, high, low, following @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        lengths.push(length);
        rest = following.get(length..).expect("a whole record");
    }
    assert!(rest.is_empty(), "a whole record");
    lengths
}

/// An alert, of two bytes and one for its type, with a tag of sixteen (RFC 8446 §5.2 and §6.1).
const CLOSE_NOTIFY: usize = 2 + 1 + 16;

/// QUIT as a record.
const QUIT: usize = "QUIT\r\n".len() + 1 + 16;

fn says_goodbye(peer: &Peer, how: &str) {
    assert!(peer.written().ends_with(b"QUIT\r\n"), "{how}");
    assert!(records(peer).ends_with(&[QUIT, CLOSE_NOTIFY]), "{how}: {:?}", records(peer));
    assert!(peer.is_closed(), "{how}");
    peer.finish();
}

async fn tls(dialogue: &str) -> (Connection<state::Tls>, Peer) {
    secured(&["PIPELINING"], dialogue).await
}

/// Without it the server could not tell the end from a cut (RFC 8446 §6.1).
#[tokio::test(start_paused = true)]
async fn close_notify_follows_quit() {
    for end in ["S: 221 bye", "-- close --", "-- silence --"] {
        let dialogue = format!("C: QUIT\n{end}");
        let (connection, peer) = tls(&dialogue).await;
        connection.quit().await.expect("QUIT");
        if end != "-- close --" {
            says_goodbye(&peer, end);
        }
    }
    let dialogue = "C: QUIT\nS: 221 bye";
    let (connection, peer) = tls(dialogue).await;
    connection.quit_and_wait().await.expect("QUIT");
    says_goodbye(&peer, "and waits");
    let (connection, peer) = tls("C: QUIT\nS: 500 what?").await;
    connection.quit_and_wait().await.expect_err("refused");
    says_goodbye(&peer, "refused");
    let (connection, peer) = tls("C: QUIT\nS: 500 what?").await;
    let (_, (quit,)) = connection.pipeline().quit().await;
    assert_eq!(quit.fate(), "500");
    says_goodbye(&peer, "refused in a group");
    let (connection, peer) = tls(dialogue).await;
    let (ended, _) = connection.pipeline().quit().await;
    ended.expect("QUIT");
    says_goodbye(&peer, "of a group");
    let (connection, peer) = tls(dialogue).await;
    AnyConnection::from(connection).quit().await.expect("QUIT");
    says_goodbye(&peer, "any");
    let (connection, peer) = authed(&["PIPELINING"], dialogue).await;
    connection.quit().await.expect("QUIT");
    says_goodbye(&peer, "authed");
}

#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-ANEW", accepts(220), transition(Tls => Tls), resets)]
struct Anew;

/// Also where the server has refused the session.
#[tokio::test(start_paused = true)]
async fn close_notify_follows_quit_after_a_refusal() {
    let (stream, peer) = Script::new("-- tls --\nS: 554 no\nC: QUIT\nS: 221 bye").start();
    error(Connection::from_tls_stream(stream, &server(), &trust(&peer)).await);
    says_goodbye(&peer, "greeting");
    let dialogue = "C: X-ANEW\nS: 220 hi\nC: EHLO *\nS: 550 no\nC: QUIT\nS: 221 bye";
    let (connection, peer) = tls(dialogue).await;
    error(connection.transition(Anew).await);
    says_goodbye(&peer, "EHLO");
    let (connection, peer) = tls(dialogue).await;
    error(connection.pipeline().last_transition(Anew).await.0);
    says_goodbye(&peer, "EHLO after a group");
}

/// A server that refuses the session, takes a byte in 800 ms, and never lets its client go.
struct Slow {
    greeted: bool,
    pause: Option<Pin<Box<Sleep>>>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl AsyncRead for Slow {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if std::mem::replace(&mut self.greeted, true) {
            return Poll::Pending;
        }
        buffer.put_slice(b"554 no\r\n");
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Slow {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let pause = || Box::pin(sleep(Duration::from_millis(800)));
        ready!(self.pause.get_or_insert_with(pause).as_mut().poll(cx));
        self.pause = None;
        self.written.lock().unwrap().push(bytes[0]);
        Poll::Ready(Ok(1))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

/// `Timeouts::quit` is the time of QUIT and of the close together.
#[tokio::test(start_paused = true)]
async fn a_farewell_takes_no_longer_than_quit_may() {
    let written = Arc::new(Mutex::new(Vec::new()));
    let stream = Slow { greeted: false, pause: None, written: Arc::clone(&written) };
    let began = Instant::now();
    let refused = error(Connection::from_stream(stream, &server()).await);
    assert_eq!(refused.to_string(), "the server refused the session: 554 no");
    assert_eq!(*written.lock().unwrap(), b"QUIT\r\n");
    assert_eq!(began.elapsed(), Timeouts::default().quit);
}
