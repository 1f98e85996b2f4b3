//! Each row of the table with a server that offers the parameter, with one that does not, and with
//! one that does not where the caller can do without.

use smtp::command::{Mail, Noop, Rcpt};
use smtp::connection::{Stopped, TransitionError};
use smtp::error::EncodeError;
use smtp::message::LineEnds;
use smtp::state::{Greeted, Tls};
use smtp::testing::Peer;
use smtp::{Body, Connection, DeliverError, Envelope, Error, Receipt, Refusal};
use tests::support::{Content, Give, ParameterRow, mailbox, parameters};
use tests::{error, greeted, script, secured};

/// A connection in the state that a row needs.
enum Session {
    Clear(Connection<Greeted>),
    Tls(Connection<Tls>),
}

macro_rules! either {
    ($session:expr, $connection:ident => $call:expr) => {
        match $session {
            Session::Clear($connection) => $call,
            Session::Tls($connection) => $call,
        }
    };
}

impl Session {
    async fn start(row: &ParameterRow, offers: &[&str], dialogue: &str) -> (Self, Peer) {
        if row.tls {
            let (connection, peer) = secured(offers, dialogue).await;
            return (Self::Tls(connection), peer);
        }
        let (connection, peer) = greeted(script(offers, dialogue)).await;
        (Self::Clear(connection), peer)
    }

    async fn deliver(&mut self, envelope: &Envelope) -> Result<Receipt, DeliverError> {
        either!(self, connection => connection.deliver(envelope, "x").await)
    }
}

fn mail(give: Give) -> Mail {
    (give.mail)(Mail::from(mailbox("me@example.test")))
}

fn rcpt(give: Give) -> Rcpt {
    (give.rcpt)(Rcpt::to(mailbox("you@example.test")))
}

fn envelope(give: Give) -> Envelope {
    Envelope::from_mail(mail(give)).recipient(rcpt(give))
}

/// The parameters that a delivery does not give by itself.
fn given() -> impl Iterator<Item = ParameterRow> {
    parameters().into_iter().filter(|row| row.content.is_none())
}

/// The lines of a message whose commands have these parameters.
fn message(mail: &str, rcpt: &str) -> String {
    let end = |parameters: &str| match parameters {
        "" => String::new(),
        _ => format!(" {}", parameters.replace('*', "\\*")),
    };
    format!(
        "C: MAIL FROM:<me@example.test>{}\nS: 250 ok\nC: RCPT TO:<you@example.test>{}\nS: 250 ok\n\
         C: DATA\nS: 354 go\nC: x\nC: .\nS: 250 taken\n",
        end(mail),
        end(rcpt)
    )
}

/// The parameters of a row without its own.
fn without(row: &ParameterRow, written: &str) -> String {
    let others = |word: &&str| word.split('=').next() != Some(row.parameter);
    written.split(' ').filter(others).collect::<Vec<_>>().join(" ")
}

/// The lines of EHLO without the keyword of a row.
fn less(row: &ParameterRow) -> Vec<&'static str> {
    let others = |offer: &&&str| offer.split(' ').next() != Some(row.extension);
    row.offers.iter().filter(others).copied().collect()
}

#[tokio::test(start_paused = true)]
async fn offered() {
    for row in given() {
        let dialogue = message(row.written[0], row.written[1]);
        let optional = row.optional.into_iter();
        for give in optional.chain([row.give]) {
            let (mut session, peer) = Session::start(&row, row.offers, &dialogue).await;
            let receipt = session.deliver(&envelope(give)).await;
            let receipt = receipt.unwrap_or_else(|error| panic!("{}: {error}", row.parameter));
            assert!(receipt.is_complete() && receipt.left_out().is_empty(), "{}", row.parameter);
            peer.finish();
        }
    }
}

/// The same with the calls of a transaction, and in a group.
#[tokio::test(start_paused = true)]
async fn offered_one_at_a_time() {
    for row in parameters() {
        let [of_mail, of_rcpt] = row.written;
        let mut dialogue = message(of_mail, of_rcpt);
        let binary = row.content == Some(Content::Binary);
        if binary {
            dialogue = dialogue.replace("C: DATA\nS: 354 go\nC: x\nC: .", "C: BDAT 3 LAST\nC: x");
        }
        let (session, peer) = Session::start(&row, row.offers, &dialogue).await;
        either!(session, connection => {
            let mut transaction = connection.mail(mail(row.give)).await.expect(row.parameter);
            transaction.rcpt(rcpt(row.give)).await.expect(row.parameter);
            let sent = if binary {
                transaction.bdat(Body::from("x\r\n").line_ends(LineEnds::Binary)).await
            } else {
                transaction.data("x").await
            };
            sent.expect(row.parameter);
        });
        peer.finish();
        if binary {
            // A group has no chunks.
            continue;
        }
        let (session, peer) = Session::start(&row, row.offers, &dialogue).await;
        either!(session, connection => {
            let group = connection.pipeline().mail(mail(row.give)).rcpt(rcpt(row.give)).data("x");
            let (connection, (.., message)) = group.await;
            connection.expect(row.parameter);
            assert!(message.end.accepted().is_some(), "{}", row.parameter);
        });
        peer.finish();
    }
}

