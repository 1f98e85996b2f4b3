//! A message that is never split: it goes in one transaction, or not at all.

use smtp::command::Noop;
use smtp::extension::TransactionId;
use smtp::message::RecipientOutcome;
use smtp::{Envelope, Policy, Transfer};
use tests::{Fate as _, Mta, greeted, script, server};

const NAMES: [&str; 3] = ["a@one.example", "b@one.example", "c@two.example"];

fn envelope(count: usize) -> Envelope {
    let envelope = Envelope::new("me@example.com", NAMES[..count].iter().copied());
    envelope.expect("addresses").policy(Policy::Whole)
}

fn transfers() -> [Transfer; 3] {
    [Transfer::data(), Transfer::chunks(), Transfer::eager()]
}

/// A limit that the server has announced is known before anything leaves.
#[tokio::test(start_paused = true)]
async fn more_recipients_than_the_server_announces_are_refused_before_mail() {
    const UNSENT: &str = "Refused permanent Caller - | -:local -:local -:local";
    for (limit, count, first) in [
        ("LIMITS RCPTMAX=2", 3, Some(2)),
        ("LIMITS RCPTDOMAINMAX=1", 3, Some(2)),
        ("LIMITS RCPTMAX=1 RCPTDOMAINMAX=1", 3, Some(1)),
        ("LIMITS RCPTMAX=3 RCPTDOMAINMAX=2", 3, None),
        ("LIMITS RCPTDOMAINMAX=1", 2, None),
        ("LIMITS MAILMAX=1", 3, None),
    ] {
        for transfer in transfers() {
            let offers: &'static [&'static str] = vec!["PIPELINING", "CHUNKING", limit].leak();
            let (stream, inbox) = Mta::offering(offers).start();
            let connection = smtp::Connection::from_stream(stream, &server()).await;
            let mut connection = connection.expect("EHLO");
            connection.set_transfer(transfer);
            let result = connection.deliver(&envelope(count), "x\r\n").await;
            drop(connection);
            let inbox = inbox.await.expect("a server");
            let transactions = inbox.commands.iter().filter(|line| line.starts_with("MAIL"));
            match first {
                Some(first) => {
                    assert_eq!(result.fate(), UNSENT, "{limit}");
                    let text = result.expect_err("refused").to_string();
                    assert!(text.contains(&format!("takes the first {first} of them")), "{text}");
                    assert_eq!(transactions.count(), 0, "{limit}");
                }
                None => {
                    assert!(result.expect("taken").is_complete(), "{limit}");
                    assert_eq!(transactions.count(), 1, "{limit}");
                }
            }
        }
    }
}

/// The recipients that the server takes get the message, the others its reply; there is no second
/// transaction.
#[tokio::test(start_paused = true)]
async fn one_recipient_too_many_is_refused() {
    for too_many in ["452 4.5.3 no more", "452 no more", "552 5.5.3 too many"] {
        let code = &too_many[..3];
        let dialogue = format!(
            "C: MAIL *\nC: RCPT *\nC: RCPT *\nC: RCPT *\nC: DATA
             S: 250 ok\nS: 250 ok\nS: {too_many}\nS: {too_many}\nS: 354 go
             C: x\nC: .\nS: 250 taken\nC: NOOP\nS: 250 ok"
        );
        let (mut connection, peer) = greeted(script(&["PIPELINING"], &dialogue)).await;
        let result = connection.deliver(&envelope(3), "x\r\n").await;
        let expected = format!("Delivered 250 | 250:ok {code}:{code} {code}:{code}");
        assert_eq!(result.fate(), expected);
        let receipt = result.expect("taken");
        let RecipientOutcome::Refused(refusal) = receipt.recipients()[2].outcome() else {
            panic!("{receipt:?}");
        };
        assert!(refusal.is_too_many_recipients(), "it is the server's reply: {refusal}");
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();
    }
}

/// The name of a transaction stands for one, so the second half must not go under it.
#[tokio::test(start_paused = true)]
async fn a_transaction_with_a_name_is_not_split() {
    let dialogue = "C: MAIL FROM:<me@example.com> TRANSID=<17@client.example>\nS: 250 ok
                    C: RCPT *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 452 4.5.3 no more\nS: 354 go
                    C: x\nC: .\nS: 250 taken\nC: NOOP\nS: 250 ok";
    let offers = ["PIPELINING", "CHECKPOINT", "LIMITS RCPTMAX=1"];
    let (mut connection, peer) = greeted(script(&offers, dialogue)).await;
    let id = TransactionId::new("17@client.example").expect("a name");
    let envelope = envelope(2).policy(Policy::AnyAccepted).with(id);
    let result = connection.deliver(&envelope, "x\r\n").await;
    assert_eq!(result.fate(), "Delivered 250 | 250:ok 452:452");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}
