//! `deliver_all`: one connection, many messages.

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
        .deliver_all((0..3).map(message), |place, result| {
            results.push((place, result.map(|receipt| receipt.queue_id())));
        })
        .await
        .expect("the connection stays");
    assert!(matches!(&results[0], (0, Ok(Some(id))) if id == "Q0"));
    assert!(matches!(&results[1], (1, Err(DeliverError::Refused(_)))));
    assert!(matches!(&results[2], (2, Ok(Some(id))) if id == "Q2"));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn messages_behind_a_lost_connection_stay_with_the_caller() {
    let dialogue = taken(0) + "C: MAIL *\nS: 421 closing";
    let (mut connection, peer) = greeted(script(&[], &dialogue)).await;
    let mut messages = (0..4).map(message);
    let mut results = Vec::new();
    let lost = connection
        .deliver_all(&mut messages, |place, result| results.push((place, result.is_ok())))
        .await;
    assert!(lost.is_err());
    assert_eq!(results, [(0, true), (1, false)]);
    assert_eq!(messages.count(), 2, "their turn has not come");
    peer.finish();
}
