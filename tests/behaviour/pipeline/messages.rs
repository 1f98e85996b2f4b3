//! Messages in groups: flights, content that must not leave, several messages.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;

use smtp::command::{Noop, Rcpt};
use smtp::connection::TransitionError;
use smtp::message::BodySource;
use smtp::pipeline::{NotSent, Outcome};
use smtp::{Body, Mailbox, SmtpCommand};

use super::{MODES, code, connected, is_reset_refused, mail, rcpt, said, transact, written};

const GROUP: &str = "C: MAIL FROM:<me@example.com>
                     C: RCPT TO:<a@example.org>
                     C: RCPT TO:<b@example.org>
                     C: DATA\n";

#[tokio::test(start_paused = true)]
async fn a_message_is_two_flights() {
    let dialogue = format!(
        "{GROUP}S: 250 m\nS: 250 a\nS: 550 b\nS: 354 go
         C: content\nC: .\nS: 250 2.0.0 queued as Q"
    );
    let (connection, (mail, rcpts, message), peer) = transact(MODES[0], &dialogue).await;
    connection.expect("a session");
    assert_eq!(mail.accepted().expect("accepted").text(), "m");
    assert!(rcpts[0].is_accepted());
    assert_eq!(code(&rcpts[1]), Some(550));
    let receipt = message.end.into_accepted().expect("taken");
    assert_eq!(receipt.queue_id().as_deref(), Some("Q"));
    peer.finish();
}

