//! The connection that a group returns, in the state that its commands lead to.

use std::task::Poll;

use smtp::Connection;
use smtp::command::Noop;
use smtp::connection::TransitionError;
use smtp::error::Fault;
use smtp::pipeline::{NotSent, Outcome};
use tests::{answer_each, greeted, in_transaction, script, server};

use super::{MODES, code, connected, is_reset_refused, mail, rcpt, written};

#[tokio::test(start_paused = true)]
async fn a_group_that_ends_in_a_transaction() {
    for offers in MODES {
        let group = "C: MAIL *\nC: RCPT *\nC: RCPT *\nS: 250 m\nS: 250 a\nS: 550 b\n";
        let steps = "C: MAIL *\nS: 250 m\nC: RCPT *\nS: 250 a\nC: RCPT *\nS: 550 b\n";
        let opened = if offers.is_empty() { steps } else { group };
        let dialogue =
            format!("{opened}C: RCPT *\nS: 250 c\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 250 ok");
        let (connection, peer) = connected(offers, &dialogue).await;
        let group = connection.pipeline().mail(mail()).each([rcpt("a"), rcpt("b")]);
        let (connection, (_, rcpts)) = group.await;
        let mut transaction = connection.expect("a transaction");
        assert_eq!(transaction.accepted(), 1);
        assert_eq!(code(&rcpts[1]), Some(550));
        transaction.rcpt(rcpt("c")).await.expect("one more");
        assert_eq!(transaction.accepted(), 2);
        transaction.data("x\r\n").await.expect("taken");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_transaction_the_connection_comes_back() {
    for offers in MODES {
        // Commands after MAIL may have had effects in a broken server.
        let group = "C: MAIL *\nC: RCPT *\nS: 550 m\nS: 250 a\nC: RSET\nS: 250 ok\n";
        let steps = "C: MAIL *\nS: 550 m\n";
        let opened = if offers.is_empty() { steps } else { group };
        let dialogue = format!("{opened}C: NOOP\nS: 250 ok");
        let (connection, peer) = connected(offers, &dialogue).await;
        let (connection, (_, _)) = connection.pipeline().mail(mail()).rcpt(rcpt("a")).await;
        let Err(TransitionError::Refused(mut refused)) = connection else {
            panic!("{connection:?}");
        };
        assert_eq!(refused.refusal.reply().map(|reply| reply.code().value()), Some(550));
        refused.connection.send(Noop).await.expect("between transactions");
        peer.finish();
    }
    // After a lone MAIL there is nothing to undo.
    let (connection, peer) = connected(MODES[0], "C: MAIL *\nS: 450 m").await;
    let (connection, _) = connection.pipeline().mail(mail()).await;
    assert!(matches!(connection, Err(TransitionError::Refused(_))));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_group_that_begins_in_a_transaction() {
    let dialogue =
        "C: RCPT *\nC: DATA\nS: 250 a\nS: 354 go\nC: x\nC: .\nS: 250 ok\nC: NOOP\nS: 250 ok";
    let (transaction, peer) = in_transaction(MODES[0], dialogue).await;
    let (connection, (_, message)) = transaction.pipeline().rcpt(rcpt("a")).data("x\r\n").await;
    assert!(message.end.is_accepted());
    connection.expect("a session").send(Noop).await.expect("between transactions");
    peer.finish();

    let dialogue = "C: RSET\nC: MAIL *\nS: 250 ok\nS: 250 m";
    let (transaction, peer) = in_transaction(MODES[0], dialogue).await;
    let (connection, _) = transaction.pipeline().reset().mail(mail()).await;
    assert_eq!(connection.expect("another transaction").accepted(), 0);
    peer.finish();
}

/// The caller's RSET is refused: that of the library follows before the next command.
#[tokio::test(start_paused = true)]
async fn a_transaction_that_does_not_end() {
    for (reset, ends) in [("S: 250 reset\nS: 250 ok", true), ("S: 500 no", false)] {
        let refused = "C: RSET\nC: MAIL *\nS: 500 no\nS: 503 m\n";
        let dialogue = format!("{refused}C: RSET\nC: NOOP\n{reset}");
        let (transaction, peer) = in_transaction(MODES[0], &dialogue).await;
        let (connection, (reset, _)) = transaction.pipeline().reset().mail(mail()).await;
        assert_eq!(code(&reset), Some(500));
        let Err(TransitionError::Refused(mut refused)) = connection else {
            panic!("{connection:?}");
        };
        let next = refused.connection.send(Noop).await;
        if ends {
            next.expect("between transactions");
        } else {
            is_reset_refused(next);
            assert!(peer.is_closed());
        }
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_that_ends_with_quit() {
    for end in ["S: 221 bye", "-- close --"] {
        let dialogue = format!(
            "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 m\nS: 250 a\nS: 354 go
             C: x\nC: .\nC: QUIT\nS: 250 ok\n{end}"
        );
        let (connection, peer) = connected(MODES[0], &dialogue).await;
        let group = connection.pipeline().mail(mail()).rcpt(rcpt("a")).data("x\r\n").quit();
        let (ended, (_, _, message, quit)) = group.await;
        assert!(message.end.is_accepted());
        assert_eq!(quit.is_accepted(), ended.is_ok());
        peer.finish();
        assert!(peer.is_closed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_gone_says_so_of_every_command() {
    let (mut connection, peer) = greeted(script(MODES[0], "C: NOOP\n-- close --")).await;
    connection.send(Noop).await.expect_err("closed");
    let written_before = written(&peer);
    let group = connection.pipeline().mail(mail()).each([rcpt("a"), rcpt("b")]).data("x\r\n");
    let (connection, (mail, rcpts, message)) = group.await;
    assert!(matches!(connection.expect_err("gone").fault(), Fault::Ended));
    for outcome in [&mail, &rcpts[0], &rcpts[1], &message.opening] {
        assert_eq!(*outcome, Outcome::NotSent(NotSent::Lost));
    }
    assert!(matches!(message.end, Outcome::NotSent(NotSent::Lost)));
    assert_eq!(written(&peer), written_before);
}

/// Commands that had left and commands that had not are told apart where the connection breaks.
#[tokio::test(start_paused = true)]
async fn a_command_that_never_left_is_not_unknown() {
    let script = script(MODES[0], "C: MAIL *\n-- reset --").write_limit(29);
    let (connection, _) = greeted(script).await;
    let group = connection.pipeline().mail(mail()).each([rcpt("a"), rcpt("b")]).data("x\r\n");
    let (connection, (mail, rcpts, message)) = group.await;
    connection.expect_err("reset");
    assert_eq!(mail, Outcome::Unknown);
    for outcome in [&rcpts[0], &rcpts[1], &message.opening] {
        assert_eq!(*outcome, Outcome::NotSent(NotSent::Lost));
    }
}

/// A group that is dropped takes its connection with it, wherever it waits.
#[tokio::test(start_paused = true)]
async fn dropped_at_each_wait() {
    let dialogue = "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 m\nS: 250 a\nS: 354 go
                    C: x\nC: .\nC: RSET\nC: MAIL *\nS: 250 ok\nS: 250 reset\nS: 250 m";
    for waits in 1.. {
        let script = script(MODES[0], dialogue).stutter().fragmented(9).write_limit(11);
        let (connection, peer) = greeted(script).await;
        let group = connection.pipeline().mail(mail()).rcpt(rcpt("a")).data("x\r\n").mail(mail());
        let mut future = Box::pin(group.into_future());
        let mut waited = 0;
        let done = std::future::poll_fn(|cx| {
            if waited == waits {
                return Poll::Ready(None);
            }
            waited += 1;
            future.as_mut().poll(cx).map(Some)
        });
        if let Some((connection, _)) = done.await {
            connection.expect("a transaction");
            peer.finish();
            assert!(waits > 10, "{waits}");
            return;
        }
        let written = peer.raw_written();
        drop(future);
        assert!(peer.is_closed(), "the connection went with its future");
        assert_eq!(peer.raw_written(), written);
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_that_was_never_awaited_sends_nothing() {
    let (connection, peer) = connected(MODES[0], "-- silence --").await;
    drop(connection.pipeline().mail(mail()));
    assert_eq!(written(&peer), "");
    assert!(peer.is_closed());
}

const MANY: usize = 100_000;

/// Neither side can block the other, however much both say, and a long list is never there as a
/// whole.
#[tokio::test]
async fn many_recipients_through_small_buffers() {
    let (client, peer) = tokio::io::duplex(4096);
    let peer = tokio::spawn(answer_each(peer, "250 ok"));
    let connection = Connection::from_stream(client, &server()).await.expect("EHLO");
    let recipients = (0..MANY).map(|number| rcpt(&format!("recipient{number}")));
    let group = connection.pipeline().mail(mail()).each(recipients).data("x\r\n").quit();
    let (ended, (_, rcpts, message, _)) = group.await;
    ended.expect("a session");
    assert_eq!(rcpts.len(), MANY);
    let last = rcpts[MANY - 1].accepted().expect("accepted").text();
    assert!(last.contains("number 100000 "), "{last}");
    assert!(message.end.is_accepted());
    assert_eq!(peer.await.expect("a server"), MANY);
}

/// A command that is known to have no effect does not leave any more.
#[tokio::test]
async fn a_long_list_stops_when_its_sender_is_refused() {
    let (client, peer) = tokio::io::duplex(4096);
    let peer = tokio::spawn(answer_each(peer, "550 no"));
    let connection = Connection::from_stream(client, &server()).await.expect("EHLO");
    let recipients = (0..MANY).map(|number| rcpt(&format!("recipient{number}")));
    let group = connection.pipeline().mail(mail()).each(recipients).data("x\r\n").quit();
    let (ended, (sender, rcpts, message, _)) = group.await;
    ended.expect("a session");
    assert_eq!(code(&sender), Some(550));
    assert_eq!(rcpts.len(), MANY);
    assert!(rcpts[0].is_accepted(), "it came back, so it is there");
    assert_eq!(rcpts[MANY - 1], Outcome::NotSent(NotSent::AfterRefused));
    assert!(matches!(message.end, Outcome::NotSent(NotSent::AfterRefused)));
    assert!(peer.await.expect("a server") < MANY / 2);
}
