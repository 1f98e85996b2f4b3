//! More recipients, or more messages, than a server takes at once (RFC 9422, RFC 5321 §4.5.3.1.10).

use smtp::{Body, DeliverError, Envelope, Policy, Receipt, Refusal};
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

/// Each recipient: `ok`, the code of its refusal, or `-` where there is none.
fn outcomes(receipt: &Receipt) -> Vec<String> {
    let outcome = |refusal: &Refusal| match refusal.reply() {
        Some(reply) => reply.code().to_string(),
        None => "-".to_owned(),
    };
    let each = receipt.recipients().iter();
    each.map(|recipient| recipient.refusal().map_or_else(|| "ok".to_owned(), outcome)).collect()
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
    assert_eq!(outcomes(&receipt), ["ok", "ok", "550", "ok", "ok"]);
    assert_eq!(receipt.queue_id().as_deref(), Some("Q3"));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_group_of_which_nobody_is_accepted_does_not_end_the_others() {
    let refused = "S: 250 ok\nS: 550 no\nS: 551 no\nS: 503 no\n";
    let dialogue = format!(
        "{}{refused}C: RSET\n{}S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\n{CONTENT}S: 250 taken",
        group(0..2),
        group(2..3),
    );
    let (mut connection, peer) = greeted(script(SPLIT, &dialogue)).await;
    let receipt = connection.deliver(&envelope(3), "x\r\n").await.expect("taken");
    assert_eq!(outcomes(&receipt), ["550", "551", "ok"]);
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

#[tokio::test(start_paused = true)]
async fn one_step_at_a_time_the_first_too_many_ends_the_asking() {
    let rcpt = |number: usize, reply| format!("C: RCPT TO:<you{number}@example.org>\nS: {reply}\n");
    let content = format!("C: DATA\nS: 354 go\n{CONTENT}S: 250 taken\n");
    let mail = "C: MAIL *\nS: 250 ok\n";
    let dialogue = [
        mail,
        &rcpt(0, "250 ok"),
        &rcpt(1, "452 no more"),
        &content,
        mail,
        &rcpt(1, "250 ok"),
        &rcpt(2, "250 ok"),
        &content,
    ];
    let (mut connection, peer) = greeted(script(&[], &dialogue.concat())).await;
    let receipt = connection.deliver(&envelope(3), "x\r\n").await.expect("taken");
    assert!(receipt.is_complete(), "{receipt:?}");
    peer.finish();
}

/// A full mailbox is not one recipient too many, and nor is the first recipient.
#[tokio::test(start_paused = true)]
async fn what_is_no_limit_is_a_refusal() {
    let dialogue = format!(
        "{}S: 250 ok\nS: 452 no\nS: 250 ok\nS: 452 4.2.2 full\nS: 354 go\n{CONTENT}S: 250 taken",
        group(0..3)
    );
    let (mut connection, peer) = greeted(script(&["PIPELINING"], &dialogue)).await;
    let receipt = connection.deliver(&envelope(3), "x\r\n").await.expect("taken");
    assert_eq!(outcomes(&receipt), ["452", "ok", "452"]);
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_stops_saying_too_many_ends() {
    let dialogue = format!(
        "{}S: 250 ok\nS: 250 ok\nS: 452 no\nS: 452 no\nS: 354 go\n{CONTENT}S: 250 one
         C: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 452 no\nS: 452 no\nS: 503 no
         C: RSET\nS: 250 ok",
        group(0..3)
    );
    let (mut connection, peer) = greeted(script(&["PIPELINING"], &dialogue)).await;
    let receipt = connection.deliver(&envelope(3), "x\r\n").await.expect("taken by one");
    assert_eq!(outcomes(&receipt), ["ok", "452", "452"]);
    peer.finish();
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
                    S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 452 no\nC: RSET\nS: 250 ok";
    let (mut connection, peer) = greeted(script(SPLIT, dialogue)).await;
    let envelope = envelope(3).policy(Policy::AllOrNothing);
    let result = connection.deliver(&envelope, "x\r\n").await;
    assert!(matches!(result, Err(DeliverError::Refused(_))), "{result:?}");
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
    assert_eq!(outcomes(&receipt), ["ok", "ok", "452"]);
    peer.finish();
}

/// The first half has the message, the second does not: each recipient's outcome says so.
#[tokio::test(start_paused = true)]
async fn half_of_the_recipients_is_half_a_success() {
    let opened = "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\n";
    let first = format!("{}{opened}{CONTENT}S: 250 taken\n{}", group(0..2), group(2..4));
    for (second, expected) in [
        (format!("{opened}{CONTENT}S: 554 no\nC: RSET\nS: 250 ok"), ["ok", "ok", "554", "554"]),
        (
            "S: 451 no\nS: 503 no\nS: 503 no\nS: 503 no\nC: RSET\nS: 250 ok".to_owned(),
            ["ok", "ok", "503", "503"],
        ),
        ("S: 421 closing".to_owned(), ["ok", "ok", "-", "-"]),
        ("S: 250 ok\nS: 250 ok\n-- close --".to_owned(), ["ok", "ok", "-", "-"]),
    ] {
        let (mut connection, peer) = greeted(script(SPLIT, &format!("{first}{second}"))).await;
        let receipt = connection.deliver(&envelope(4), "x\r\n").await.expect("taken by two");
        assert_eq!(outcomes(&receipt), expected, "{second}");
        peer.finish();
    }

    let dialogue = format!("{first}{opened}{CONTENT}-- close --");
    let (mut connection, _) = greeted(script(SPLIT, &dialogue)).await;
    match connection.deliver(&envelope(4), "x\r\n").await {
        Err(DeliverError::Unknown(unknown)) => assert_eq!(unknown.recipients().len(), 4),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn messages_beyond_the_limit_of_a_connection_are_told_to_take_another() {
    let opened = "S: 250 ok\nS: 250 ok\nS: 354 go\n";
    let dialogue = format!(
        "{}{opened}{CONTENT}C: RSET\n{}S: 250 taken\nS: 250 ok\n{opened}{CONTENT}S: 250 taken",
        group(0..1),
        group(0..1)
    );
    let offers = ["PIPELINING", "LIMITS MAILMAX=2"];
    let (mut connection, peer) = greeted(script(&offers, &dialogue)).await;
    let mut fates = Vec::new();
    let messages = (0..4).map(|_| (envelope(1), "x\r\n"));
    let result =
        connection.deliver_all(messages, |place, result| fates.push((place, result))).await;
    result.expect("the connection stays");
    fates.sort_by_key(|(place, _)| *place);
    assert!(fates[0].1.is_ok() && fates[1].1.is_ok());
    for (_, fate) in &fates[2..] {
        match fate {
            Err(DeliverError::Refused(undelivered)) => {
                let refusal = undelivered.refusal();
                assert!(refusal.is_local() && refusal.is_transient(), "{refusal}");
            }
            other => panic!("{other:?}"),
        }
    }
    peer.finish();
}
