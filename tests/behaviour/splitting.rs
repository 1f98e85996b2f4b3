//! More recipients, or more messages, than a server takes at once (RFC 9422, RFC 5321 §4.5.3.1.10).

use smtp::command::Noop;
use smtp::connection::Stopped;
use smtp::message::{Recipient, RecipientOutcome};
use smtp::{Body, DeliverError, Envelope, Policy, Refusal};
use tests::{greeted, script};

const SPLIT: &[&str] = &["PIPELINING", "LIMITS RCPTMAX=2"];

fn envelope(count: usize) -> Envelope {
    let recipients = (0..count).map(|number| format!("you{number}@example.org"));
    Envelope::new("me@example.com", recipients).expect("addresses")
}

/// The commands before a message for these recipients.
fn group(recipients: std::ops::Range<usize>) -> String {
    let rcpts = recipients.map(|number| format!("C: RCPT TO:<you{number}@example.org>\n"));
    format!("C: MAIL FROM:<me@example.com>\n{}C: DATA\n", rcpts.collect::<String>())
}

const CONTENT: &str = "C: x\nC: .\n";

/// Each recipient: `ok`, the code of its refusal, `local` where the server had no part in that, `?`
/// where the result is unknown, `-` where the message was not sent to it.
fn outcomes(recipients: &[Recipient]) -> Vec<String> {
    let outcome = |recipient: &Recipient| match recipient.outcome() {
        RecipientOutcome::Delivered => "ok".to_owned(),
        RecipientOutcome::Refused(refusal) => match refusal.reply() {
            Some(reply) => reply.code().to_string(),
            None => "local".to_owned(),
        },
        RecipientOutcome::Unknown => "?".to_owned(),
        RecipientOutcome::NotSent => "-".to_owned(),
        other => panic!("{other:?}"),
    };
    recipients.iter().map(outcome).collect()
}

