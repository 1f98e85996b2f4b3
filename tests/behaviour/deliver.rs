//! `deliver`: the whole transaction in one call.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use smtp::command::Noop;
use smtp::error::{Blame, ContentError, Fault};
use smtp::message::{BodySource, LineEnds, RecipientOutcome};
use smtp::testing::Script;
use smtp::{Body, DeliverError, Envelope, Error};
use tests::{error, greeted, script};

fn envelope(recipients: &[&str]) -> Envelope {
    Envelope::new("me@example.com", recipients.iter().copied()).expect("addresses")
}

const ONE: &str = "C: MAIL FROM:<me@example.com>*
                   S: 250 ok
                   C: RCPT TO:<you@example.org>
                   S: 250 ok
                   C: DATA
                   S: 354 go on\n";

#[tokio::test(start_paused = true)]
async fn the_message_goes_to_whoever_the_server_accepts() {
    let dialogue = "C: MAIL FROM:<me@example.com> SIZE=7
                    S: 250 ok
                    C: RCPT TO:<a@example.org>
                    S: 250 ok
                    C: RCPT TO:<b@example.org>
                    S: 450 4.2.1 busy
                    C: RCPT TO:<a@example.org>
                    S: 250 again
                    C: DATA
                    S: 354 go on
                    C: Hello
                    C: .
                    S: 250 2.0.0 OK id=1tF-0";
    let (mut connection, peer) = greeted(script(&["SIZE 1000"], dialogue)).await;
    let envelope = envelope(&["a@example.org", "b@example.org", "a@example.org"]);
    let receipt = connection.deliver(&envelope, "Hello\r\n").await.expect("delivered");
    assert_eq!(receipt.recipients().len(), 3);
    assert_eq!(receipt.accepted().count(), 2);
    let (path, refusal) = receipt.refused().next().expect("one was refused");
    assert_eq!(path.to_string(), "<b@example.org>");
    assert!(refusal.is_transient());
    assert!(!receipt.is_complete());
    assert_eq!(receipt.queue_id().as_deref(), Some("1tF-0"));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_message_without_accepted_recipients_leaves_the_session_ready() {
    let refused_by = [
        ("MAIL", "C: MAIL *\nS: 452 4.3.1 full\n".to_owned(), 452),
        (
            "RCPT",
            "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 550 5.1.1 no\nC: RSET\nS: 250 ok\n".into(),
            550,
        ),
        ("DATA", format!("{}C: RSET\nS: 250 ok\n", ONE.replace("354 go on", "554 no")), 554),
        ("end of data", format!("{ONE}C: x\nC: .\nS: 554 5.6.0 no\nC: RSET\nS: 250 ok\n"), 554),
    ];
    for (command, dialogue, code) in refused_by {
        let dialogue = dialogue + "C: NOOP\nS: 250 ok";
        let (mut connection, peer) = greeted(script(&[], &dialogue)).await;
        let Err(DeliverError::Refused(undelivered)) =
            connection.deliver(&envelope(&["you@example.org"]), "x\r\n").await
        else {
            panic!("{command} was refused");
        };
        let refusal = undelivered.refusal();
        assert_eq!(refusal.command(), command);
        assert_eq!(refusal.reply().map(|reply| reply.code().value()), Some(code));
        assert_eq!(refusal.blame(), Blame::Server);
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();
    }
}

/// Some servers refuse a message and close. The call returns the refusal; the next call finds that
/// the connection is closed.
#[tokio::test(start_paused = true)]
async fn a_refusal_is_not_lost_with_the_connection() {
    let dialogue = format!("{ONE}C: x\nC: .\nS: 554 5.6.0 no\n-- close --");
    let (mut connection, peer) = greeted(script(&[], &dialogue)).await;
    let result = connection.deliver(&envelope(&["you@example.org"]), "x\r\n").await;
    let Err(DeliverError::Refused(undelivered)) = result else {
        panic!("{result:?}");
    };
    let code = undelivered.refusal().reply().map(|reply| reply.code().value());
    assert_eq!(code, Some(554));
    assert!(!undelivered.is_transient());
    assert_eq!(undelivered.recipients()[0].refusal(), Some(undelivered.refusal()));
    let written = peer.written();
    let lost = error(connection.send(Noop).await);
    assert!(matches!(&lost, Error::Lost(lost) if matches!(lost.fault(), Fault::Closed)), "{lost}");
    assert_eq!(peer.written(), written, "no RSET for a server that is gone");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_be_sent_costs_nothing() {
    let long = format!("{}\r\n", "x".repeat(999));
    let table: [(&str, &[&str], &[&str], Body<'_>); 6] = [
        ("NUL", &[], &["a@b.example"], "a\0b".into()),
        ("8BITMIME", &[], &["a@b.example"], "Grüße\r\n".into()),
        ("10 at most", &["SIZE 10"], &["a@b.example"], "01234567890".into()),
        ("no recipients", &[], &[], "x".into()),
        ("LF without CR", &[], &["a@b.example"], Body::from("a\nb").line_ends(LineEnds::Strict)),
        ("998", &[], &["a@b.example"], Body::from(&long).line_ends(LineEnds::Strict)),
    ];
    for (says, offers, recipients, body) in table {
        let (mut connection, peer) = greeted(script(offers, "C: NOOP\nS: 250 ok")).await;
        let error = connection.deliver(&envelope(recipients), body).await.expect_err(says);
        assert!(error.to_string().contains(says), "{says}: {error}");
        let DeliverError::Refused(undelivered) = error else {
            panic!("{says}: the session is intact");
        };
        assert!(undelivered.refusal().is_local());
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn eight_bits_are_declared_where_they_are_offered() {
    let dialogue = ONE.replace("<me@example.com>*", "<me@example.com> BODY=8BITMIME")
        + "C: Gr\u{fc}\u{df}e\nC: .\nS: 250 ok";
    let (mut connection, peer) = greeted(script(&["8BITMIME"], &dialogue)).await;
    let body = "Grüße\r\n";
    connection.deliver(&envelope(&["you@example.org"]), body).await.expect("delivered");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn utf8_addresses_need_smtputf8_each_for_itself() {
    let recipients = ["用户@example.org", "you@例子.测试"];
    let dialogue = "C: MAIL FROM:<me@example.com> SMTPUTF8
                    S: 250 ok
                    C: RCPT TO:<用户@example.org>
                    S: 250 ok
                    C: RCPT TO:<you@xn--fsqu00a.xn--0zwm56d>
                    S: 250 ok
                    C: DATA
                    S: 354 go on
                    C: x
                    C: .
                    S: 250 ok";
    let (mut connection, peer) = greeted(script(&["SMTPUTF8"], dialogue)).await;
    let receipt = connection.deliver(&envelope(&recipients), "x\r\n").await.expect("delivered");
    assert!(receipt.is_complete());
    peer.finish();

    // A server without it gets the mail for those whom it can be told of.
    let dialogue = "C: MAIL FROM:<me@example.com>
                    S: 250 ok
                    C: RCPT TO:<you@xn--fsqu00a.xn--0zwm56d>
                    S: 250 ok
                    C: DATA
                    S: 354 go on
                    C: x
                    C: .
                    S: 250 ok";
    let (mut connection, peer) = greeted(script(&[], dialogue)).await;
    let receipt = connection.deliver(&envelope(&recipients), "x\r\n").await.expect("delivered");
    let (path, refusal) = receipt.refused().next().expect("one cannot be told");
    assert_eq!(path.to_string(), "<用户@example.org>");
    assert!(refusal.encode_error().is_some_and(smtp::error::EncodeError::needs_smtputf8));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_connection_lost_before_the_final_dot_has_delivered_nothing() {
    let lost_at = [
        ("C: MAIL *\n-- close --".to_owned(), None),
        ("C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 421 4.3.2 closing".to_owned(), Some(421)),
        (ONE.replace("S: 354 go on", "-- reset --"), None),
    ];
    for (dialogue, code) in lost_at {
        let (mut connection, _peer) = greeted(script(&[], &dialogue)).await;
        let result = connection.deliver(&envelope(&["you@example.org"]), "x\r\n").await;
        let Err(DeliverError::Lost(lost)) = result else {
            panic!("{dialogue}: {result:?}");
        };
        assert!(lost.is_transient(), "{dialogue}: {lost}");
        assert_eq!(lost.lost().reply().map(|reply| reply.code().value()), code, "{dialogue}");
        match (lost.recipients()[0].outcome(), code) {
            (RecipientOutcome::NotSent, None) => {}
            (RecipientOutcome::Refused(refusal), Some(_)) => {
                assert_eq!(refusal.reply(), lost.lost().reply(), "{dialogue}");
            }
            (other, _) => panic!("{dialogue}: {other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_gone_has_sent_nothing() {
    for end in ["-- close --", "-- reset --", "S: 421 4.3.2 idle"] {
        let (mut connection, peer) = greeted(script(&[], end)).await;
        let written = peer.written();
        let result = connection.deliver(&envelope(&["you@example.org"]), "x\r\n").await;
        let Err(error @ DeliverError::NotSent(_)) = result else {
            panic!("{end}: {result:?}");
        };
        assert!(error.is_transient(), "{end}: {error}");
        assert!(error.lost().is_some(), "{end}: {error}");
        assert_eq!(error.recipients()[0].outcome(), RecipientOutcome::NotSent, "{end}");
        assert_eq!(peer.written(), written, "{end}");
    }
}

/// A program that prints an error and its sources prints each text once.
#[tokio::test(start_paused = true)]
async fn an_error_and_its_sources_say_different_things() {
    let refused = "C: MAIL *\nS: 550 5.7.1 no";
    let lost = "C: MAIL *\n-- reset --";
    let both = "C: MAIL *\nS: 550 5.7.1 no\n-- close --";
    let unknown = format!("{ONE}C: x\nC: .\n-- reset --");
    for end in [refused, lost, both, &unknown, "-- close --"] {
        let (mut connection, _peer) = greeted(script(&[], end)).await;
        let result = connection.deliver(&envelope(&["you@example.org"]), "x\r\n").await;
        let error = result.expect_err(end);
        let mut texts = vec![error.to_string()];
        let mut next = std::error::Error::source(&error);
        while let Some(source) = next {
            let text = source.to_string();
            assert!(!texts.contains(&text), "{end}: {texts:?} and again {text:?}");
            texts.push(text);
            next = source.source();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_lost_after_the_final_dot_is_an_open_question() {
    for end in ["-- close --", "-- reset --", "-- silence --", "S: 354 what?", "S: garbage"] {
        let dialogue = format!("{ONE}C: x\nC: .\n{end}");
        let (mut connection, _peer) = greeted(script(&[], &dialogue)).await;
        let result = connection.deliver(&envelope(&["you@example.org"]), "x\r\n").await;
        let Err(DeliverError::Unknown(unknown)) = result else {
            panic!("{end}: {result:?}");
        };
        assert_eq!(unknown.recipients().len(), 1);
        let error = Error::from(unknown);
        assert!(!error.is_transient(), "{end}: sending it again may deliver it twice");
    }
    // With 421 the server says that it did not take the message.
    let (mut connection, _peer) =
        greeted(script(&[], &format!("{ONE}C: x\nC: .\nS: 421 no"))).await;
    let result = connection.deliver(&envelope(&["you@example.org"]), "x\r\n").await;
    assert!(matches!(result, Err(DeliverError::Lost(_))), "{result:?}");
}

#[tokio::test(start_paused = true)]
async fn an_early_reply_ends_the_message_and_is_no_success() {
    let replies = [("552 too big", true), ("421 busy", true), ("250 thanks", false)];
    // A message of many pieces, and one whose end is queued when its first byte has left.
    let cases = replies.iter().flat_map(|case| [(case, 1 << 20, 4096), (case, 9, 1)]);
    for ((reply, closing), bytes, write) in cases {
        let script = script(&[], ONE).client_raw(*b"x").then(&format!("S: {reply}"));
        let script = script.write_limit(write);
        let (mut connection, peer) = greeted(script).await;
        let body = Bytes::from(vec![b'x'; bytes]);
        let result = connection.deliver(&envelope(&["you@example.org"]), body).await;
        let Err(DeliverError::Lost(lost)) = result else {
            panic!("{reply}: {result:?}");
        };
        assert_eq!(matches!(lost.lost().fault(), Fault::Closing(_)), *closing, "{reply}: {lost}");
        assert!(!peer.written().ends_with(b"\r\n.\r\n"), "{reply}");
    }
}

/// A message in pieces, each after the task has waited once.
struct ScriptedSource(Vec<Option<io::Result<Bytes>>>);

impl BodySource for ScriptedSource {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        match self.0.pop() {
            None => Poll::Ready(None),
            Some(None) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(piece) => Poll::Ready(piece),
        }
    }
}

fn pieces(pieces: &[&'static [u8]], last: Option<io::Result<Bytes>>) -> Body<'static> {
    let mut all: Vec<Option<io::Result<Bytes>>> = Vec::new();
    for piece in pieces {
        all.extend([None, Some(Ok(Bytes::from_static(piece)))]);
    }
    all.extend(last.map(Some));
    all.reverse();
    Body::stream(ScriptedSource(all))
}

#[tokio::test(start_paused = true)]
async fn a_message_can_be_produced_while_it_is_sent() {
    let dialogue = format!("{ONE}C: a\nC: ..b\nC: ...\nC: c\nC: .\nS: 250 ok");
    let (mut connection, peer) = greeted(script(&[], &dialogue)).await;
    let body = pieces(&[b"a\r", b"\n", b".b\r\n", b".", b".\n", b"c"], None);
    connection.deliver(&envelope(&["you@example.org"]), body).await.expect("delivered");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_never_gets_a_final_dot() {
    let failed = || Some(Err(io::Error::other("the disk is gone")));
    let bad: [(Body<'_>, &str); 3] = [
        (pieces(&[b"a\r\n"], failed()), "the disk is gone"),
        (pieces(&[b"a\r\n", b"b\0\r\n"], None), "NUL"),
        (pieces(&[b"a\r\n", b"\xc3\xa9\r\n"], None), "8BITMIME"),
    ];
    for (body, says) in bad {
        let (mut connection, peer) = greeted(script(&[], &format!("{ONE}C: a\nC: *"))).await;
        let error =
            connection.deliver(&envelope(&["you@example.org"]), body).await.expect_err(says);
        assert!(error.to_string().contains(says), "{error}");
        assert!(matches!(error, DeliverError::Lost(_)));
        assert!(!peer.written().windows(5).any(|bytes| bytes == b"\r\n.\r\n"), "{says}");
        assert!(peer.is_closed());
        assert!(connection.send(Noop).await.is_err());
    }
}

/// DATA waits for the first piece: a source that fails by then has cost the server nothing.
#[tokio::test(start_paused = true)]
async fn a_source_that_fails_at_once_is_never_asked_for() {
    let opened = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\n";
    let flight = "C: MAIL *\nC: RCPT *\nS: 250 ok\nS: 250 ok\n";
    for (offers, opened) in [(&[][..], opened), (&["PIPELINING"], flight)] {
        let dialogue = format!("{opened}C: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok");
        let (mut connection, peer) = greeted(script(offers, &dialogue)).await;
        let body = pieces(&[], Some(Err(io::Error::other("the disk is gone"))));
        let result = connection.deliver(&envelope(&["you@example.org"]), body).await;
        let Err(DeliverError::Refused(undelivered)) = result else {
            panic!("{result:?}");
        };
        let refusal = undelivered.refusal();
        assert_eq!(
            refusal.body_error().map(io::Error::to_string).as_deref(),
            Some("the disk is gone")
        );
        assert_eq!(refusal.blame(), Blame::Caller);
        assert!(undelivered.recipients()[0].is_accepted());
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();
    }
}

/// A source that panics once it has given so many pieces.
struct Panics(usize);

impl BodySource for Panics {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        self.0 = self.0.checked_sub(1).expect("the source is broken");
        Poll::Ready(Some(Ok(Bytes::from_static(b"a\r\n"))))
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_panics_never_gets_a_final_dot() {
    let cases = [(0, "RCPT TO:<you@example.org>\r\n"), (1, "DATA\r\n")];
    for (given, last) in cases {
        let (mut connection, peer) = greeted(script(&[], ONE)).await;
        let task = tokio::spawn(async move {
            let body = Body::stream(Panics(given));
            let _ = connection.deliver(&envelope(&["you@example.org"]), body).await;
        });
        assert!(task.await.is_err(), "the panic is the caller's");
        assert!(peer.written().ends_with(last.as_bytes()), "{given}: {}", peer.dialogue());
        assert!(peer.is_closed());
    }
}

#[tokio::test(start_paused = true)]
async fn any_fragmentation_gives_the_same_dialogue() {
    for (read, write) in [(1, 1), (3, 7), (64, 2)] {
        let script: Script = script(&["SIZE"], &format!("{ONE}C: ..\nC: .\nS: 250-a\nS: 250 b"))
            .fragmented(read)
            .write_limit(write);
        let (mut connection, peer) = greeted(script).await;
        let receipt = connection.deliver(&envelope(&["you@example.org"]), ".\r\n").await;
        assert_eq!(receipt.expect("delivered").reply().text(), "a\nb");
        peer.finish();
    }
}

#[test]
fn content_errors_say_what_to_do() {
    let error = ContentError::Nul(3).to_string();
    assert!(error.contains("byte 3") && error.contains("encode"), "{error}");
}
