//! Hostile servers: each public call ends with its typed error, in bounded memory.

mod chunks;
mod custom;
mod memory;
mod shared;
mod sockets;

use smtp::command::{Mail, Noop, Rcpt};
use smtp::connection::TransitionError;
use smtp::error::{Fault, ProtocolError};
use smtp::grammar::ReversePath;
use smtp::testing::{Peer, Script};
use smtp::{Connection, Envelope, Error, Lost, Mailbox, Plain};
use tests::{error, greeted, hello, in_transaction, script, secured, server, trust};

/// An attack: its name, the script of the server, and the error that must end the call.
type Attack = (&'static str, fn(Script) -> Script, fn(&Lost) -> bool);

const ATTACKS: [Attack; 11] = [
    (
        "a line without end",
        |script| script.endless([b'2'; 1000]),
        |lost| matches!(lost.protocol(), Some(ProtocolError::LineTooLong(_))),
    ),
    (
        "a reply without end",
        |script| script.endless(*b"250-and another thing\r\n"),
        |lost| matches!(lost.protocol(), Some(ProtocolError::TooManyLines(_))),
    ),
    (
        "long lines without end",
        |script| script.endless([b"250-".as_slice(), &[b'x'; 1900], b"\r\n"].concat()),
        |lost| matches!(lost.protocol(), Some(ProtocolError::ReplyTooLong(_))),
    ),
    (
        "half a reply, then silence",
        |script| script.server_raw(*b"250-ok\r\n250").then("-- silence --"),
        |lost| lost.timed_out().is_some(),
    ),
    (
        "half a reply, then the end",
        |script| script.server_raw(*b"250 ok").then("-- close --"),
        |lost| matches!(lost.fault(), Fault::Closed),
    ),
    (
        "421",
        |script| script.then("S: 421 4.3.2 closing"),
        |lost| lost.reply().is_some_and(|reply| reply.code().value() == 421),
    ),
    (
        "no reply line",
        |script| script.then("S: <html>"),
        |lost| matches!(lost.protocol(), Some(ProtocolError::Malformed(_))),
    ),
    (
        "codes that disagree",
        |script| script.then("S: 250-ok\nS: 550 no"),
        |lost| matches!(lost.protocol(), Some(ProtocolError::Malformed(_))),
    ),
    (
        "LF alone",
        |script| script.server_raw(*b"250 ok\n"),
        |lost| lost.protocol() == Some(&ProtocolError::BareLineFeed),
    ),
    ("the end", |script| script.then("-- close --"), |lost| matches!(lost.fault(), Fault::Closed)),
    (
        "a broken connection",
        |script| script.then("-- reset --"),
        |lost| matches!(lost.fault(), Fault::Io(_)),
    ),
];

fn ended(call: &str, name: &str, is: fn(&Lost) -> bool, error: &Error, peer: &Peer) {
    let lost = match error {
        Error::Lost(lost) => lost,
        Error::DeliveryUnknown(unknown) => unknown.lost(),
        _ => panic!("{call}, {name}: {error}"),
    };
    assert!(is(lost), "{call}, {name}: {lost:?}");
    assert!(peer.is_closed(), "{call}, {name}");
}

#[tokio::test(start_paused = true)]
async fn connecting() {
    for (name, attack, is) in ATTACKS {
        for (call, before) in [("greeting", ""), ("EHLO", "S: 220 hi\nC: EHLO *")] {
            let (stream, peer) = attack(Script::new(before)).start();
            let error = error(Connection::from_stream(stream, &server()).await);
            ended(call, name, is, &error, &peer);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn between_transactions() {
    for (name, attack, is) in ATTACKS {
        let (mut connection, peer) = greeted(attack(script(&[], "C: NOOP"))).await;
        let lost = error(connection.send(Noop).await);
        ended("NOOP", name, is, &lost, &peer);
        assert!(error(connection.send(Noop).await).to_string().contains("new"), "{name}");

        let (mut connection, peer) = greeted(attack(script(&[], "C: EHLO *"))).await;
        ended("EHLO", name, is, &error(connection.ehlo().await), &peer);

        let (connection, peer) = greeted(attack(script(&["STARTTLS"], "C: STARTTLS"))).await;
        let result = connection.starttls(&trust(&peer)).await;
        ended("STARTTLS", name, is, &error(result), &peer);

        let (connection, peer) = greeted(attack(script(&[], "C: MAIL *"))).await;
        let result = connection.mail(Mail::from(ReversePath::Null)).await;
        ended("MAIL", name, is, &error(result), &peer);

        let (connection, peer) = greeted(attack(script(&[], "C: QUIT"))).await;
        connection.quit().await.expect("nothing depends on QUIT");
        assert!(peer.is_closed(), "QUIT, {name}");

        let (connection, peer) = greeted(attack(script(&[], "C: QUIT"))).await;
        ended("QUIT", name, is, &error(connection.quit_and_wait().await), &peer);
    }
}

#[tokio::test(start_paused = true)]
async fn in_a_transaction() {
    let you: Mailbox = "you@example.org".parse().expect("an address");
    for (name, attack, is) in ATTACKS {
        let start = |dialogue: &str| {
            let mail = format!("C: MAIL *\nS: 250 ok\n{dialogue}");
            greeted(attack(script(&[], &mail)))
        };
        let (connection, peer) = start("C: RCPT *").await;
        let mut txn = connection.mail(Mail::from(ReversePath::Null)).await.expect("MAIL");
        ended("RCPT", name, is, &error(txn.rcpt(Rcpt::to(&you)).await), &peer);

        let (connection, peer) = start("C: RSET").await;
        let txn = connection.mail(Mail::from(ReversePath::Null)).await.expect("MAIL");
        ended("RSET", name, is, &error(txn.reset().await), &peer);

        let rcpt = "C: RCPT *\nS: 250 ok\nC: DATA";
        for (call, dialogue) in
            [("DATA", rcpt.to_owned()), ("the message", format!("{rcpt}\nS: 354 go\nC: x\nC: ."))]
        {
            let (connection, peer) = start(&dialogue).await;
            let mut txn = connection.mail(Mail::from(ReversePath::Null)).await.expect("MAIL");
            txn.rcpt(Rcpt::to(&you)).await.expect("RCPT");
            ended(call, name, is, &error(txn.data("x").await), &peer);

            let (mut connection, peer) = start(&dialogue).await;
            let envelope = Envelope::new("", ["you@example.org"]).expect("addresses");
            let result = connection.deliver(&envelope, "x").await;
            ended("deliver", name, is, &error(result), &peer);
        }
    }
}

/// The limits of AUTH are its own: challenges may be long.
#[tokio::test(start_paused = true)]
async fn authenticating() {
    for (name, attack, _) in ATTACKS {
        let script = Script::new("-- tls --").then(&hello(&["AUTH PLAIN"])).then("C: AUTH *");
        let (stream, peer) = attack(script).start();
        let connection = Connection::from_tls_stream(stream, &server(), &trust(&peer)).await;
        let connection = connection.expect("TLS");
        let result = connection.authenticate(&mut Plain::new("me", "pencil")).await;
        assert!(matches!(result, Err(TransitionError::Lost(_))), "{name}: {result:?}");
        assert!(peer.is_closed(), "{name}");
    }
    let long = "A".repeat(12_288);
    let dialogue = format!("C: AUTH PLAIN *\nS: 334 {long}\nC: \\*\nS: 501 cancelled");
    let (connection, peer) = secured(&["AUTH PLAIN"], &dialogue).await;
    let result = connection.authenticate(&mut Plain::new("me", "pencil")).await;
    assert!(matches!(result, Err(TransitionError::Refused(_))), "{result:?}");
    peer.finish();
}

/// Control characters of the server do not reach the terminal that shows the error.
#[tokio::test(start_paused = true)]
async fn errors_are_safe_to_show() {
    let every: Vec<u8> = (0..=255).filter(|byte| !b"\r\n".contains(byte)).collect();
    let script = script(&[], "C: NOOP").server_raw([b"550 ", every.as_slice(), b"\r\n"].concat());
    let (mut connection, _peer) = greeted(script).await;
    let error = error(connection.send(Noop).await);
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(text.chars().all(|c| matches!(c, ' '..='~')), "{text:?}");
    }
    assert_eq!(error.reply().expect("a reply").raw().len(), 4 + every.len() + 2);
}

#[tokio::test(start_paused = true)]
async fn an_unasked_421_is_seen_before_the_next_command() {
    for farewell in ["421 idle for too long", "221 bye"] {
        let dialogue = format!("C: RCPT *\nS: 250 ok\nS: {farewell}");
        let (mut txn, _) = in_transaction(&[], &dialogue).await;
        let you: Mailbox = "you@example.org".parse().expect("an address");
        txn.rcpt(Rcpt::to(&you)).await.expect("RCPT");
        let error = error(txn.rcpt(Rcpt::to(&you)).await);
        assert!(
            matches!(&error, Error::Lost(lost) if lost.reply().is_some()),
            "{farewell}: {error}"
        );
    }
}
