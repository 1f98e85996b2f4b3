//! MAIL, RCPT and DATA in one flight, and the result of each answer (RFC 2920).

use std::sync::{Arc, Mutex};

use smtp::command::Noop;
use smtp::error::{Blame, DeliveryLost, Fault};
use smtp::state::Greeted;
use smtp::trace::Event;
use smtp::{DeliverError, Envelope, Receipt};
use tests::{answer_each, greeted, script};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;

const GROUP: &str = "C: MAIL FROM:<me@example.com>
                     C: RCPT TO:<a@example.org>
                     C: RCPT TO:<b@example.org>
                     C: DATA\n";

fn envelope() -> Envelope {
    Envelope::new("me@example.com", ["a@example.org", "b@example.org"]).expect("addresses")
}

/// Delivers over a connection whose server answers with this dialogue, and then goes on.
async fn deliver(offers: &[&str], dialogue: &str) -> Result<Receipt, DeliverError> {
    let dialogue = format!("{dialogue}C: NOOP\nS: 250 ok");
    let (mut connection, peer) = greeted(script(offers, &dialogue)).await;
    let result = connection.deliver(&envelope(), "content\r\n").await;
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
    result
}

#[tokio::test(start_paused = true)]
async fn one_flight_before_the_message() {
    // The script does not answer before it has the whole group.
    let dialogue = format!(
        "{GROUP}S: 250 ok\nS: 250 ok\nS: 550 no\nS: 354 go\nC: content\nC: .\nS: 250 queued as Q\n"
    );
    let receipt = deliver(&["PIPELINING"], &dialogue).await.expect("delivered");
    assert_eq!(receipt.accepted().count(), 1);
    assert_eq!(receipt.queue_id().as_deref(), Some("Q"));
}

/// Delivers over a connection that ends with this dialogue.
async fn deliver_and_end(dialogue: &str) -> DeliveryLost {
    let (mut connection, peer) = greeted(script(&["PIPELINING"], dialogue)).await;
    let result = connection.deliver(&envelope(), "content\r\n").await;
    let Err(DeliverError::Lost(lost)) = result else {
        panic!("{result:?}");
    };
    peer.finish();
    assert!(peer.is_closed());
    lost
}

const RESET: &str = "C: RSET\nS: 250 ok\n";

/// Replies to MAIL, to two recipients and to DATA.
#[derive(Clone, Copy, Debug)]
struct Answers {
    mail: u16,
    rcpts: [u16; 2],
    data: u16,
}

impl Answers {
    fn accepted(self) -> usize {
        self.rcpts.iter().filter(|code| **code < 300).count()
    }

    fn group(self) -> String {
        let Self { mail, rcpts: [first, second], data } = self;
        format!("{GROUP}S: {mail} m\nS: {first} a\nS: {second} b\nS: {data} d\n")
    }

    fn in_one_flight(self) -> String {
        self.group()
            + match (self.mail, self.accepted(), self.data) {
                (250, 1.., 354) => "C: content\nC: .\nS: 250 ok\n",
                (_, 0, 354) => "C: .\nS: 554 nobody\nC: RSET\nS: 250 ok\n",
                // No transaction is open, with any reply to RCPT and DATA.
                (300.., 0, _) => "",
                _ => RESET,
            }
    }

    fn one_at_a_time(self) -> String {
        let Self { mail, rcpts: [first, second], data } = self;
        let asked = format!("C: MAIL *\nS: {mail} m\n");
        if mail != 250 {
            return asked;
        }
        let named = format!("{asked}C: RCPT *\nS: {first} a\nC: RCPT *\nS: {second} b\n");
        if self.accepted() == 0 {
            return named + RESET;
        }
        let end = if data == 354 { "C: content\nC: .\nS: 250 ok\n" } else { RESET };
        format!("{named}C: DATA\nS: {data} d\n{end}")
    }
}

/// Every answer to MAIL, to two recipients and to DATA: the same result in one flight and one at a
/// time, and content for accepted recipients only.
#[tokio::test(start_paused = true)]
async fn every_answer_has_its_end() {
    let mut abandoned = 0;
    for mail in [250, 451, 550] {
        for rcpts in [[250, 250], [251, 550], [450, 250], [550, 452], [503, 503]] {
            for data in [354, 451, 503, 554] {
                let answers = Answers { mail, rcpts, data };
                let stepwise = deliver(&[], &answers.one_at_a_time()).await;
                if mail > 250 && answers.accepted() > 0 && data == 354 {
                    abandoned += 1;
                    abandons(answers, &stepwise).await;
                    continue;
                }
                let pipelined = deliver(&["PIPELINING"], &answers.in_one_flight()).await;
                match (&pipelined, &stepwise) {
                    (Ok(one), Ok(other)) => {
                        assert_eq!((mail, data), (250, 354), "{answers:?}");
                        assert_eq!(one.accepted().count(), answers.accepted(), "{answers:?}");
                        assert_eq!(other.accepted().count(), answers.accepted(), "{answers:?}");
                    }
                    (Err(DeliverError::Refused(one)), Err(DeliverError::Refused(other))) => {
                        assert_eq!(one.refusal(), other.refusal(), "{answers:?}");
                        assert_eq!(one.is_transient(), other.is_transient(), "{answers:?}");
                    }
                    _ => panic!("{answers:?}: {pipelined:?} and {stepwise:?}"),
                }
            }
        }
    }
    assert_eq!(abandoned, 6);
}

