//! An extension of another crate: keyword, parameters and command.

use outside::{Account, AskBalance, Balance, Free, Ledger};
use smtp::command::{Mail, Rcpt};
use smtp::extension::Optional;
use smtp::state::Greeted;
use smtp::testing::{Peer, Script};
use smtp::{Connection, Envelope, Mailbox, Server};

async fn greeted(offers: &str, dialogue: &str) -> (Connection<Greeted>, Peer) {
    let hello = format!("S: 220 hi\nC: EHLO *\nS: 250-mail.example.test\nS: 250 {offers}\n");
    let (stream, peer) = Script::new(&hello).then(dialogue).start();
    let server = Server::new("mail.example.test", 25);
    (Connection::from_stream(stream, &server).await.unwrap(), peer)
}

fn mailbox(text: &str) -> Mailbox {
    text.parse().unwrap()
}

fn envelope(account: u32) -> Envelope {
    let mail = Mail::from(mailbox("me@example.test")).with(Account(account));
    Envelope::from_mail(mail).recipient(Rcpt::to(mailbox("you@example.test")).with(Optional(Free)))
}

#[tokio::test(start_paused = true)]
async fn offered() {
    let dialogue = "C: X-BALANCE 7
                    S: 250 1000
                    C: MAIL FROM:<me@example.test> X-ACCOUNT=7
                    S: 250 ok
                    C: RCPT TO:<you@example.test> X-FREE
                    S: 250 ok
                    C: DATA
                    S: 354 go
                    C: x
                    C: .
                    S: 250 taken";
    let (mut connection, peer) = greeted("X-LEDGER 9", dialogue).await;
    let ledger = connection.capabilities().get::<Ledger>();
    assert_eq!(ledger, Some(Ledger { accounts: Some(9) }));
    assert_eq!(connection.send(AskBalance(7)).await.unwrap(), Balance(1000));
    let receipt = connection.deliver(&envelope(7), "x").await.unwrap();
    assert!(receipt.left_out().is_empty());
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn beyond_the_limit_of_the_server() {
    let (mut connection, peer) = greeted("X-LEDGER 9", "").await;
    let error = connection.deliver(&envelope(10), "x").await.unwrap_err().to_string();
    assert!(error.contains("X-ACCOUNT: the server has 9 accounts"), "{error}");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn not_offered() {
    let dialogue = "C: MAIL FROM:<me@example.test>
                    S: 250 ok
                    C: RCPT TO:<you@example.test>
                    S: 250 ok
                    C: DATA
                    S: 354 go
                    C: x
                    C: .
                    S: 250 taken";
    let (mut connection, peer) = greeted("HELP", dialogue).await;
    let error = connection.send(AskBalance(7)).await.unwrap_err().to_string();
    assert!(error.contains("the server does not offer X-LEDGER"), "{error}");
    let error = connection.deliver(&envelope(7), "x").await.unwrap_err().to_string();
    assert!(error.contains("the server does not offer X-LEDGER"), "{error}");
    let free = Rcpt::to(mailbox("you@example.test")).with(Optional(Free));
    let envelope = Envelope::from_mail(Mail::from(mailbox("me@example.test"))).recipient(free);
    let receipt = connection.deliver(&envelope, "x").await.unwrap();
    assert_eq!(receipt.left_out()[0].keyword(), "X-FREE");
    peer.finish();
}
