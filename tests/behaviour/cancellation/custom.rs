//! Cancelled calls that send a user's commands, connections without a state in their type, and
//! messages that are produced while they are sent.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use smtp::command::{Mail, Rcpt};
use smtp::connection::AnyConnection;
use smtp::grammar::ReversePath;
use smtp::message::BodySource;
use smtp::state::{Greeted, Tls};
use smtp::testing::{Peer, Script};
use smtp::{Body, Connection, Envelope, Plain, SmtpCommand};
use tests::{Again, Ask, FixedAnswer, greeted, hello, script, server, trust};

use super::each_wait::poll_until;
use super::{is_gone, is_interrupted, you};

#[derive(SmtpCommand)]
#[smtp(verb = "X-TURN", accepts(250), consumes(Authed))]
struct Turnabout;

/// A connection in `Tls` whose every read and write is waited for.
async fn secured(dialogue: &str) -> (Connection<Tls>, Peer) {
    let script = Script::new("-- tls --").then(&hello(&["AUTH PLAIN"])).then(dialogue);
    let (stream, peer) = script.stutter().start();
    let connection = Connection::from_tls_stream(stream, &server(), &trust(&peer)).await;
    (connection.expect("TLS"), peer)
}

const QUESTIONS: &str = "C: X-ASK
                         S: 350 colour?
                         C: blue
                         S: 350 again?
                         C: blue
                         S: 250 thanks";

#[tokio::test(start_paused = true)]
async fn exchanges() {
    at_each_wait!(waits => {
        let (mut connection, peer) = greeted(script(&[], QUESTIONS).stutter()).await;
        let done = poll_until(connection.exchange(Ask, &mut FixedAnswer), waits).await;
        if done.is_none() {
            is_interrupted(&mut connection, &peer).await;
        }
        done.is_some()
    });
    at_each_wait!(waits => {
        let (connection, peer) = secured(QUESTIONS).await;
        let done = poll_until(connection.exchange_into(Ask, &mut FixedAnswer), waits).await;
        if done.is_none() {
            is_gone(&peer);
        }
        done.is_some()
    });
}

#[tokio::test(start_paused = true)]
async fn the_end_of_smtp_and_its_beginning() {
    at_each_wait!(waits => {
        let dialogue = "C: AUTH PLAIN *\nS: 235 ok\nC: X-TURN\nS: 250 yours";
        let (connection, peer) = secured(dialogue).await;
        let connection = connection.authenticate(&mut Plain::new("me", "pencil")).await;
        let connection = connection.expect("a login");
        let done = poll_until(connection.into_stream(Turnabout), waits).await;
        if done.is_none() {
            is_gone(&peer);
        }
        done.is_some()
    });
    at_each_wait!(waits => {
        let dialogue = "C: X-AGAIN\nS: 220 hi\nC: EHLO *\nS: 250 mail.example.test";
        let (connection, peer) = greeted(script(&[], dialogue).stutter()).await;
        let done = poll_until(connection.transition(Again), waits).await;
        if done.is_none() {
            is_gone(&peer);
        }
        done.is_some()
    });
}

#[tokio::test(start_paused = true)]
async fn a_connection_of_any_state() {
    let envelope = Envelope::new("", ["you@example.org", "her@example.org"]).expect("addresses");
    at_each_wait!(waits => {
        let (connection, peer) = greeted(script(&[], super::MESSAGE).stutter()).await;
        let mut any = AnyConnection::from(connection);
        let done = poll_until(any.deliver(&envelope, "x\r\n"), waits).await;
        if done.is_none() {
            let mut connection = Connection::<Greeted>::try_from(any).expect("its state");
            is_interrupted(&mut connection, &peer).await;
        }
        done.is_some()
    });
    at_each_wait!(waits => {
        let script = script(&[], "C: QUIT\nS: 221 bye").stutter().write_limit(2);
        let (connection, peer) = greeted(script).await;
        let any = AnyConnection::from(connection);
        let done = poll_until(any.quit(), waits).await;
        is_gone(&peer);
        done.is_some()
    });
}

/// A message whose every piece is waited for.
struct Slow(usize, bool);

impl BodySource for Slow {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<std::io::Result<Bytes>>> {
        self.1 = !self.1;
        if self.1 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let piece = self.0.checked_sub(1).map(|left| {
            self.0 = left;
            Ok(Bytes::from_static(b"x\r\n"))
        });
        Poll::Ready(piece)
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_produced_while_it_is_sent() {
    let envelope = Envelope::new("", ["you@example.org"]).expect("addresses");
    let dialogue = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\n\
                    C: x\nC: x\nC: x\nC: .\nS: 250 ok";
    at_each_wait!(waits => {
        let (mut connection, peer) = greeted(script(&[], dialogue).stutter()).await;
        let call = connection.deliver(&envelope, Body::stream(Slow(3, false)));
        let done = poll_until(call, waits).await;
        if done.is_none() {
            is_interrupted(&mut connection, &peer).await;
        }
        done.is_some()
    });
    at_each_wait!(waits => {
        let (connection, peer) = greeted(script(&[], dialogue).stutter()).await;
        let mut txn = connection.mail(Mail::from(ReversePath::Null)).await.expect("MAIL");
        txn.rcpt(Rcpt::to(you())).await.expect("RCPT");
        let done = poll_until(txn.data(Body::stream(Slow(3, false))), waits).await;
        if done.is_none() {
            is_gone(&peer);
        }
        done.is_some()
    });
}
