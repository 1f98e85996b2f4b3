//! Bounds on the work that a server can make of one message, with any replies.

use smtp::connect::Limits;
use smtp::state::Greeted;
use smtp::{Connection, DeliverError, Envelope, Receipt, Transfer};
use tests::{Fate as _, Inbox, Mta, server};

fn envelope(recipients: usize) -> Envelope {
    let recipients = (0..recipients).map(|number| format!("you{number}@example.org"));
    Envelope::new("me@example.com", recipients).expect("addresses")
}

fn limits(transactions: usize) -> Limits {
    let mut limits = Limits::default();
    limits.transactions = transactions;
    limits
}

async fn connect(
    mta: Mta,
    limits: Limits,
) -> (Connection<Greeted>, tokio::task::JoinHandle<Inbox>) {
    let (stream, inbox) = mta.start();
    let connection = Connection::from_stream(stream, &server().limits(limits)).await;
    (connection.expect("EHLO"), inbox)
}

/// How many commands of this verb a server got.
fn count(inbox: &Inbox, verb: &str) -> usize {
    inbox.commands.iter().filter(|line| line.starts_with(verb)).count()
}

/// The recipients that got the message, and those that may get it later.
fn parts(result: &Result<Receipt, DeliverError>) -> (usize, usize) {
    let receipt = result.as_ref().expect("taken by some");
    let transient = receipt.refused().filter(|(_, refusal)| refusal.is_transient()).count();
    assert_eq!(receipt.accepted().count() + transient, receipt.recipients().len());
    (receipt.accepted().count(), transient)
}

const FULL: &[&str] = &["PIPELINING", "CHUNKING"];
const LIMITED: &[&str] = &["PIPELINING", "CHUNKING", "LIMITS RCPTMAX=1"];

/// The number of recipients that the server took is the limit of the next transaction, and the
/// number of transactions has a limit too.
#[tokio::test(start_paused = true)]
async fn a_server_that_takes_few_at_once_is_not_asked_for_all_each_time() {
    let one: &[&str] = &["CHUNKING"];
    let rows: [(&'static [&'static str], usize, usize, usize, usize); 4] = [
        // The server's offers, the recipients that it takes, all recipients; how often the client
        // sends RCPT, and how many messages.
        (FULL, 1, 200, 200 + 99, 100),
        (FULL, 10, 200, 200 + 19 * 10, 20),
        (FULL, 3, 10, 10 + 3 + 3 + 1, 4),
        (one, 1, 200, 3 + 99, 100),
    ];
    for (offers, most_recipients, recipients, named, messages) in rows {
        for transfer in [Transfer::data(), Transfer::chunks(), Transfer::eager()] {
            let mta = Mta { most_recipients, ..Mta::offering(offers) };
            let (mut connection, inbox) = connect(mta, Limits::default()).await;
            connection.set_transfer(transfer.clone());
            let result = connection.deliver(&envelope(recipients), "x\r\n").await;
            let got = recipients.min(messages * most_recipients);
            assert_eq!(parts(&result), (got, recipients - got), "{transfer:?} {offers:?}");
            drop(connection);
            let inbox = inbox.await.expect("a server");
            assert_eq!(inbox.messages.len(), messages, "{transfer:?} {offers:?}");
            let rcpts = count(&inbox, "RCPT");
            // Chunks and steps may ask for one recipient more to find out.
            assert!(rcpts <= named, "{transfer:?} {offers:?}: {rcpts}");
            assert_eq!(count(&inbox, "MAIL"), messages);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_one_recipient_ends_after_a_number_of_transactions() {
    for (transactions, recipients) in [(100, 5000), (3, 5), (1, 2), (100, 100)] {
        for transfer in [Transfer::data(), Transfer::chunks(), Transfer::eager()] {
            let limits = limits(transactions);
            let (mut connection, inbox) = connect(Mta::offering(LIMITED), limits).await;
            connection.set_transfer(transfer.clone());
            let result = connection.deliver(&envelope(recipients), "x\r\n").await;
            assert_eq!(parts(&result), (transactions, recipients - transactions), "{transfer:?}");
            let refusals = result.expect("taken by some");
            for (_, refusal) in refusals.refused() {
                assert!(refusal.is_local(), "{refusal}");
                assert!(refusal.to_string().contains("Limits::transactions"), "{refusal}");
            }
            // The session goes on with the next message.
            let next = connection.deliver(&envelope(1), "x\r\n").await;
            assert_eq!(next.fate(), "Delivered 250 | 250:ok");
            drop(connection);
            let inbox = inbox.await.expect("a server");
            assert_eq!(count(&inbox, "MAIL"), transactions + 1, "{transfer:?}");
        }
    }
}

/// Each message of a stream has the bound for itself, and each is told once.
#[tokio::test(start_paused = true)]
async fn the_bound_is_of_each_message() {
    for transfer in [Transfer::data(), Transfer::chunks(), Transfer::eager()] {
        let limits = limits(2);
        let (mut connection, inbox) = connect(Mta::offering(LIMITED), limits).await;
        connection.set_transfer(transfer.clone());
        let envelope = envelope(3);
        let mut told = Vec::new();
        let messages = (0..3).map(|number| (&envelope, format!("{number}\r\n")));
        let report = |index, result: Result<_, _>| told.push((index, parts(&result)));
        connection.deliver_all(messages, report).await.expect("a session");
        told.sort_unstable();
        assert_eq!(told, [(0, (2, 1)), (1, (2, 1)), (2, (2, 1))], "{transfer:?}");
        drop(connection);
        assert_eq!(inbox.await.expect("a server").messages.len(), 6);
    }
}

/// No recipient was taken at all: what remains may still be taken later.
#[tokio::test(start_paused = true)]
async fn recipients_that_were_never_asked_may_be_asked_later() {
    let mta = Mta { refuses: &[("you", "550 5.1.1 unknown")], ..Mta::offering(LIMITED) };
    for transfer in [Transfer::data(), Transfer::chunks(), Transfer::eager()] {
        let limits = limits(2);
        let (mut connection, _) = connect(mta, limits).await;
        connection.set_transfer(transfer.clone());
        let fate = connection.deliver(&envelope(3), "x\r\n").await.fate();
        assert!(fate.starts_with("Refused transient Server"), "{transfer:?}: {fate}");
        assert!(fate.ends_with("| 550:550 550:550 -:local"), "{transfer:?}: {fate}");
    }
}
