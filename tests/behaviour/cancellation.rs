//! Cancellation: the future of any call, dropped at each of its waits, leaves a connection that is
//! closed or that reports the interruption, and nothing is written after it.

mod complete;
#[macro_use]
pub(super) mod each_wait;
mod chunks;
mod custom;
mod lmtp;
mod shared;
mod sockets;

use smtp::command::{Data, Mail, Noop, Rcpt, Rset, StartTls};
use smtp::grammar::ReversePath;
use smtp::state::{State, ValidIn};
use smtp::testing::{Peer, Script};
use smtp::{Connection, Envelope, Error, Mailbox, Plain};
use tests::{ehlo, greeted, hello, script, server, trust};

use each_wait::poll_until;

async fn is_interrupted<S: State>(connection: &mut Connection<S>, peer: &Peer)
where
    Noop: ValidIn<S>,
{
    let written = peer.raw_written();
    for _ in 0..2 {
        match connection.send(Noop).await {
            Err(Error::Lost(lost)) => assert!(lost.is_interrupted(), "{lost}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(peer.raw_written(), written, "nothing is written after it");
    assert!(peer.is_closed());
}

fn is_gone(peer: &Peer) {
    assert!(peer.is_closed(), "the connection went with its future");
}

fn you() -> Mailbox {
    "you@example.org".parse().expect("an address")
}

#[tokio::test(start_paused = true)]
async fn a_future_that_was_never_polled_changes_nothing() {
    let (mut connection, peer) = greeted(script(&[], "C: NOOP\nS: 250 ok")).await;
    drop(connection.send(Noop));
    connection.send(Noop).await.expect("nothing was interrupted");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn send() {
    at_each_wait!(waits => {
        let script = script(&[], "C: NOOP\nS: 250-a\nS: 250 b").stutter().fragmented(3);
        let (mut connection, peer) = greeted(script.write_limit(4)).await;
        let done = poll_until(connection.send(Noop), waits).await;
        if done.is_none() {
            is_interrupted(&mut connection, &peer).await;
        }
        done.is_some()
    });
}

#[tokio::test(start_paused = true)]
async fn ehlo_again() {
    at_each_wait!(waits => {
        let dialogue = "C: EHLO *\nS: 502 what?\nC: HELO *\nS: 250 ok";
        let (mut connection, peer) = greeted(script(&[], dialogue).stutter()).await;
        let done = poll_until(connection.ehlo(), waits).await;
        if done.is_none() {
            is_interrupted(&mut connection, &peer).await;
        }
        done.is_some()
    });
}

const MESSAGE: &str = "C: MAIL *
                       S: 250 ok
                       C: RCPT *
                       S: 250 ok
                       C: RCPT *
                       S: 550 no
                       C: DATA
                       S: 354 go on
                       C: x
                       C: .
                       S: 250 ok\n";

#[tokio::test(start_paused = true)]
async fn deliver_and_deliver_all() {
    let envelope = Envelope::new("", ["you@example.org", "her@example.org"]).expect("addresses");
    at_each_wait!(waits => {
        let (mut connection, peer) = greeted(script(&[], MESSAGE).stutter().write_limit(9)).await;
        let done = poll_until(connection.deliver(&envelope, "x\r\n"), waits).await;
        if done.is_none() {
            is_interrupted(&mut connection, &peer).await;
        }
        done.is_some()
    });
    at_each_wait!(waits => {
        let dialogue = MESSAGE.repeat(2);
        let (mut connection, peer) = greeted(script(&[], &dialogue).stutter()).await;
        let messages = [(envelope.clone(), "x\r\n"), (envelope.clone(), "x\r\n")];
        let done = poll_until(connection.deliver_all(messages, |_, _| {}), waits).await;
        if done.is_none() {
            is_interrupted(&mut connection, &peer).await;
        }
        done.is_some()
    });
}

#[tokio::test(start_paused = true)]
async fn deliver_all_in_one_flight() {
    let envelope = Envelope::new("", ["you@example.org"]).expect("addresses");
    let group = "C: MAIL *\nC: RCPT *\nC: DATA\n";
    let opened = "S: 250 ok\nS: 250 ok\nS: 354 go\n";
    let dialogue = format!(
        "{group}{opened}C: x\nC: .\nC: RSET\n{group}S: 250 ok\nS: 250 ok\n{opened}\
         C: x\nC: .\nS: 250 ok"
    );
    at_each_wait!(waits => {
        let script = script(&["PIPELINING"], &dialogue).stutter().write_limit(20);
        let (mut connection, peer) = greeted(script).await;
        let messages = [(envelope.clone(), "x\r\n"), (envelope.clone(), "x\r\n")];
        let done = poll_until(connection.deliver_all(messages, |_, _| {}), waits).await;
        if done.is_none() {
            is_interrupted(&mut connection, &peer).await;
        }
        done.is_some()
    });
}

#[tokio::test(start_paused = true)]
async fn connecting() {
    at_each_wait!(waits => {
        let (stream, peer) = Script::new(&hello(&["SIZE"])).stutter().start();
        let done = poll_until(Connection::from_stream(stream, &server()), waits).await;
        if done.is_none() {
            is_gone(&peer);
        }
        done.is_some()
    });
    at_each_wait!(waits => {
        let (stream, peer) = Script::new("-- tls --").then(&hello(&[])).stutter().start();
        let tls = trust(&peer);
        let done = poll_until(Connection::from_tls_stream(stream, &server(), &tls), waits).await;
        if done.is_none() {
            is_gone(&peer);
        }
        done.is_some()
    });
}

#[tokio::test(start_paused = true)]
async fn starttls_and_upgrade() {
    let dialogue = format!("C: STARTTLS\nS: 220 go\n-- tls --\n{}", ehlo(&[]));
    at_each_wait!(waits => {
        let (connection, peer) = greeted(script(&["STARTTLS"], &dialogue).stutter()).await;
        let tls = trust(&peer);
        let done = poll_until(connection.starttls(&tls), waits).await;
        if done.is_none() {
            is_gone(&peer);
        }
        done.is_some()
    });
    at_each_wait!(waits => {
        let (connection, peer) = greeted(script(&["STARTTLS"], &dialogue).stutter()).await;
        let tls = trust(&peer);
        let done = poll_until(connection.upgrade(StartTls, &tls), waits).await;
        if done.is_none() {
            is_gone(&peer);
        }
        done.is_some()
    });
}

#[tokio::test(start_paused = true)]
async fn authenticate() {
    let dialogue = "C: AUTH PLAIN *\nS: 235 ok";
    at_each_wait!(waits => {
        let script = Script::new("-- tls --").then(&hello(&["AUTH PLAIN"])).then(dialogue);
        let (stream, peer) = script.stutter().start();
        let connection = Connection::from_tls_stream(stream, &server(), &trust(&peer)).await;
        let mut plain = Plain::new("me", "pencil");
        let connection = connection.expect("TLS");
        let done = poll_until(connection.authenticate(&mut plain), waits).await;
        if done.is_none() {
            is_gone(&peer);
        }
        done.is_some()
    });
    at_each_wait!(waits => {
        let (connection, peer) = greeted(script(&["AUTH PLAIN"], dialogue).stutter()).await;
        let mut plain = Plain::new("me", "pencil");
        let done = poll_until(connection.dangerous().authenticate(&mut plain), waits).await;
        if done.is_none() {
            is_gone(&peer);
        }
        done.is_some()
    });
}

#[tokio::test(start_paused = true)]
async fn the_calls_of_a_transaction() {
    at_each_wait!(waits => {
        let (connection, peer) = greeted(script(&[], MESSAGE).stutter()).await;
        let done = poll_until(connection.mail(Mail::from(ReversePath::Null)), waits).await;
        if done.is_none() {
            is_gone(&peer);
        }
        done.is_some()
    });
    at_each_wait!(waits => {
        let (connection, peer) = greeted(script(&[], MESSAGE).stutter()).await;
        let mut txn = connection.mail(Mail::from(ReversePath::Null)).await.expect("MAIL");
        let done = poll_until(txn.rcpt(Rcpt::to(you())), waits).await;
        if done.is_none() {
            is_interrupted(&mut txn, &peer).await;
        }
        done.is_some()
    });
    let dialogue = "C: MAIL *\nS: 250 ok\nC: RSET\nS: 250 ok";
    at_each_wait!(waits => {
        let (connection, peer) = greeted(script(&[], dialogue).stutter()).await;
        let txn = connection.mail(Mail::from(ReversePath::Null)).await.expect("MAIL");
        let done = poll_until(txn.reset(), waits).await;
        if done.is_none() {
            is_gone(&peer);
        }
        done.is_some()
    });
    at_each_wait!(waits => {
        let (connection, peer) = greeted(script(&[], dialogue).stutter()).await;
        let txn = connection.mail(Mail::from(ReversePath::Null)).await.expect("MAIL");
        let done = poll_until(txn.transition(Rset), waits).await;
        if done.is_none() {
            is_gone(&peer);
        }
        done.is_some()
    });
}

#[tokio::test(start_paused = true)]
async fn the_message() {
    let dialogue = MESSAGE.replacen("C: RCPT *\n                       S: 550 no\n", "", 1);
    at_each_wait!(waits => {
        let (connection, peer) = greeted(script(&[], &dialogue).stutter()).await;
        let mut txn = connection.mail(Mail::from(ReversePath::Null)).await.expect("MAIL");
        txn.rcpt(Rcpt::to(you())).await.expect("RCPT");
        let done = poll_until(txn.data("x\r\n"), waits).await;
        if done.is_none() {
            is_gone(&peer);
        }
        done.is_some()
    });
    at_each_wait!(waits => {
        let (connection, peer) = greeted(script(&[], &dialogue).stutter()).await;
        let mut txn = connection.mail(Mail::from(ReversePath::Null)).await.expect("MAIL");
        txn.rcpt(Rcpt::to(you())).await.expect("RCPT");
        let done = poll_until(txn.content(Data, "x\r\n"), waits).await;
        if done.is_none() {
            is_gone(&peer);
        }
        done.is_some()
    });
}

#[tokio::test(start_paused = true)]
async fn quit() {
    at_each_wait!(waits => {
        let script = script(&[], "C: QUIT\nS: 221 bye").stutter().write_limit(2);
        let (connection, peer) = greeted(script).await;
        let done = poll_until(connection.quit(), waits).await;
        is_gone(&peer);
        done.is_some()
    });
    at_each_wait!(waits => {
        let (connection, peer) = greeted(script(&[], "C: QUIT\nS: 221 bye").stutter()).await;
        let done = poll_until(connection.quit_and_wait(), waits).await;
        is_gone(&peer);
        done.is_some()
    });
}