#[tokio::test(start_paused = true)]
async fn recipients_beyond_the_limit_get_transactions_of_their_own() {
    let opened = "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\n";
    let dialogue = format!(
        "{}{opened}{CONTENT}S: 250 one\n{}S: 250 ok\nS: 550 no\nS: 250 ok\nS: 354 go\n
         {CONTENT}S: 250 two\n{}S: 250 ok\nS: 250 ok\nS: 354 go\n{CONTENT}S: 250 queued as Q3",
        group(0..2),
        group(2..4),
        group(4..5),
    );
    let (mut connection, peer) = greeted(script(SPLIT, &dialogue)).await;
    let receipt = connection.deliver(&envelope(5), "x\r\n").await.expect("taken");
    assert_eq!(outcomes(receipt.recipients()), ["ok", "ok", "550", "ok", "ok"]);
    assert_eq!(receipt.queue_id().as_deref(), Some("Q3"));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_group_without_accepted_recipients_does_not_end_the_others() {
    let refused = "S: 250 ok\nS: 550 no\nS: 551 no\nS: 503 no\n";
    let dialogue = format!(
        "{}{refused}C: RSET\n{}S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\n{CONTENT}S: 250 taken",
        group(0..2),
        group(2..3),
    );
    let (mut connection, peer) = greeted(script(SPLIT, &dialogue)).await;
    let receipt = connection.deliver(&envelope(3), "x\r\n").await.expect("taken");
    assert_eq!(outcomes(receipt.recipients()), ["550", "551", "ok"]);
    peer.finish();
}

/// 452, also with its enhanced code, and 552 of a server that follows RFC 821.
#[tokio::test(start_paused = true)]
async fn one_recipient_too_many_gets_another_transaction() {
    for too_many in ["452 no more", "452 4.5.3 no more", "552 too many", "552 5.5.3 too many"] {
        let dialogue = format!(
            "{}S: 250 ok\nS: 250 ok\nS: {too_many}\nS: 250 ok\nS: {too_many}\nS: 354 go\n
             {CONTENT}S: 250 one
             C: MAIL *\nC: RCPT TO:<you1@example.org>\nC: RCPT TO:<you3@example.org>\nC: DATA
             S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\n{CONTENT}S: 250 two",
            group(0..4)
        );
        let (mut connection, peer) = greeted(script(&["PIPELINING"], &dialogue)).await;
        let receipt = connection.deliver(&envelope(4), "x\r\n").await.expect("taken");
        assert!(receipt.is_complete(), "{too_many}: {receipt:?}");
        peer.finish();
    }
}

/// The number of recipients that the server took is the number that the next transaction asks for.
#[tokio::test(start_paused = true)]
async fn one_step_at_a_time_the_second_too_many_ends_the_asking() {
    let rcpt = |number: usize, reply| format!("C: RCPT TO:<you{number}@example.org>\nS: {reply}\n");
    let content = format!("C: DATA\nS: 354 go\n{CONTENT}S: 250 taken\n");
    let mail = "C: MAIL *\nS: 250 ok\n";
    let dialogue = [
        mail,
        &rcpt(0, "250 ok"),
        &rcpt(1, "250 ok"),
        &rcpt(2, "452 no more"),
        &rcpt(3, "452 no more"),
        &content,
        mail,
        &rcpt(2, "250 ok"),
        &rcpt(3, "250 ok"),
        &content,
        mail,
        &rcpt(4, "250 ok"),
        &content,
    ];
    let (mut connection, peer) = greeted(script(&[], &dialogue.concat())).await;
    let receipt = connection.deliver(&envelope(5), "x\r\n").await.expect("taken");
    assert!(receipt.is_complete(), "{receipt:?}");
    peer.finish();
}

/// 452 is said of a mailbox that is full as well: those after it are taken.
#[tokio::test(start_paused = true)]
async fn one_step_at_a_time_a_full_mailbox_ends_nothing() {
    let rcpt = |number: usize, reply| format!("C: RCPT TO:<you{number}@example.org>\nS: {reply}\n");
    let content = format!("C: DATA\nS: 354 go\n{CONTENT}S: 250 taken\n");
    let mail = "C: MAIL *\nS: 250 ok\n";
    let dialogue = [
        mail,
        &rcpt(0, "250 ok"),
        &rcpt(1, "452 full"),
        &rcpt(2, "250 ok"),
        &rcpt(3, "250 ok"),
        &content,
        mail,
        &rcpt(1, "452 full"),
        "C: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok",
    ];
    let (mut connection, peer) = greeted(script(&[], &dialogue.concat())).await;
    let receipt = connection.deliver(&envelope(4), "x\r\n").await.expect("taken");
    assert_eq!(outcomes(receipt.recipients()), ["ok", "452", "ok", "ok"]);
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

/// A full mailbox is not one recipient too many, and nor is the first recipient.
#[tokio::test(start_paused = true)]
async fn a_452_that_is_no_limit_is_a_refusal() {
    let dialogue = format!(
        "{}S: 250 ok\nS: 452 no\nS: 250 ok\nS: 452 4.2.2 full\nS: 354 go\n{CONTENT}S: 250 taken",
        group(0..3)
    );
    let (mut connection, peer) = greeted(script(&["PIPELINING"], &dialogue)).await;
    let receipt = connection.deliver(&envelope(3), "x\r\n").await.expect("taken");
    assert_eq!(outcomes(receipt.recipients()), ["452", "ok", "452"]);
    peer.finish();
}

/// The first recipient of a transaction is never one too many.
#[tokio::test(start_paused = true)]
async fn a_server_that_never_stops_saying_too_many_ends() {
    let nobody = "S: 250 ok\nS: 452 no\nS: 503 no\n";
    let dialogue = format!(
        "{}S: 250 ok\nS: 250 ok\nS: 452 no\nS: 452 no\nS: 354 go\n{CONTENT}S: 250 one
         {}{nobody}C: RSET\n{}S: 250 reset\n{nobody}
         C: RSET\nC: NOOP\nS: 250 reset\nS: 250 ok",
        group(0..3),
        group(1..2),
        group(2..3),
    );
    let (mut connection, peer) = greeted(script(&["PIPELINING"], &dialogue)).await;
    let receipt = connection.deliver(&envelope(3), "x\r\n").await.expect("taken by one");
    assert_eq!(outcomes(receipt.recipients()), ["ok", "452", "452"]);
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

/// A server that takes one recipient at a time, and a message for many: an end has a number.
#[tokio::test(start_paused = true)]
async fn a_message_has_so_many_transactions() {
    const MAX_TRANSACTIONS: usize = 100;
    for limit in [None, Some("LIMITS RCPTMAX=1")] {
        let (named, refused) =
            if limit.is_some() { (1, 0) } else { (MAX_TRANSACTIONS + 2, MAX_TRANSACTIONS + 1) };
        let first = "S: 250 ok\n".repeat(2) + &"S: 452 no more\n".repeat(refused);
        let mut dialogue = format!("{}{first}S: 354 go\n{CONTENT}S: 250 taken\n", group(0..named));
        let taken = format!("S: 250 ok\nS: 250 ok\nS: 354 go\n{CONTENT}S: 250 taken\n");
        dialogue.extend((1..MAX_TRANSACTIONS).map(|number| group(number..number + 1) + &taken));
        dialogue += "C: NOOP\nS: 250 ok";
        let offers: Vec<&str> = limit.into_iter().chain(["PIPELINING"]).collect();
        let (mut connection, peer) = greeted(script(&offers, &dialogue)).await;
        let receipt =
            connection.deliver(&envelope(MAX_TRANSACTIONS + 2), "x\r\n").await.expect("for some");
        assert_eq!(receipt.accepted().count(), MAX_TRANSACTIONS);
        let rest: Vec<&Refusal> = receipt.refused().map(|(_, refusal)| refusal).collect();
        assert_eq!(rest.len(), 2);
        for refusal in rest {
            assert!(refusal.is_transient() && refusal.is_local(), "{refusal}");
            assert!(refusal.to_string().contains("100 transactions"), "{refusal}");
        }
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn domains_are_counted_where_the_server_counts_them() {
    let recipients = ["a@one.example", "b@one.example", "c@two.example", "d@one.example"];
    let envelope = Envelope::new("me@example.com", recipients).expect("addresses");
    let dialogue = "C: MAIL *\nC: RCPT TO:<a@one.example>\nC: RCPT TO:<b@one.example>\nC: DATA
                    S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: x\nC: .\nS: 250 ok
                    C: MAIL *\nC: RCPT TO:<c@two.example>\nC: DATA
                    S: 250 ok\nS: 250 ok\nS: 354 go\nC: x\nC: .\nS: 250 ok
                    C: MAIL *\nC: RCPT TO:<d@one.example>\nC: DATA
                    S: 250 ok\nS: 250 ok\nS: 354 go\nC: x\nC: .\nS: 250 ok";
    let offers = ["PIPELINING", "LIMITS RCPTDOMAINMAX=1"];
    let (mut connection, peer) = greeted(script(&offers, dialogue)).await;
    let receipt = connection.deliver(&envelope, "x\r\n").await.expect("taken");
    assert!(receipt.is_complete());
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_policy_sees_all_recipients_in_one_transaction() {
    let dialogue = "C: MAIL *\nC: RCPT *\nC: RCPT *\nC: RCPT *
                    S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 452 no
                    C: RSET\nC: NOOP\nS: 250 reset\nS: 250 ok";
    let (mut connection, peer) = greeted(script(SPLIT, dialogue)).await;
    let envelope = envelope(3).policy(Policy::AllOrNothing);
    let result = connection.deliver(&envelope, "x\r\n").await;
    assert!(matches!(result, Err(DeliverError::Refused(_))), "{result:?}");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_there_once_is_sent_once() {
    let dialogue = format!(
        "{}S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 452 no\nS: 354 go\n{CONTENT}S: 250 ok",
        group(0..3)
    );
    let (mut connection, peer) = greeted(script(SPLIT, &dialogue)).await;
    let body = Body::reader(&b"x\r\n"[..]);
    let receipt = connection.deliver(&envelope(3), body).await.expect("taken");
    assert_eq!(outcomes(receipt.recipients()), ["ok", "ok", "452"]);
    peer.finish();
}

/// The first half has the message, the second does not: each recipient's outcome says so.
#[tokio::test(start_paused = true)]
async fn half_of_the_recipients_is_half_a_success() {
    let opened = "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\n";
    let first = format!("{}{opened}{CONTENT}S: 250 taken\n{}", group(0..2), group(2..4));
    for (second, expected) in [
        (format!("{opened}{CONTENT}S: 554 no\nC: RSET\nS: 250 ok\n"), ["ok", "ok", "554", "554"]),
        // Without a sender there is no transaction to end, and what is said of recipients follows.
        ("S: 451 no\nS: 503 no\nS: 503 no\nS: 503 no\n".to_owned(), ["ok", "ok", "451", "451"]),
    ] {
        let dialogue = format!("{first}{second}C: NOOP\nS: 250 ok");
        let (mut connection, peer) = greeted(script(SPLIT, &dialogue)).await;
        let receipt = connection.deliver(&envelope(4), "x\r\n").await.expect("taken by two");
        assert_eq!(outcomes(receipt.recipients()), expected, "{second}");
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();
    }
    for (second, expected) in [
        ("S: 421 closing", ["ok", "ok", "421", "421"]),
        ("S: 250 ok\nS: 550 no\n-- close --", ["ok", "ok", "550", "-"]),
        ("S: 250 ok\nS: 250 ok\n-- close --", ["ok", "ok", "-", "-"]),
    ] {
        let (mut connection, peer) = greeted(script(SPLIT, &format!("{first}{second}"))).await;
        let receipt = connection.deliver(&envelope(4), "x\r\n").await.expect("taken by two");
        assert_eq!(outcomes(receipt.recipients()), expected, "{second}");
        assert!(!receipt.is_complete());
        connection.send(Noop).await.expect_err("the connection is gone");
        peer.finish();
    }

    let dialogue = format!("{first}{opened}{CONTENT}-- close --");
    let (mut connection, _) = greeted(script(SPLIT, &dialogue)).await;
    match connection.deliver(&envelope(4), "x\r\n").await {
        Err(DeliverError::Unknown(unknown)) => {
            assert_eq!(outcomes(unknown.recipients()), ["ok", "ok", "?", "?"]);
        }
        other => panic!("{other:?}"),
    }
}

/// Those beyond the limit are not taken, and the result says why.
#[tokio::test(start_paused = true)]
async fn messages_beyond_the_limit_of_a_connection_stay_with_the_caller() {
    let opened = "S: 250 ok\nS: 250 ok\nS: 354 go\n";
    let dialogue = format!(
        "{}{opened}{CONTENT}C: RSET\n{}S: 250 taken\nS: 250 ok\n{opened}{CONTENT}S: 250 taken
         C: NOOP\nS: 250 ok",
        group(0..1),
        group(0..1)
    );
    let offers = ["PIPELINING", "LIMITS MAILMAX=2"];
    for (count, stopped) in [(4, Stopped::ServerLimit), (2, Stopped::Exhausted)] {
        let (mut connection, peer) = greeted(script(&offers, &dialogue)).await;
        let mut fates = Vec::new();
        let mut messages = (0..count).map(|_| (envelope(1), "x\r\n"));
        let report = |index, result: Result<_, _>| fates.push((index, result.is_ok()));
        let result = connection.deliver_all(&mut messages, report).await;
        assert_eq!(result.expect("the connection stays"), stopped);
        assert_eq!(fates, [(0, true), (1, true)]);
        assert_eq!(messages.len(), count - 2);

        let envelope = envelope(1);
        let result = connection.deliver(&envelope, "x\r\n").await;
        let Err(error @ DeliverError::NotSent(_)) = &result else {
            panic!("{result:?}");
        };
        assert!(error.is_transient(), "{error}");
        assert!(error.lost().is_none() && error.to_string().contains("RFC 9422"), "{error}");
        assert_eq!(outcomes(error.recipients()), ["-"]);
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();
    }
}
