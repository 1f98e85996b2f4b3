//! `deliver_all`: one connection, many messages.

use smtp::error::Fault;
use smtp::{DeliverError, Envelope};
use tests::{greeted, script};

fn message(number: usize) -> (Envelope, String) {
    let envelope = Envelope::new("me@example.com", [format!("you{number}@example.org")]);
    (envelope.expect("addresses"), format!("{number}\r\n"))
}

fn taken(number: usize) -> String {
    format!(
        "C: MAIL FROM:<me@example.com>
         S: 250 ok
         C: RCPT TO:<you{number}@example.org>
         S: 250 ok
         C: DATA
         S: 354 go on
         C: {number}
         C: .
         S: 250 queued as Q{number}\n"
    )
}

#[tokio::test(start_paused = true)]
async fn each_result_is_told_in_its_turn() {
    let refused = "C: MAIL FROM:<me@example.com>\nS: 450 not now\n";
    let dialogue = taken(0) + refused + &taken(2);
    let (mut connection, peer) = greeted(script(&[], &dialogue)).await;
    let mut results = Vec::new();
    connection
        .deliver_all((0..3).map(message), |index, result| {
            results.push((index, result.map(|receipt| receipt.queue_id())));
        })
        .await
        .expect("the connection stays");
    assert_eq!(results.len(), 3);
    assert!(matches!(&results[0], (0, Ok(Some(id))) if id == "Q0"));
    assert!(matches!(&results[1], (1, Err(DeliverError::Refused(_)))));
    assert!(matches!(&results[2], (2, Ok(Some(id))) if id == "Q2"));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn messages_after_a_lost_connection_stay_with_the_caller() {
    let dialogue = taken(0) + "C: MAIL *\nS: 421 closing";
    let (mut connection, peer) = greeted(script(&[], &dialogue)).await;
    let mut messages = (0..4).map(message);
    let mut results = Vec::new();
    let lost = connection
        .deliver_all(&mut messages, |index, result| results.push((index, result.is_ok())))
        .await;
    assert!(lost.is_err());
    assert_eq!(results, [(0, true), (1, false)]);
    assert_eq!(messages.count(), 2, "their turn has not come");
    peer.finish();
}

/// The commands before a message, and what the server says to them.
fn group(number: usize) -> (String, &'static str) {
    let commands =
        format!("C: MAIL FROM:<me@example.com>\nC: RCPT TO:<you{number}@example.org>\nC: DATA\n");
    (commands, "S: 250 ok\nS: 250 ok\nS: 354 go on\n")
}

/// The content of one message, and the commands before the next, before the server answers.
#[tokio::test(start_paused = true)]
async fn a_stream_costs_one_round_trip_for_each_message() {
    let (first, opened) = group(0);
    let mut dialogue = first + opened;
    for number in 1..4 {
        let (next, opened) = group(number);
        let before = number - 1;
        dialogue.extend([format!(
            "C: {before}\nC: .\nC: RSET\n{next}S: 250 queued as Q{before}\nS: 250 ok\n{opened}"
        )]);
    }
    dialogue += "C: 3\nC: .\nS: 250 queued as Q3";
    let (mut connection, peer) = greeted(script(&["PIPELINING"], &dialogue)).await;
    let mut ids = Vec::new();
    let delivered = connection
        .deliver_all((0..4).map(message), |index, result| {
            ids.push((index, result.expect("delivered").queue_id().expect("an id")));
        })
        .await;
    delivered.expect("the connection stays");
    let expected: Vec<_> = (0..4).map(|number| (number, format!("Q{number}"))).collect();
    assert_eq!(ids, expected);
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_refused_message_does_not_touch_the_next() {
    let ((first, opened), (second, _), (third, _)) = (group(0), group(1), group(2));
    let dialogue = format!(
        "{first}{opened}
         C: 0\nC: .\nC: RSET\n{second}
         S: 554 5.7.1 refused\nS: 250 ok\nS: 250 ok\nS: 550 no\nS: 354 go on
         C: .
         S: 554 nobody
         C: RSET
         S: 250 ok
         {third}{opened}
         C: 2\nC: .
         S: 250 queued as Q2"
    );
    let (mut connection, peer) = greeted(script(&["PIPELINING"], &dialogue)).await;
    let mut results = Vec::new();
    connection
        .deliver_all((0..3).map(message), |index, result| results.push((index, result.is_ok())))
        .await
        .expect("the connection stays");
    assert_eq!(results, [(0, false), (1, false), (2, true)]);
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_be_sent_is_told_in_its_turn() {
    let ((first, opened), (third, _)) = (group(0), group(2));
    let dialogue = format!(
        "{first}{opened}
         C: 0\nC: .\nC: RSET\n{third}
         S: 250 queued as Q0\nS: 250 ok\n{opened}
         C: 2\nC: .
         S: 250 queued as Q2"
    );
    let (mut connection, peer) = greeted(script(&["PIPELINING"], &dialogue)).await;
    let mut messages: Vec<_> = (0..3).map(message).collect();
    messages[1].1 = "NUL \0 is in no mail".to_owned();
    let mut results = Vec::new();
    connection
        .deliver_all(messages, |index, result| results.push((index, result.is_ok())))
        .await
        .expect("the connection stays");
    results.sort_unstable();
    assert_eq!(results, [(0, true), (1, false), (2, true)]);
    peer.finish();
}

/// All of them have the same cause, and so has what the call comes to.
#[tokio::test(start_paused = true)]
async fn both_messages_of_a_lost_connection_are_told() {
    let ((first, opened), (second, _)) = (group(0), group(1));
    for (end, unknown) in [("S: 421 closing", false), ("-- close --", true)] {
        let dialogue = format!("{first}{opened}C: 0\nC: .\nC: RSET\n{second}{end}");
        let (mut connection, _) = greeted(script(&["PIPELINING"], &dialogue)).await;
        let mut messages = (0..4).map(message);
        let mut results = Vec::new();
        let lost = connection
            .deliver_all(&mut messages, |index, result| {
                let error = result.expect_err("the connection was lost");
                let cause = error.lost().expect("the cause").clone();
                results.push((index, matches!(error, DeliverError::Unknown(_)), cause));
            })
            .await;
        let lost = lost.expect_err("the connection was lost");
        let told: Vec<_> = results.iter().map(|(index, unknown, _)| (*index, *unknown)).collect();
        assert_eq!(told, [(0, unknown), (1, false)], "{end}");
        for (_, _, cause) in &results {
            assert!(std::ptr::eq(cause.fault(), lost.fault()), "{end}: {cause}");
        }
        assert_eq!(matches!(lost.fault(), Fault::Closing(_)), !unknown, "{end}: {lost}");
        assert_eq!(messages.count(), 2, "their turn has not come");
    }
}
