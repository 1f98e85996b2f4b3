//! Hostile servers against calls that send a user's commands, and calls that are made of others.

use smtp::command::{Data, Mail, Noop, Rcpt, StartTls};
use smtp::connection::{AnyConnection, TransitionError};
use smtp::error::{Fault, ProtocolError};
use smtp::grammar::ReversePath;
use smtp::testing::Script;
use smtp::{Connection, DeliverError, Envelope, Error, Mailbox, Plain, SmtpCommand};
use tests::{Again, Ask, FixedAnswer, error, greeted, hello, script, server, trust};

use super::{ATTACKS, ended};

#[derive(SmtpCommand)]
#[smtp(verb = "X-TURN", accepts(250), consumes(Greeted))]
struct Turnabout;

#[tokio::test(start_paused = true)]
async fn commands_of_ones_own() {
    for (name, attack, is) in ATTACKS {
        for dialogue in ["C: X-ASK", "C: X-ASK\nS: 350 colour?\nC: blue"] {
            let (mut connection, peer) = greeted(attack(script(&[], dialogue))).await;
            let result = connection.exchange(Ask, &mut FixedAnswer).await;
            ended("exchange", name, is, &error(result), &peer);

            let script = Script::new("-- tls --").then(&hello(&[])).then(dialogue);
            let (stream, peer) = attack(script).start();
            let connection = Connection::from_tls_stream(stream, &server(), &trust(&peer)).await;
            let result = connection.expect("TLS").exchange_into(Ask, &mut FixedAnswer).await;
            ended("exchange_into", name, is, &error(result), &peer);
        }
        for dialogue in ["C: X-AGAIN", "C: X-AGAIN\nS: 220 hi\nC: EHLO *"] {
            let (connection, peer) = greeted(attack(script(&[], dialogue))).await;
            ended("transition", name, is, &error(connection.transition(Again).await), &peer);
        }
        let (connection, peer) = greeted(attack(script(&[], "C: X-TURN"))).await;
        ended("into_stream", name, is, &error(connection.into_stream(Turnabout).await), &peer);

        let (connection, peer) = greeted(attack(script(&["STARTTLS"], "C: STARTTLS"))).await;
        let result = connection.upgrade(StartTls, &trust(&peer)).await;
        ended("upgrade", name, is, &error(result), &peer);
    }
}

#[tokio::test(start_paused = true)]
async fn lmtp() {
    let lhlo = hello(&[]).replace("EHLO", "LHLO");
    for (name, attack, is) in ATTACKS {
        let (stream, peer) = attack(Script::new("S: 220 hi\nC: LHLO *")).start();
        let result = Connection::lmtp_from_stream(stream, &server()).await;
        ended("lmtp_from_stream", name, is, &error(result), &peer);

        let (stream, peer) = attack(Script::new("-- tls --\nS: 220 hi\nC: LHLO *")).start();
        let result = Connection::lmtp_from_tls_stream(stream, &server(), &trust(&peer)).await;
        ended("lmtp_from_tls_stream", name, is, &error(result), &peer);

        let (stream, peer) = attack(Script::new(&lhlo).then("C: LHLO *")).start();
        let connection = Connection::lmtp_from_stream(stream, &server()).await;
        let result = connection.expect("a session").lhlo().await;
        ended("lhlo", name, is, &error(result), &peer);
    }
}

#[tokio::test(start_paused = true)]
async fn inside_tls_from_the_first_byte() {
    for (name, attack, is) in ATTACKS {
        let (stream, peer) = attack(Script::new("-- tls --\nS: 220 hi\nC: EHLO *")).start();
        let result = Connection::from_tls_stream(stream, &server(), &trust(&peer)).await;
        ended("from_tls_stream", name, is, &error(result), &peer);

        // A server that ends the connection in the greeting has ended it in the handshake too.
        let (stream, peer) = attack(Script::new("-- tls --")).start();
        let result = error(Connection::from_tls_stream(stream, &server(), &trust(&peer)).await);
        assert!(
            matches!(&result, Error::Lost(lost)
                if is(lost) || matches!(lost.fault(), Fault::Handshake(_) | Fault::Io(_))),
            "{name}: {result}"
        );
        assert!(peer.is_closed(), "{name}");
    }
}

