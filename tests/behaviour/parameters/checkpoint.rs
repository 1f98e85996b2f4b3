//! TRANSID, and 355: the server has a part of the message from an earlier session (RFC 1845).

use smtp::command::{Mail, Noop, Rcpt};
use smtp::extension::TransactionId;
use smtp::{Envelope, Error};
use tests::support::mailbox;
use tests::{error, greeted, script};

mod resumed;

fn id() -> TransactionId {
    TransactionId::new("17@client.example").expect("a name")
}

fn mail() -> Mail {
    Mail::from(mailbox("me@example.test")).with(id())
}

fn rcpt() -> Rcpt {
    Rcpt::to(mailbox("you@example.test"))
}

const OFFERS: &[&str] = &["PIPELINING", "CHECKPOINT", "CHUNKING"];
/// RCPT and DATA would go on with the message of the earlier session: none may follow.
const RESUMED: &str = "C: MAIL FROM:<me@example.test> TRANSID=<17@client.example>
                       S: 355 6135 is the transaction offset
                       C: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok";

#[tokio::test(start_paused = true)]
async fn mail_by_itself_says_where_the_message_ended() {
    let (connection, peer) = greeted(script(OFFERS, RESUMED)).await;
    let smtp::connection::TransitionError::Refused(refused) =
        connection.mail(mail()).await.expect_err("355 opens nothing for this message")
    else {
        panic!("the session is lost");
    };
    assert_eq!(refused.refusal.checkpoint(), Some(6135));
    let mut connection = refused.connection;
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn nothing_follows_in_a_group() {
    let (connection, peer) = greeted(script(OFFERS, RESUMED)).await;
    let (connection, (mail, rcpt, message)) =
        connection.pipeline().mail(mail()).rcpt(rcpt()).data("x").await;
    let refusal = mail.refusal().expect("355");
    assert_eq!(refusal.checkpoint(), Some(6135));
    assert!(!rcpt.is_accepted() && message.end.accepted().is_none());
    let mut connection = connection.expect("the session goes on");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

/// A message that the server does not know is sent as any other.
#[tokio::test(start_paused = true)]
async fn a_message_that_begins() {
    let dialogue = "C: MAIL FROM:<me@example.test> TRANSID=<17@client.example>\nS: 250 ok
                    C: RCPT TO:<you@example.test>\nS: 250 ok\nC: DATA\nS: 354 go
                    C: x\nC: .\nS: 250 taken";
    let (mut connection, peer) = greeted(script(OFFERS, dialogue)).await;
    connection.set_transfer(smtp::Transfer::data());
    let envelope = Envelope::from_mail(mail()).recipient(rcpt());
    connection.deliver(&envelope, "x").await.expect("taken");
    peer.finish();
}

/// Without the parameter no server can mean it.
#[tokio::test(start_paused = true)]
async fn unasked_it_breaks_the_protocol() {
    let dialogue = "C: MAIL FROM:<me@example.test>\nS: 355 6135 is the transaction offset";
    let (connection, _peer) = greeted(script(OFFERS, dialogue)).await;
    let mail = Mail::from(mailbox("me@example.test"));
    let lost = error(connection.mail(mail).await);
    assert!(matches!(&lost, Error::Lost(lost) if lost.protocol().is_some()), "{lost}");
}

#[test]
fn names() {
    for id in ["a@b", "a.b@example.org", &format!("{}@b", "x".repeat(64))] {
        assert!(TransactionId::new(id).is_some(), "{id}");
    }
    let long = format!("{}@{}.example", "x".repeat(64), "y".repeat(20));
    for id in ["", "a", "@b", "a@", "a=b@c", "a b@c", "a@b>", "\u{e4}@b", &long] {
        assert!(TransactionId::new(id).is_none(), "{id}");
    }
}
