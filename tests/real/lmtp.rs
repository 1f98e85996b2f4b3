//! LMTP with real servers, and PRDR with Exim: each recipient has its own reply.

use std::collections::BTreeSet;
use std::time::Duration;

use smtp::connect::Timeouts;
use smtp::connection::AnyConnection;
use smtp::error::Fault;
use smtp::extension::Prdr;
use smtp::state::{Greeted, Idle, Lmtp};
use smtp::{Connection, DeliverError, Envelope, Receipt, Server as Address, Transfer};
use tokio::net::UnixStream;

use super::mailbox_check;
use super::server::Server;

const BODY: &str = "Subject: lmtp\r\n\r\n.\r\n..x\r\n";

async fn connected(server: &Server) -> Connection<Lmtp<Greeted>> {
    let address = Address::new("127.0.0.1", server.port("PORT_LMTP"));
    Connection::connect_lmtp(&address).await.expect("a greeting and LHLO")
}

fn envelope(recipients: &[&str]) -> Envelope {
    Envelope::new("a@example.com", recipients.iter().copied()).expect("addresses")
}

/// The codes of the replies to RCPT and to the message.
fn codes(receipt: &Receipt) -> Vec<(Option<u16>, Option<u16>)> {
    let code = |reply: Option<&smtp::Reply>| reply.map(|reply| reply.code().value());
    let recipients = receipt.recipients().iter();
    recipients.map(|recipient| (code(recipient.rcpt()), code(recipient.final_reply()))).collect()
}

with_each_server!(replies_for_each_recipient: postfix dovecot aiosmtpd nodemailer);

async fn replies_for_each_recipient(name: &str) {
    let Some(server) = Server::get_started(name) else {
        return;
    };
    let mut mail = connected(server).await;
    let user = server.user();
    let receipt = mail.deliver(&envelope(&[user, "full@example.test"]), BODY).await;
    let receipt = receipt.expect("delivered to one");
    assert_eq!(codes(&receipt), [(Some(250), Some(250)), (Some(250), Some(552))], "{receipt:?}");

    // Refused for all: the session goes on.
    let result = mail.deliver(&envelope(&["full@example.test"]), BODY).await;
    let Err(DeliverError::Refused(undelivered)) = result else {
        panic!("{result:?}");
    };
    assert_eq!(undelivered.refusal().command(), smtp::Refusal::END_OF_DATA);

    // RCPT that is refused has no reply to the message.
    let mixed = mail.deliver(&envelope(&["nosuch@example.test", user]), BODY).await;
    let mixed = mixed.expect("delivered to one");
    let [(Some(500..), None), (Some(250), Some(250))] = codes(&mixed)[..] else {
        panic!("{mixed:?}");
    };
    mail.quit().await.expect("QUIT");
}

/// Over a Unix socket, with DATA and in chunks.
mod sockets {
    use super::over_a_unix_socket;

    with_each_server!(over_a_unix_socket: dovecot aiosmtpd nodemailer);
}

async fn over_a_unix_socket(name: &str) {
    let Some(server) = Server::get_started(name) else {
        return;
    };
    let both = envelope(&["full@example.test", server.user()]);
    let path = server.get("SOCKET_LMTP");
    let at_socket = Address::new("localhost", 24);
    let by_server = Connection::connect_lmtp(&at_socket.clone().unix_socket(path)).await;
    let stream = UnixStream::connect(path).await.expect("a socket");
    let in_chunks = at_socket.transfer(Transfer::chunks());
    let by_caller = Connection::lmtp_from_stream(stream, &in_chunks).await;
    for mail in [by_server, by_caller] {
        let mut mail = AnyConnection::from(mail.expect("a greeting and LHLO"));
        assert!(mail.is_open());
        let stream: Vec<_> = (0..5).map(|number| message("socket", "5", number)).collect();
        let mut told = Vec::new();
        let run = mail.deliver_all(stream.iter().map(|message| (&both, message)), |_, result| {
            told.push(codes(&result.expect("delivered to one")));
        });
        run.await.expect("the connection stays");
        assert_eq!(told, vec![vec![(Some(250), Some(552)), (Some(250), Some(250))]; 5]);
        mail.quit().await.expect("QUIT");
    }
}

/// A stream, in each way: each message arrives once, byte for byte.
mod streams {
    use super::streams_arrive_whole;

    with_each_server!(streams_arrive_whole: postfix dovecot aiosmtpd nodemailer);
}

async fn streams_arrive_whole(name: &str) {
    let Some(server) = Server::get_started(name) else {
        return;
    };
    let user = server.user();
    let mut sent = Vec::new();
    let ways = [("data", Transfer::data()), ("chunks", Transfer::chunks().chunk_size(100))];
    for (way, transfer) in ways {
        let address = Address::new("127.0.0.1", server.port("PORT_LMTP")).transfer(transfer);
        let mail = Connection::connect_lmtp(&address).await.expect("a session");
        let stream: Vec<_> = (0..30).map(|number| message("lmtp", way, number)).collect();
        send(mail, user, &stream).await;
        sent.extend(stream);
    }
    let delivered = mailbox_check::wait_for(server, user, "lmtp", sent.len()).await;
    sent.sort();
    assert_eq!(delivered.len(), sent.len(), "a message was delivered twice");
    for (delivered, sent) in delivered.iter().zip(&sent) {
        assert_eq!(String::from_utf8_lossy(delivered), String::from_utf8_lossy(sent));
    }
}