/// Whether TLS was closed in good order or cut: a reply that is not whole is none.
#[tokio::test(start_paused = true)]
async fn a_reply_that_is_cut_short_is_none() {
    let whole = b"250 ok\r\n";
    for end in ["-- cut --", "-- close --", "-- reset --"] {
        for said in 0..whole.len() {
            let start = |dialogue: &str| {
                let script = Script::new("-- tls --").then(&hello(&[])).then(dialogue);
                script.server_raw(&whole[..said]).then(end).start()
            };
            let (stream, peer) = start("C: NOOP");
            let connection = Connection::from_tls_stream(stream, &server(), &trust(&peer)).await;
            let lost = error(connection.expect("TLS").send(Noop).await);
            assert!(matches!(lost, Error::Lost(_)), "{end} after {said}: {lost}");

            let (stream, peer) =
                start("C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: x\nC: .");
            let connection = Connection::from_tls_stream(stream, &server(), &trust(&peer)).await;
            let envelope = Envelope::new("", ["you@example.org"]).expect("addresses");
            let result = connection.expect("TLS").deliver(&envelope, "x").await;
            assert!(matches!(result, Err(DeliverError::Unknown(_))), "{end} after {said}");

            let (stream, peer) = start("C: QUIT");
            let connection = Connection::from_tls_stream(stream, &server(), &trust(&peer)).await;
            connection.expect("TLS").quit().await.expect("nothing depends on it");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn endless_questions_end() {
    let dialogue =
        "C: X-ASK\n".to_owned() + &"S: 350 colour?\nC: blue\n".repeat(32) + "S: 350 and?";
    let (mut connection, peer) = greeted(script(&[], &dialogue)).await;
    let lost = error(connection.exchange(Ask, &mut FixedAnswer).await);
    assert!(
        matches!(&lost, Error::Lost(lost)
            if lost.protocol() == Some(&ProtocolError::TooManyChallenges(32))),
        "{lost}"
    );
    peer.finish();
}

/// The client reads the reason of a server that closes, also when it can no longer write to it.
#[tokio::test(start_paused = true)]
async fn last_words_are_heard() {
    let dialogue = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\n";
    for (words, code) in
        [("S: 421 4.3.2 busy", Some(421)), ("S: 552 too big", Some(552)), ("", None)]
    {
        let script = script(&[], dialogue).then(words).then("-- close --");
        // Byte by byte: what was said is still unread when writing fails.
        let (mut connection, peer) = greeted(script.fragmented(1)).await;
        let envelope = Envelope::new("", ["you@example.org"]).expect("addresses");
        let lost = error(connection.deliver(&envelope, "x").await);
        assert_eq!(lost.reply().map(|reply| reply.code().value()), code, "{words}: {lost}");
        assert!(matches!(lost, Error::Lost(_)), "{words}: {lost}");
        assert!(peer.is_closed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_in_clear() {
    for (name, attack, _) in ATTACKS {
        let (connection, peer) = greeted(attack(script(&["AUTH PLAIN"], "C: AUTH *"))).await;
        let mut plain = Plain::new("me", "pencil");
        let result = connection.dangerous().authenticate(&mut plain).await;
        assert!(matches!(result, Err(TransitionError::Lost(_))), "{name}: {result:?}");
        assert!(peer.is_closed(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn messages() {
    let you: Mailbox = "you@example.org".parse().expect("an address");
    let envelope = Envelope::new("", ["you@example.org"]).expect("addresses");
    let rcpt = "C: MAIL *\nS: 250 ok\nC: RCPT *";
    let content = format!("{rcpt}\nS: 250 ok\nC: DATA\nS: 354 go\nC: x\nC: .");
    for (name, attack, is) in ATTACKS {
        let (connection, peer) = greeted(attack(script(&[], &content))).await;
        let mut txn = connection.mail(Mail::from(ReversePath::Null)).await.expect("MAIL");
        txn.rcpt(Rcpt::to(&you)).await.expect("RCPT");
        ended("content", name, is, &error(txn.content(Data, "x").await), &peer);

        for dialogue in ["C: MAIL *", rcpt, &content] {
            let (connection, peer) = greeted(attack(script(&[], dialogue))).await;
            let mut any = AnyConnection::from(connection);
            let result = any.deliver(&envelope, "x").await;
            ended("deliver", name, is, &error(result), &peer);
            any.quit().await.expect_err("it was lost");

            let (mut connection, peer) = greeted(attack(script(&[], dialogue))).await;
            let mut results = Vec::new();
            let messages = [(envelope.clone(), "x"), (envelope.clone(), "x")];
            let lost = connection.deliver_all(messages, |_, result| results.push(result)).await;
            lost.expect_err("the connection is gone");
            ended("deliver_all", name, is, &first(results), &peer);
        }
        let group = "C: MAIL *\nC: RCPT *\nC: DATA";
        let after = format!(
            "{group}\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: x\nC: .\nC: RSET\n{group}\nS: 250 ok"
        );
        for (dialogue, taken) in [(group, 0), (&after, 1)] {
            let (mut connection, peer) = greeted(attack(script(&["PIPELINING"], dialogue))).await;
            let mut results = Vec::new();
            let messages = [(envelope.clone(), "x"), (envelope.clone(), "x")];
            let lost = connection.deliver_all(messages, |_, result| results.push(result)).await;
            lost.expect_err("the connection is gone");
            ended("deliver_all", name, is, &first(results.split_off(taken)), &peer);
        }
    }
}

/// The first of the results, which is an error.
fn first(results: Vec<Result<smtp::Receipt, DeliverError>>) -> Error {
    error(results.into_iter().next().expect("a result"))
}