/// The server waits for a message, without a sender and for recipients that it has accepted: a dot
/// would deliver an empty one, so the connection is closed. The refusals are the same.
async fn abandons(answers: Answers, stepwise: &Result<Receipt, DeliverError>) {
    let lost = deliver_and_end(&answers.group()).await;
    assert!(matches!(lost.lost().fault(), Fault::Abandoned), "{answers:?}: {lost}");
    let Err(DeliverError::Refused(undelivered)) = stepwise else {
        panic!("{answers:?}: {stepwise:?}");
    };
    assert_eq!(lost.lost().refusal(), Some(undelivered.refusal()), "{answers:?}");
    assert_eq!(lost.lost().reply().map(|reply| reply.code().value()), Some(answers.mail));
    assert_eq!(lost.lost().blame(), Blame::Server, "{answers:?}");
    assert_eq!(lost.is_transient(), undelivered.is_transient(), "{answers:?}: {lost}");
    for (recipient, code) in lost.recipients().iter().zip(answers.rcpts) {
        assert_eq!(recipient.is_accepted(), code < 300, "{answers:?}");
        // The fate of a recipient without a sender follows from that refusal.
        let refusal = recipient.refusal().expect("refused");
        assert_eq!(Some(refusal), lost.lost().refusal(), "{answers:?}");
        assert_eq!(recipient.rcpt().map(|reply| reply.code().value()), Some(code), "{answers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_of_nothing_is_no_success() {
    // A server that takes an empty message without recipients has still delivered nothing.
    let dialogue = format!(
        "{GROUP}S: 250 ok\nS: 550 no\nS: 550 no\nS: 354 go\nC: .\nS: 250 taken\nC: RSET\nS: 250 ok\n"
    );
    let result = deliver(&["PIPELINING"], &dialogue).await;
    assert!(matches!(result, Err(DeliverError::Refused(_))), "{result:?}");
}

#[tokio::test(start_paused = true)]
async fn a_recipient_that_cannot_be_written_is_left_out() {
    let dialogue = "C: MAIL FROM:<me@example.com>
                    C: RCPT TO:<a@example.org>
                    C: DATA
                    S: 250 ok
                    S: 250 ok
                    S: 354 go
                    C: x
                    C: .
                    S: 250 ok";
    let (mut connection, peer) = greeted(script(&["PIPELINING"], dialogue)).await;
    let recipients = ["\u{7528}@example.org", "a@example.org"];
    let envelope = Envelope::new("me@example.com", recipients).expect("addresses");
    let receipt = connection.deliver(&envelope, "x\r\n").await.expect("for one");
    assert!(receipt.recipients()[0].refusal().is_some_and(smtp::Refusal::is_local));
    assert!(receipt.recipients()[1].is_accepted());
    peer.finish();

    // When it is the only one, nothing is sent at all.
    let (mut connection, peer) = greeted(script(&["PIPELINING"], "C: NOOP\nS: 250 ok")).await;
    let envelope = Envelope::new("me@example.com", ["\u{7528}@example.org"]).expect("addresses");
    let result = connection.deliver(&envelope, "x\r\n").await;
    let Err(DeliverError::Refused(undelivered)) = result else {
        panic!("{result:?}");
    };
    assert_eq!(undelivered.refusal().command(), "RCPT");
    assert!(undelivered.refusal().is_local() && !undelivered.is_transient(), "{undelivered}");
    assert_eq!(undelivered.recipients()[0].refusal(), Some(undelivered.refusal()));
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_in_the_group_has_delivered_nothing() {
    for answers in ["", "S: 250 ok\n", "S: 250 ok\nS: 250 ok\nS: 250 ok\n"] {
        for end in ["-- close --", "S: 421 closing", "-- reset --"] {
            let dialogue = format!("{GROUP}{answers}{end}");
            let (mut connection, peer) = greeted(script(&["PIPELINING"], &dialogue)).await;
            let result = connection.deliver(&envelope(), "content\r\n").await;
            let Err(DeliverError::Lost(lost)) = result else {
                panic!("{answers}{end}: {result:?}");
            };
            assert!(lost.is_transient(), "{lost}");
            assert!(!String::from_utf8_lossy(&peer.written()).contains("content"));
        }
    }
}

/// Reading goes on while writing waits: neither side can block the other, however much both say and
/// however little the buffers between them hold.
#[tokio::test]
async fn a_hundred_thousand_recipients_through_small_buffers() {
    const MANY: usize = 100_000;
    let (client, server) = small_sockets().await;
    let server = tokio::spawn(answer_each(server, "250 ok"));
    let said = Arc::new(Mutex::new(0_u64));
    let counter = Arc::clone(&said);
    let address = tests::server().observer(move |event: &Event<'_>| {
        if let Event::Sent(_) = event {
            *counter.lock().expect("one thread") += 1;
        }
    });
    let mut connection = smtp::Connection::from_stream(client, &address).await.expect("EHLO");
    let recipients = (0..MANY).map(|number| format!("recipient{number}@example.org"));
    let envelope = Envelope::new("me@example.com", recipients).expect("addresses");
    let receipt = connection.deliver(&envelope, "x\r\n").await.expect("delivered");
    assert_eq!(receipt.accepted().count(), MANY);
    assert_eq!(*said.lock().expect("one thread"), MANY as u64 + 3);
    connection.quit().await.expect("QUIT");
    assert_eq!(server.await.expect("a server"), MANY);
}

/// A server for a client that writes into a buffer of 16 bytes, and the lines that the client sent
/// and received.
async fn observed(mail: &'static str) -> (smtp::Connection<Greeted>, JoinHandle<usize>, Lines) {
    let (client, server) = tokio::io::duplex(16);
    let server = tokio::spawn(answer_each(server, mail));
    let lines = Lines::default();
    let seen = Arc::clone(&lines);
    let address = tests::server().observer(move |event: &Event<'_>| {
        if let Event::Sent(line) | Event::Received(line) = event {
            seen.lock().expect("one thread").push(line.to_string());
        }
    });
    let connection = smtp::Connection::from_stream(client, &address).await.expect("EHLO");
    (connection, server, lines)
}

type Lines = Arc<Mutex<Vec<String>>>;

/// An address of so many bytes, of which no more than the last label is not full.
fn address(number: usize, bytes: usize) -> String {
    let label = "x".repeat(63);
    let last = bytes - 64 - 1 - 2 * (63 + 1);
    format!("{number:064}@{label}.{label}.{}", "x".repeat(last))
}

/// The last recipient is the first for which there is no room, and meanwhile the sender is refused.
#[tokio::test]
async fn a_transaction_refused_while_the_last_recipient_waits_sends_no_data() {
    const MAX_QUEUED_BYTES: usize = 256 * 1024;
    let mail = "MAIL FROM:<me@example.com>\r\n".len();
    // Lines of 256 bytes, but for the first: MAIL and that one are as long as one of the others.
    let bytes = |number| if number == 0 { 256 - mail } else { 256 } - "RCPT TO:<>\r\n".len();
    let recipients = (0..=MAX_QUEUED_BYTES / 256).map(|number| address(number, bytes(number)));
    let envelope = Envelope::new("me@example.com", recipients).expect("addresses");
    let (mut connection, server, lines) = observed("550 no").await;
    let result = connection.deliver(&envelope, "x\r\n").await;
    let Err(DeliverError::Refused(undelivered)) = result else {
        panic!("{result:?}");
    };
    assert_eq!(undelivered.refusal().reply().map(|reply| reply.code().value()), Some(550));
    connection.quit().await.expect("QUIT");
    assert_eq!(server.await.expect("a server"), MAX_QUEUED_BYTES / 256 + 1);
    let lines = lines.lock().expect("one thread");
    assert!(!lines.iter().any(|line| line == "DATA"), "nobody would get the message");
}

#[tokio::test]
async fn an_observer_sees_also_the_replies_that_no_call_reads() {
    let (mut connection, server, lines) = observed("250 2.1.0 sender").await;
    lines.lock().expect("one thread").clear();
    let envelope = envelope();
    let messages = [(&envelope, "x\r\n"), (&envelope, "x\r\n")];
    connection.deliver_all(messages, |_, receipt| assert!(receipt.is_ok())).await.expect("sent");
    connection.quit().await.expect("QUIT");
    assert_eq!(server.await.expect("a server"), 4);
    let mut lines = std::mem::take(&mut *lines.lock().expect("one thread"));
    lines.retain(|line| line.starts_with(|first: char| first.is_ascii_digit()));
    let group = |first: usize| {
        [
            "250 2.1.0 sender".to_owned(),
            format!("250 2.1.5 recipient number {first} is one that we like very much"),
            format!("250 2.1.5 recipient number {} is one that we like very much", first + 1),
            "354 go".to_owned(),
        ]
    };
    let ok = || std::iter::once("250 ok".to_owned());
    // The first message, RSET, the second one.
    let expected = group(1).into_iter().chain(ok()).chain(ok()).chain(group(3)).chain(ok());
    assert_eq!(lines, expected.collect::<Vec<_>>());
}

/// Two ends of a TCP connection whose buffers hold 4 KiB (the system may take twice that).
async fn small_sockets() -> (TcpStream, TcpStream) {
    let small = || {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_send_buffer_size(4096).expect("a small buffer");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        socket
    };
    let listener = small();
    listener.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let listener = listener.listen(1).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let (client, server) = tokio::join!(small().connect(address), listener.accept());
    (client.expect("a connection"), server.expect("a connection").0)
}
