//! Delivery policies: which recipients must be accepted for a message to be sent.

mod whole;

use smtp::command::Noop;
use smtp::{DeliverError, Envelope, Policy};
use tests::{greeted, script};

fn envelope(policy: Policy) -> Envelope {
    let envelope = Envelope::new("me@example.com", ["a@example.org", "b@example.org"]);
    envelope.expect("addresses").policy(policy)
}

const ASKED: &str = "C: MAIL FROM:<me@example.com>
                     C: RCPT TO:<a@example.org>
                     C: RCPT TO:<b@example.org>
                     S: 250 ok
                     S: 250 ok\n";

/// DATA is not in flight before the last recipient was answered.
#[tokio::test(start_paused = true)]
async fn all_or_nothing() {
    let dialogue = format!("{ASKED}S: 250 ok\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 250 ok");
    let (mut connection, peer) = greeted(script(&["PIPELINING"], &dialogue).lockstep()).await;
    let receipt = connection.deliver(&envelope(Policy::AllOrNothing), "x\r\n").await;
    assert!(receipt.expect("delivered").is_complete());
    peer.finish();

    let dialogue = format!("{ASKED}S: 450 not now\nC: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok");
    let (mut connection, peer) = greeted(script(&["PIPELINING"], &dialogue)).await;
    let result = connection.deliver(&envelope(Policy::AllOrNothing), "x\r\n").await;
    let Err(DeliverError::Refused(undelivered)) = result else {
        panic!("{result:?}");
    };
    assert!(undelivered.refusal().is_local(), "the policy is the caller's");
    assert!(undelivered.is_transient(), "one may be accepted another time: {undelivered}");
    assert!(undelivered.recipients()[0].is_accepted());
    assert!(!undelivered.recipients()[1].is_accepted());
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn one_at_a_time_it_is_the_same() {
    let dialogue = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: RCPT *\nS: 550 no
                    C: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok";
    let (mut connection, peer) = greeted(script(&[], dialogue).lockstep()).await;
    let result = connection.deliver(&envelope(Policy::AllOrNothing), "x\r\n").await;
    let Err(DeliverError::Refused(undelivered)) = result else {
        panic!("{result:?}");
    };
    assert!(!undelivered.is_transient(), "{undelivered}");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_policy_of_ones_own() {
    let first_counts = || Policy::decide(|recipients| recipients[0].is_accepted());
    let dialogue = format!("{ASKED}S: 550 no\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 250 ok");
    let (mut connection, peer) = greeted(script(&["PIPELINING"], &dialogue)).await;
    let receipt = connection.deliver(&envelope(first_counts()), "x\r\n").await.expect("delivered");
    assert_eq!(receipt.accepted().count(), 1);
    peer.finish();

    let asked = ASKED.replacen("S: 250 ok\n", "", 1);
    let dialogue =
        format!("{asked}S: 550 no\nS: 250 ok\nC: RSET\nC: NOOP\nS: 250 reset\nS: 250 ok");
    let (mut connection, peer) = greeted(script(&["PIPELINING"], &dialogue)).await;
    let result = connection.deliver(&envelope(first_counts()), "x\r\n").await;
    assert!(matches!(result, Err(DeliverError::Refused(_))), "{result:?}");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

/// In a stream each message keeps its own policy.
#[tokio::test(start_paused = true)]
async fn in_a_stream() {
    let dialogue = format!(
        "{ASKED}S: 250 ok
         C: DATA
         S: 354 go
         C: x
         C: .
         C: RSET
         C: MAIL FROM:<me@example.com>
         C: RCPT TO:<a@example.org>
         C: RCPT TO:<b@example.org>
         S: 250 taken
         S: 250 reset
         S: 250 ok
         S: 250 ok
         S: 550 no
         C: RSET
         C: NOOP
         S: 250 reset
         S: 250 ok"
    );
    let (mut connection, peer) = greeted(script(&["PIPELINING"], &dialogue)).await;
    let messages = [(); 2].map(|()| (envelope(Policy::AllOrNothing), "x\r\n"));
    let mut results = Vec::new();
    let delivered = connection.deliver_all(messages, |_, result| results.push(result.is_ok()));
    delivered.await.expect("the connection stays");
    assert_eq!(results, [true, false]);
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}