/// A message, unlike all others, with dots where they matter.
fn message(first: &str, way: &str, number: usize) -> Vec<u8> {
    format!(
        "X-First: {first}\r\nMessage-ID: <{first}-{way}-{number}@example.test>\r\n\
         Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\n.\r\n.{number}\r\nthe end of {way}\r\n"
    )
    .into_bytes()
}

/// Sends a stream to a mailbox, and to one that refuses each message.
async fn send<H: Idle>(mut mail: Connection<H>, user: &str, stream: &[Vec<u8>]) {
    let envelope = envelope(&["full@example.test", user]);
    let mut taken = BTreeSet::new();
    let messages = stream.iter().map(|message| (&envelope, message));
    let delivered = mail.deliver_all(messages, |index, result| {
        let receipt = result.expect("taken");
        assert_eq!(codes(&receipt), [(Some(250), Some(552)), (Some(250), Some(250))]);
        assert!(taken.insert(index), "message {index} is told twice");
    });
    delivered.await.expect("the connection stays");
    assert_eq!(taken.len(), stream.len());
    mail.quit().await.expect("QUIT");
}

/// A hundred recipients, each with its reply.
#[tokio::test]
async fn a_hundred_recipients() {
    let Some(server) = Server::get_started("aiosmtpd") else {
        return;
    };
    let mut mail = connected(server).await;
    let names: Vec<_> = (0..100).map(|number| format!("user{number}@example.test")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let receipt = mail.deliver(&envelope(&names), BODY).await.expect("delivered");
    assert!(receipt.is_complete());
    for recipient in receipt.recipients() {
        let reply = recipient.final_reply().expect("its own").text();
        let path = recipient.path().to_string();
        assert!(reply.contains(&path), "{path} has the reply of another: {reply}");
    }
}

/// smtp-server forgets a recipient that is named twice, and sends one reply too few: the second
/// one is unknown, and the first has its reply.
#[tokio::test]
async fn a_recipient_that_is_named_twice() {
    for (name, forgets) in [("nodemailer", true), ("dovecot", false), ("aiosmtpd", false)] {
        let Some(server) = Server::get_started(name) else {
            continue;
        };
        let mut timeouts = Timeouts::default();
        if forgets {
            timeouts.end_of_data = Duration::from_secs(1);
        }
        let address = Address::new("127.0.0.1", server.port("PORT_LMTP")).timeouts(timeouts);
        let mut mail = Connection::connect_lmtp(&address).await.expect("a session");
        let result = mail.deliver(&envelope(&[server.user(); 2]), BODY).await;
        if !forgets {
            assert_eq!(codes(&result.expect("delivered")), [(Some(250), Some(250)); 2], "{name}");
            continue;
        }
        let Err(DeliverError::Unknown(unknown)) = result else {
            panic!("{result:?}");
        };
        assert!(matches!(unknown.lost().fault(), Fault::TimedOut(_)), "{unknown}");
        let [first, second] = unknown.recipients() else {
            panic!("{unknown:?}");
        };
        assert!(first.final_reply().is_some() && second.final_reply().is_none());
    }
}

/// Exim offers PRDR, and its quota is one of recipients then.
#[tokio::test]
async fn prdr() {
    let Some(server) = Server::get_started("exim") else {
        return;
    };
    let user = server.user();
    let both = envelope(&[user, "full@example.test"]);
    for lockstep in [false, true] {
        let mut address = Address::new("127.0.0.1", server.port("PORT_PLAIN"));
        if lockstep {
            address = address.ignore_capability("PIPELINING");
        }
        let mut mail = Connection::connect(&address).await.expect("a session");
        assert!(mail.capabilities().get::<Prdr>().is_some());
        let receipt = mail.deliver(&both, BODY).await.expect("delivered to one");
        assert_eq!(codes(&receipt), [(Some(250), Some(250)), (Some(250), Some(552))]);

        // One recipient: it is not asked for.
        let receipt = mail.deliver(&envelope(&[user]), BODY).await.expect("delivered");
        assert_eq!(codes(&receipt), [(Some(250), None)]);

        let mut fates = Vec::new();
        let messages = (0..5).map(|_| (&both, BODY));
        let report = |_, result: Result<Receipt, DeliverError>| {
            fates.push(codes(&result.expect("delivered to one")));
        };
        mail.deliver_all(messages, report).await.expect("the connection stays");
        assert_eq!(fates, vec![vec![(Some(250), Some(250)), (Some(250), Some(552))]; 5]);

        let result = mail.deliver(&envelope(&["full@example.test"; 2]), BODY).await;
        let Err(DeliverError::Refused(undelivered)) = result else {
            panic!("{result:?}");
        };
        assert_eq!(undelivered.recipients().len(), 2);
        mail.quit().await.expect("QUIT");
    }
    // In chunks too.
    let transfer = Transfer::chunks();
    let address = Address::new("127.0.0.1", server.port("PORT_PLAIN")).transfer(transfer);
    let mut mail = Connection::connect(&address).await.expect("a session");
    let receipt = mail.deliver(&both, BODY).await.expect("delivered to one");
    assert_eq!(codes(&receipt), [(Some(250), Some(250)), (Some(250), Some(552))]);
}
