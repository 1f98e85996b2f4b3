//! Long streams through real servers, sent in each way of a transfer: every message arrives once,
//! byte for byte.

use std::collections::BTreeSet;

use smtp::state::Idle;
use smtp::{Connection, Envelope, Server as Address, Submission, Transfer};

use super::mailbox_check;
use super::server::Server;

/// Messages in a stream: enough to fill every window many times, or `STREAM=1000` of the
/// environment.
fn length() -> usize {
    std::env::var("STREAM").ok().and_then(|length| length.parse().ok()).unwrap_or(100)
}

/// The ways to send: their names, how messages travel, and whether commands wait for replies.
fn ways() -> [(&'static str, Transfer, bool); 5] {
    [
        ("data", Transfer::data(), false),
        ("chunks", Transfer::chunks(), false),
        ("eager", Transfer::eager(), false),
        ("lockstep-data", Transfer::data(), true),
        ("lockstep-chunks", Transfer::chunks().chunk_size(100), true),
    ]
}

/// A message, unlike all others, with dots where they matter.
fn message(way: &str, number: usize) -> Vec<u8> {
    format!(
        "X-First: stream\r\n\
         From: tester@example.test\r\n\
         Message-ID: <{way}-{number}@example.test>\r\n\
         Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n\
         Subject: {way} {number}\r\n\
         \r\n\
         .\r\n\
         .{number}\r\n\
         the end of {way}\r\n"
    )
    .into_bytes()
}

/// Sends a stream, of which every message must be taken.
async fn send<H: Idle>(mut mail: Connection<H>, user: &str, stream: &[Vec<u8>]) {
    let envelope = Envelope::new("a@example.com", [user]).expect("addresses");
    let mut taken = BTreeSet::new();
    let messages = stream.iter().map(|message| (&envelope, message));
    let delivered = mail.deliver_all(messages, |index, result| {
        assert!(result.expect("taken").is_complete());
        assert!(taken.insert(index), "message {index} is told twice");
    });
    delivered.await.expect("the connection stays");
    assert_eq!(taken.len(), stream.len());
    mail.quit().await.expect("QUIT");
}

/// Compares the delivered messages with those that were sent.
async fn check_delivered(server: &Server, user: &str, mut sent: Vec<Vec<u8>>) {
    let delivered = mailbox_check::wait_for(server, user, "stream", sent.len()).await;
    sent.sort();
    assert_eq!(delivered.len(), sent.len(), "a message was delivered twice");
    for (delivered, sent) in delivered.iter().zip(&sent) {
        assert_eq!(String::from_utf8_lossy(delivered), String::from_utf8_lossy(sent));
    }
}

/// Streams in clear, as between servers.
async fn through_relay(name: &str, ports: &[&str]) {
    let Some(server) = Server::get_started(name) else {
        return;
    };
    let user = server.user().to_owned();
    let mut sent = Vec::new();
    for port in ports {
        for (way, transfer, lockstep) in ways() {
            let mut address = Address::new("localhost", server.port(port)).transfer(transfer);
            if lockstep {
                address = address.ignore_capability("PIPELINING");
            }
            let mail = Connection::connect(&address).await.expect("a session");
            let way = format!("{port}-{way}");
            let stream: Vec<_> = (0..length()).map(|number| message(&way, number)).collect();
            send(mail, &user, &stream).await;
            sent.extend(stream);
        }
    }
    check_delivered(server, &user, sent).await;
}

/// Streams of a user who has logged in.
async fn through_submission(name: &str) {
    let Some(server) = Server::get_started(name) else {
        return;
    };
    let user = server.user().to_owned();
    let mut sent = Vec::new();
    for (way, transfer, lockstep) in ways() {
        let mut submission =
            Submission::new("localhost").port(server.port("PORT_SUBMISSION")).transfer(transfer);
        if lockstep {
            submission = submission.ignore_capability("PIPELINING");
        }
        let mail = server.login(submission).await;
        let stream: Vec<_> = (0..length()).map(|number| message(way, number)).collect();
        send(mail, &user, &stream).await;
        sent.extend(stream);
    }
    check_delivered(server, &user, sent).await;
}

#[tokio::test]
async fn postfix() {
    through_relay("postfix", &["PORT_PLAIN", "PORT_STRICT"]).await;
}

#[tokio::test]
async fn exim() {
    through_relay("exim", &["PORT_PLAIN"]).await;
}

#[tokio::test]
async fn dovecot() {
    through_submission("dovecot").await;
}
