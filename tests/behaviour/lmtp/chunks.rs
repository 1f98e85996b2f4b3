//! BDAT over LMTP (RFC 2033 §4.2, RFC 3030): one reply for each chunk, and for the last one a reply
//! for each recipient.

use smtp::command::{Mail, Noop, Rcpt};
use smtp::state::{Greeted, Lmtp};
use smtp::testing::{Peer, Script};
use smtp::{Body, Connection, Mailbox, Server, Transfer};
use tests::{Fate, server};

use super::{envelope, lhlo};

const BOTH: &[&str] = &["PIPELINING", "CHUNKING"];

/// A connection that sends chunks of four bytes.
async fn chunked(offers: &[&str], dialogue: &str) -> (Connection<Lmtp<Greeted>>, Peer) {
    let (stream, peer) = Script::new(&lhlo(offers)).then(dialogue).start();
    let server: Server = server().transfer(Transfer::chunks().chunk_size(4));
    let connection = Connection::lmtp_from_stream(stream, &server).await;
    (connection.expect("a session"), peer)
}

const COMMANDS: &str = "C: MAIL *\nC: RCPT *\nC: RCPT *\nS: 250 ok\nS: 250 a\nS: 250 b\n";

#[tokio::test(start_paused = true)]
async fn the_last_chunk_has_a_reply_for_each_recipient() {
    let dialogue =
        format!("{COMMANDS}C: BDAT 4 LAST\nC: xy\nS: 250 a\nS: 552 b\nC: NOOP\nS: 250 ok");
    let (mut connection, peer) = chunked(BOTH, &dialogue).await;
    let result = connection.deliver(&envelope(&["a", "b"]), "xy\r\n").await;
    assert_eq!(result.fate(), "Delivered 250 | 250:ok 250:552");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

/// After a chunk that was refused it is not defined how many replies the last one has: so it waits.
#[tokio::test(start_paused = true)]
async fn the_last_chunk_waits_for_the_replies_to_those_before() {
    let dialogue = format!(
        "{COMMANDS}C: BDAT 4\nC: 12\nC: BDAT 4\nC: 34\nS: 250 one\nS: 250 two\n
         C: BDAT 4 LAST\nC: 56\nS: 250 a\nS: 250 b"
    );
    let body = || Body::from("12\r\n34\r\n56\r\n");
    let (mut connection, peer) = chunked(BOTH, &dialogue).await;
    let result = connection.deliver(&envelope(&["a", "b"]), body()).await;
    assert_eq!(result.fate(), "Delivered 250 | 250:ok 250:ok");
    peer.finish();

    let dialogue = format!(
        "{COMMANDS}C: BDAT 4\nC: 12\nC: BDAT 4\nC: 34\nS: 250 one\nS: 452 two\n
         C: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok"
    );
    let (mut connection, peer) = chunked(BOTH, &dialogue).await;
    let result = connection.deliver(&envelope(&["a", "b"]), body()).await;
    assert_eq!(result.fate(), "Refused transient Server 452 | 250:452 250:452");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

/// Without a recipient `BDAT LAST` has no reply at all: it is never sent.
#[tokio::test(start_paused = true)]
async fn no_chunk_leaves_without_a_recipient() {
    let dialogue = "C: MAIL *\nC: RCPT *\nC: RCPT *\nS: 250 ok\nS: 550 a\nS: 450 b
                    C: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok";
    let (mut connection, peer) = chunked(BOTH, dialogue).await;
    let result = connection.deliver(&envelope(&["a", "b"]), "xy\r\n").await;
    assert_eq!(result.fate(), "Refused transient Server 450 | 550:550 450:450");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn lost_between_the_replies_of_the_last_chunk() {
    let dialogue = format!("{COMMANDS}C: BDAT 4 LAST\nC: xy\nS: 250 a\n-- close --");
    let (mut connection, _peer) = chunked(BOTH, &dialogue).await;
    let result = connection.deliver(&envelope(&["a", "b"]), "xy\r\n").await;
    assert_eq!(result.fate(), "Unknown permanent Network - | 250:ok 250:unknown");
}

/// One command at a time, and no pipelining.
#[tokio::test(start_paused = true)]
async fn in_a_transaction() {
    let dialogue = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 a\nC: RCPT *\nS: 250 b
                    C: BDAT 4\nC: 12\nS: 250 one\nC: BDAT 4 LAST\nC: 34\nS: 451 a\nS: 250 b";
    let (connection, peer) = chunked(&["CHUNKING"], dialogue).await;
    let address = |name: &str| name.parse::<Mailbox>().expect("an address");
    let transaction = connection.mail(Mail::from(address("me@example.com"))).await;
    let mut transaction = transaction.expect("MAIL");
    for name in ["a@example.org", "b@example.org"] {
        transaction.rcpt(Rcpt::to(address(name))).await.expect("RCPT");
    }
    let sent = transaction.bdat("12\r\n34\r\n").await;
    assert_eq!(sent.fate(), "Delivered 250 | 250:451 250:ok");
    peer.finish();
}