fn missing(row: &ParameterRow, refusal: &Refusal) {
    let keyword = refusal.encode_error().and_then(EncodeError::missing_keyword);
    assert_eq!(keyword, Some(row.extension), "{}: {refusal}", row.parameter);
}

/// The refusal of a command that was not sent.
fn refusal<T, E: Into<Error>>(result: Result<T, E>) -> Refusal {
    match error(result) {
        Error::Refused(refusal) => refusal,
        error => panic!("it was sent: {error}"),
    }
}

#[tokio::test(start_paused = true)]
async fn not_offered() {
    for row in given() {
        let offers = less(&row);
        let (mut session, peer) = Session::start(&row, &offers, "C: NOOP\nS: 250 ok").await;
        let DeliverError::Refused(undelivered) =
            session.deliver(&envelope(row.give)).await.expect_err(row.parameter)
        else {
            panic!("{}: nothing was sent", row.parameter);
        };
        let refusal = undelivered.refusal();
        assert!(refusal.is_local() && refusal.reply().is_none(), "{}", row.parameter);
        missing(&row, refusal);
        assert!(undelivered.recipients()[0].refusal().is_some(), "{}", row.parameter);
        either!(&mut session, connection => connection.send(Noop).await).expect("the session");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn not_offered_one_at_a_time() {
    for row in parameters() {
        let offers = less(&row);
        let of_mail = row.command == "MAIL";
        let begin = "C: MAIL FROM:<me@example.test>\nS: 250 ok\nC: RSET\nS: 250 ok\n";
        let dialogue = if of_mail { "" } else { begin };
        let (session, peer) = Session::start(&row, &offers, dialogue).await;
        either!(session, connection => {
            if of_mail {
                missing(&row, &refusal(connection.mail(mail(row.give)).await));
            } else {
                let mut transaction = connection.mail(mail(row.give)).await.expect("MAIL");
                missing(&row, &refusal(transaction.rcpt(rcpt(row.give)).await));
                transaction.reset().await.expect("RSET");
            }
        });
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn optional() {
    let mut seen = 0;
    for row in given() {
        let Some(give) = row.optional else {
            continue;
        };
        seen += 1;
        let written = row.written.map(|written| without(&row, written));
        let dialogue = message(&written[0], &written[1]);
        let (mut session, peer) = Session::start(&row, &less(&row), &dialogue).await;
        let receipt = session.deliver(&envelope(give)).await;
        let receipt = receipt.unwrap_or_else(|error| panic!("{}: {error}", row.parameter));
        let left_out: Vec<_> =
            receipt.left_out().iter().map(|one| (one.keyword(), one.recipient())).collect();
        let recipient = (row.command == "RCPT").then_some(0);
        assert_eq!(left_out, [(row.parameter, recipient)]);
        peer.finish();
    }
    assert!(seen >= 15, "{seen} parameters may be left out");
}

/// Of each message of a stream, and of each recipient.
#[tokio::test(start_paused = true)]
async fn a_receipt_says_which_recipients_went_without() {
    use smtp::extension::{Notify, Optional, Priority};
    let priority = Priority::new(1).expect("a priority");
    let you = |name: &str| Rcpt::to(mailbox(&format!("{name}@example.test")));
    let envelope =
        Envelope::from_mail(Mail::from(mailbox("me@example.test")).with(Optional(priority)))
            .recipient(you("a"))
            .recipient(you("b").with(Optional(Notify::DELAY)))
            .recipient(you("c"));
    let one = "C: MAIL FROM:<me@example.test>\nS: 250 ok\nC: RCPT TO:<a@example.test>\nS: 250 ok\n\
               C: RCPT TO:<b@example.test>\nS: 250 ok\nC: RCPT TO:<c@example.test>\nS: 250 ok\n\
               C: DATA\nS: 354 go\nC: x\nC: .\nS: 250 taken\n";
    let (mut connection, peer) = greeted(script(&[], &one.repeat(2))).await;
    let mut receipts = Vec::new();
    let messages = [(&envelope, "x"), (&envelope, "x")];
    let stopped =
        connection.deliver_all(messages, |_, receipt| receipts.push(receipt.expect("taken"))).await;
    assert_eq!(stopped.expect("a session"), Stopped::Exhausted);
    for receipt in &receipts {
        assert_eq!(left_out(receipt), [("MT-PRIORITY", None), ("NOTIFY", Some(1))]);
    }
    assert_eq!(receipts.len(), 2);
    peer.finish();
}

fn left_out(receipt: &Receipt) -> Vec<(&str, Option<usize>)> {
    receipt.left_out().iter().map(|one| (one.keyword(), one.recipient())).collect()
}

/// The same where the commands are sent one at a time, and in groups.
#[tokio::test(start_paused = true)]
async fn receipts_of_single_commands_and_groups_say_what_was_left_out() {
    use smtp::extension::{Notify, Optional, OriginalRecipient, Priority};
    let priority = Priority::new(1).expect("a priority");
    let plain = || Mail::from(mailbox("me@example.test"));
    let mail = || plain().with(Optional(priority));
    let you = |name: &str| Rcpt::to(mailbox(&format!("{name}@example.test")));
    let without = |name: &str| {
        let original = OriginalRecipient::new(mailbox("o@example.test"));
        you(name).with(Optional(Notify::DELAY)).with(Optional(original))
    };
    let opened = "C: MAIL FROM:<me@example.test>\nS: 250 ok\n";
    let named = |name: &str| format!("C: RCPT TO:<{name}@example.test>\nS: 250 ok\n");
    let content = "C: DATA\nS: 354 go\nC: x\nC: .\nS: 250 taken\n";
    let refused = "C: RCPT TO:<b@example.test>\nS: 550 no\n";
    let dialogue = [
        // One at a time, twice.
        opened,
        &named("a"),
        refused,
        &named("c"),
        content,
        opened,
        &named("a"),
        content,
        // A group that begins in a transaction, and a second message in it.
        opened,
        &named("a"),
        &named("b"),
        content,
        opened,
        &named("a"),
        content,
        // A group that ends in one.
        opened,
        &named("a"),
        content,
    ];
    let (connection, peer) = greeted(script(&[], &dialogue.concat())).await;

    let mut transaction = connection.mail(mail()).await.expect("MAIL");
    transaction.rcpt(you("a")).await.expect("RCPT");
    transaction.rcpt(without("b")).await.expect_err("550");
    transaction.rcpt(without("c")).await.expect("RCPT");
    let (connection, receipt) = transaction.data("x").await.expect("taken");
    let of = |index| [("NOTIFY", Some(index)), ("ORCPT", Some(index))];
    let expected = [&[("MT-PRIORITY", None)], &of(1)[..], &of(2)[..]].concat();
    assert_eq!(left_out(&receipt), expected);
    let mut transaction = connection.mail(plain()).await.expect("MAIL");
    transaction.rcpt(you("a")).await.expect("RCPT");
    let (connection, receipt) = transaction.data("x").await.expect("taken");
    assert_eq!(left_out(&receipt), [], "of the earlier message");

    let transaction = connection.mail(mail()).await.expect("MAIL");
    let group = transaction.pipeline().rcpt(without("a")).rcpt(you("b")).data("x");
    let group = group.mail(mail()).rcpt(you("a")).data("x");
    let (connection, (_, _, first, _, _, second)) = group.await;
    let first = first.end.into_accepted().expect("a receipt");
    assert_eq!(left_out(&first), [&[("MT-PRIORITY", None)], &of(0)[..]].concat());
    let second = second.end.into_accepted().expect("a receipt");
    assert_eq!(left_out(&second), [("MT-PRIORITY", None)]);

    let group = connection.expect("a session").pipeline().mail(mail()).rcpt(without("a"));
    let (transaction, _) = group.await;
    let (connection, receipt) = transaction.expect("a transaction").data("x").await.expect("taken");
    assert_eq!(left_out(&receipt), [&[("MT-PRIORITY", None)], &of(0)[..]].concat());
    drop(connection);
    peer.finish();
}

/// A message is not said to go without the parameters of a MAIL that was refused before.
#[tokio::test(start_paused = true)]
async fn a_refused_mail_leaves_nothing_to_the_next_receipt() {
    use smtp::extension::{Optional, Priority};
    let priority = Priority::new(1).expect("a priority");
    let plain = || Mail::from(mailbox("me@example.test"));
    let dialogue = "C: MAIL FROM:<me@example.test>\nS: 450 later\n\
                    C: MAIL FROM:<me@example.test>\nS: 250 ok\n\
                    C: RCPT TO:<a@example.test>\nS: 250 ok\n\
                    C: DATA\nS: 354 go\nC: x\nC: .\nS: 250 taken\n";
    let (connection, peer) = greeted(script(&[], dialogue)).await;
    let refused = connection.mail(plain().with(Optional(priority))).await;
    let Err(TransitionError::Refused(refused)) = refused else {
        panic!("{refused:?}");
    };
    let mut transaction = refused.connection.mail(plain()).await.expect("MAIL");
    transaction.rcpt(Rcpt::to(mailbox("a@example.test"))).await.expect("RCPT");
    let (connection, receipt) = transaction.data("x").await.expect("taken");
    assert_eq!(left_out(&receipt), []);
    drop(connection);
    peer.finish();
}