/// Content, dot, RSET and the next message's commands are one flight.
#[tokio::test(start_paused = true)]
async fn the_next_group_flies_with_the_content() {
    for (end, taken) in [("250 queued", true), ("554 no", false)] {
        let dialogue = format!(
            "{GROUP}S: 250 m\nS: 250 a\nS: 250 b\nS: 354 go
             C: one\nC: .
             C: RSET
             C: MAIL FROM:<me@example.com>
             C: RCPT TO:<c@example.org>
             C: DATA
             S: {end}\nS: 250 reset\nS: 250 m\nS: 250 c\nS: 354 go
             C: two\nC: .\nS: 250 queued
             C: NOOP\nS: 250 ok"
        );
        let (connection, peer) = connected(MODES[0], &dialogue).await;
        let (connection, (_, _, one, _, last, two)) = connection
            .pipeline()
            .mail(mail())
            .each([rcpt("a"), rcpt("b")])
            .data("one\r\n")
            .mail(mail())
            .rcpt(rcpt("c"))
            .data("two\r\n")
            .await;
        assert_eq!(one.end.is_accepted(), taken);
        assert!(last.is_accepted());
        assert!(two.end.is_accepted());
        connection.expect("a session").send(Noop).await.expect("between transactions");
        peer.finish();
        assert_eq!(written(&peer), said(&dialogue));
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_group_waits_without_pipelining() {
    for (end, reset) in [("250 queued", ""), ("554 no", "C: RSET\nS: 250 ok\n")] {
        let dialogue = format!(
            "C: MAIL *\nS: 250 m\nC: RCPT *\nS: 250 a\nC: DATA\nS: 354 go
             C: one\nC: .\nS: {end}\n{reset}
             C: MAIL *\nS: 250 m\nC: RCPT *\nS: 250 b\nC: DATA\nS: 354 go
             C: two\nC: .\nS: 250 queued"
        );
        let (connection, peer) = connected(MODES[1], &dialogue).await;
        let group = connection.pipeline().mail(mail()).rcpt(rcpt("a")).data("one\r\n");
        let (connection, outcomes) = group.mail(mail()).rcpt(rcpt("b")).data("two\r\n").await;
        assert!(outcomes.5.end.is_accepted());
        connection.expect("a session");
        peer.finish();
    }
}

/// A transaction that fails takes nothing else with it.
#[tokio::test(start_paused = true)]
async fn a_refused_sender_leaves_the_next_message_alone() {
    let dialogue = format!(
        "{GROUP}S: 550 m\nS: 503 a\nS: 503 b\nS: 503 no
         C: MAIL FROM:<me@example.com>\nC: RCPT TO:<c@example.org>\nC: DATA
         S: 250 m\nS: 250 c\nS: 354 go
         C: two\nC: .\nS: 250 queued"
    );
    let (connection, peer) = connected(MODES[0], &dialogue).await;
    let group = connection.pipeline().mail(mail()).each([rcpt("a"), rcpt("b")]).data("one\r\n");
    let (connection, outcomes) = group.mail(mail()).rcpt(rcpt("c")).data("two\r\n").await;
    assert!(matches!(outcomes.2.end, Outcome::NotSent(NotSent::AfterRefused)));
    assert!(outcomes.5.end.is_accepted());
    connection.expect("a session");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_an_empty_message_without_recipients_has_taken_nothing() {
    let dialogue = format!(
        "{GROUP}S: 250 m\nS: 550 a\nS: 550 b\nS: 354 go
         C: .\nS: 250 taken\nC: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok"
    );
    let (connection, (_, _, message), peer) = transact(MODES[0], &dialogue).await;
    connection.expect("a session").send(Noop).await.expect("between transactions");
    assert!(message.opening.is_accepted());
    assert!(matches!(message.end, Outcome::NotSent(NotSent::NoRecipients)));
    assert_eq!(message.empty_message_reply.expect("said").text(), "taken");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_refused_message_is_followed_by_rset() {
    for offers in MODES {
        let steps = "C: MAIL *\nS: 250 m\nC: RCPT *\nS: 250 a\nC: RCPT *\nS: 250 b\nC: DATA\n";
        let group = format!("{GROUP}S: 250 m\nS: 250 a\nS: 250 b\n");
        let opened = if offers.is_empty() { steps.to_owned() } else { group };
        let refused = format!("{opened}S: 354 go\nC: content\nC: .\nS: 554 no\n");
        let dialogue = format!("{refused}C: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok");
        let (connection, (_, _, message), peer) = transact(offers, &dialogue).await;
        assert_eq!(code(&message.end), Some(554));
        connection.expect("a session").send(Noop).await.expect("between transactions");
        peer.finish();

        let dialogue = format!("{refused}C: RSET\nS: 500 no");
        let (connection, (_, _, message), peer) = transact(offers, &dialogue).await;
        assert_eq!(code(&message.end), Some(554));
        is_reset_refused(connection.expect("a session").send(Noop).await);
        assert!(peer.is_closed());

        // The session ends with the transaction.
        let (connection, _, peer) = transact(offers, &format!("{refused}C: QUIT")).await;
        connection.expect("a session").quit().await.expect("QUIT");
        peer.finish();
    }
}

/// Content that cannot be sent is found before DATA, and the transaction is given up.
#[tokio::test(start_paused = true)]
async fn content_that_was_not_agreed_on_is_never_asked_for() {
    for offers in MODES {
        let group = "C: MAIL *\nC: RCPT *\nS: 250 m\nS: 250 a\n";
        let steps = "C: MAIL *\nS: 250 m\nC: RCPT *\nS: 250 a\n";
        let opened = if offers.is_empty() { steps } else { group };
        let dialogue = format!("{opened}C: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok");
        let (connection, peer) = connected(offers, &dialogue).await;
        let group = connection.pipeline().mail(mail()).rcpt(rcpt("a")).data("gr\u{fc}n\r\n");
        let (connection, (_, _, message)) = group.await;
        connection.expect("a session").send(Noop).await.expect("between transactions");
        let refusal = message.end.refusal().expect("refused here");
        assert!(refusal.is_local(), "{refusal}");
        assert!(matches!(message.opening, Outcome::NotSent(_)));
        peer.finish();
    }
}

/// Declares the body after MAIL, as an extension may.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-BODY", pipelining, valid_in(InTransaction))]
struct DeclareBody {
    #[smtp(param = "BODY")]
    kind: &'static str,
}

#[tokio::test(start_paused = true)]
async fn a_command_within_the_transaction_may_declare_the_body() {
    const MAIL: &str = "C: MAIL *\n";
    const BODY: &str = "C: X-BODY *\n";
    const RCPT: &str = "C: RCPT *\n";
    const OK: &str = "S: 250 ok\n";
    for offers in MODES {
        for (kind, declared) in [("8BITMIME", true), ("7BIT", false)] {
            let opened = match (offers.is_empty(), declared) {
                (true, true) => [MAIL, OK, BODY, OK, RCPT, OK, "C: DATA\n"].concat(),
                (true, false) => [MAIL, OK, BODY, OK, RCPT, OK].concat(),
                (false, true) => [MAIL, BODY, RCPT, "C: DATA\n", OK, OK, OK].concat(),
                (false, false) => [MAIL, BODY, RCPT, OK, OK, OK].concat(),
            };
            let end =
                if declared { "S: 354 go\nC: *\nC: .\nS: 250 taken" } else { "C: RSET\nS: 250 ok" };
            let dialogue = format!("{opened}{end}\nC: NOOP\nS: 250 ok");
            let (connection, peer) = connected(offers, &dialogue).await;
            let group = connection.pipeline().mail(mail()).send(DeclareBody { kind });
            let (connection, outcomes) = group.rcpt(rcpt("a")).data("gr\u{fc}n\r\n").await;
            assert_eq!(outcomes.3.end.is_accepted(), declared, "{offers:?} {kind}");
            connection.expect("a session").send(Noop).await.expect("between transactions");
            peer.finish();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_recipient_that_cannot_be_written_is_left_out() {
    let strange = || Rcpt::to("\u{7528}@example.org".parse::<Mailbox>().expect("an address"));
    for offers in MODES {
        let group = "C: MAIL *\nC: RCPT TO:<a@*\nC: DATA\nS: 250 m\nS: 250 a\nS: 354 go\n";
        let steps = "C: MAIL *\nS: 250 m\nC: RCPT TO:<a@*\nS: 250 a\nC: DATA\nS: 354 go\n";
        let opened = if offers.is_empty() { steps } else { group };
        let dialogue = format!("{opened}C: x\nC: .\nS: 250 ok");
        let (connection, peer) = connected(offers, &dialogue).await;
        let recipients = [strange(), rcpt("a"), strange()];
        let group = connection.pipeline().mail(mail()).each(recipients).data("x\r\n");
        let (connection, (_, rcpts, message)) = group.await;
        connection.expect("a session");
        let local: Vec<bool> =
            rcpts.iter().map(|rcpt| rcpt.refusal().is_some_and(smtp::Refusal::is_local)).collect();
        assert_eq!(local, [true, false, true]);
        assert!(rcpts[1].is_accepted());
        assert!(message.end.is_accepted());
        peer.finish();

        let group = "C: MAIL *\nS: 250 m\nC: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok";
        let (connection, peer) = connected(offers, group).await;
        let group = connection.pipeline().mail(mail()).each([strange()]).data("x\r\n");
        let (connection, (_, _, message)) = group.await;
        connection.expect("a session").send(Noop).await.expect("between transactions");
        assert!(matches!(message.opening, Outcome::NotSent(NotSent::NoRecipients)));
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_after_a_sender_that_cannot_be_written() {
    for offers in MODES {
        let group = "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 m\nS: 250 b\nS: 354 go\n";
        let steps = "C: MAIL *\nS: 250 m\nC: RCPT *\nS: 250 b\nC: DATA\nS: 354 go\n";
        let opened = if offers.is_empty() { steps } else { group };
        let dialogue = format!("{opened}C: two\nC: .\nS: 250 ok");
        let (connection, peer) = connected(offers, &dialogue).await;
        // The server does not offer SIZE.
        let group = connection.pipeline().mail(mail().size(7)).rcpt(rcpt("a")).data("one\r\n");
        let (connection, outcomes) = group.mail(mail()).rcpt(rcpt("b")).data("two\r\n").await;
        connection.expect("a session");
        let (first, after, one, second, _, two) = outcomes;
        assert!(first.refusal().is_some_and(smtp::Refusal::is_local), "{first}");
        assert_eq!(after, Outcome::NotSent(NotSent::AfterRefused));
        assert!(matches!(one.end, Outcome::NotSent(NotSent::AfterRefused)));
        assert!(second.is_accepted());
        assert!(two.end.is_accepted());
        peer.finish();
    }
}

/// A piece, then an error.
struct Breaks(bool);

impl BodySource for Breaks {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        let broken = std::mem::replace(&mut self.0, true);
        let piece = Bytes::from_static(b"content\r\n");
        Poll::Ready(Some(if broken { Err(io::Error::other("a bad disk")) } else { Ok(piece) }))
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_breaks_never_gets_its_dot() {
    let dialogue = format!("{GROUP}S: 250 m\nS: 250 a\nS: 250 b\nS: 354 go\n-- silence --");
    let (connection, peer) = connected(MODES[0], &dialogue).await;
    let recipients = [rcpt("a"), rcpt("b")];
    let body = Body::stream(Breaks(false));
    let group = connection.pipeline().mail(mail()).each(recipients).data(body).mail(mail());
    let (connection, (_, _, message, next)) = group.await;
    assert!(matches!(connection, Err(TransitionError::Lost(_))));
    assert!(matches!(message.end, Outcome::NotSent(NotSent::Lost)));
    assert_eq!(next, Outcome::NotSent(NotSent::Lost));
    assert!(!written(&peer).contains("\r\n.\r\n"));
    assert!(peer.is_closed());
}
