//! MAIL, RCPT and DATA in one flight, and what comes of each answer (RFC 2920).

use std::sync::{Arc, Mutex};

use smtp::command::Noop;
use smtp::{DeliverError, Envelope, Receipt};
use tests::{answer_each, greeted, script};
use tokio::net::{TcpSocket, TcpStream};

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

/// Every answer to MAIL, to two recipients and to DATA: the same result in one flight and one at a
/// time, and content for somebody alone.
#[tokio::test(start_paused = true)]
async fn every_answer_has_its_end() {
    for mail in [250, 451, 550] {
        for rcpts in [[250, 250], [251, 550], [450, 250], [550, 452], [503, 503]] {
            for data in [354, 451, 503, 554] {
                let accepted = rcpts.iter().filter(|code| **code < 300).count();
                let end = match (mail, accepted, data) {
                    (250, 1.., 354) => "C: content\nC: .\nS: 250 ok\n",
                    (_, _, 354) => "C: .\nS: 554 nobody\nC: RSET\nS: 250 ok\n",
                    _ => "C: RSET\nS: 250 ok\n",
                };
                let [first, second] = rcpts;
                let group =
                    format!("{GROUP}S: {mail} m\nS: {first} a\nS: {second} b\nS: {data} d\n");
                let pipelined = deliver(&["PIPELINING"], &(group + end)).await;

                let asked = format!("C: RCPT *\nS: {first} a\nC: RCPT *\nS: {second} b\n");
                let opened = format!("C: DATA\nS: {data} d\n{end}");
                let steps = match (mail, accepted) {
                    (250, 0) => asked + "C: RSET\nS: 250 ok\n",
                    (250, _) => asked + &opened,
                    _ => String::new(),
                };
                let steps = format!("C: MAIL *\nS: {mail} m\n{steps}");
                let stepwise = deliver(&[], &steps).await;

                let case = format!("{mail} {rcpts:?} {data}");
                match (&pipelined, &stepwise) {
                    (Ok(one), Ok(other)) => {
                        assert_eq!((mail, data), (250, 354), "{case}");
                        assert_eq!(one.accepted().count(), accepted, "{case}");
                        assert_eq!(other.accepted().count(), accepted, "{case}");
                    }
                    (Err(DeliverError::Refused(one)), Err(DeliverError::Refused(other))) => {
                        assert_eq!(one.refusal(), other.refusal(), "{case}");
                    }
                    _ => panic!("{case}: {pipelined:?} and {stepwise:?}"),
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_of_nothing_is_no_success() {
    // A server that takes an empty message for nobody has still delivered nothing.
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
    assert!(receipt.recipients()[0].outcome().is_err_and(smtp::Refusal::is_local));
    assert!(receipt.recipients()[1].outcome().is_ok());
    peer.finish();

    let dialogue = "C: MAIL *\nS: 250 ok\nC: RSET\nS: 250 ok";
    let (mut connection, peer) = greeted(script(&["PIPELINING"], dialogue)).await;
    let envelope = Envelope::new("me@example.com", ["\u{7528}@example.org"]).expect("addresses");
    let result = connection.deliver(&envelope, "x\r\n").await;
    assert!(matches!(result, Err(DeliverError::Refused(_))), "{result:?}");
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
    let address = tests::server().observer(move |event: &smtp::Event<'_>| {
        if let smtp::Event::Sent(_) = event {
            *counter.lock().expect("one thread") += 1;
        }
    });
    let mut connection = smtp::Connection::over(client, &address).await.expect("EHLO");
    let recipients = (0..MANY).map(|number| format!("recipient{number}@example.org"));
    let envelope = Envelope::new("me@example.com", recipients).expect("addresses");
    let receipt = connection.deliver(&envelope, "x\r\n").await.expect("delivered");
    assert_eq!(receipt.accepted().count(), MANY);
    assert_eq!(*said.lock().expect("one thread"), MANY as u64 + 3);
    connection.quit().await.expect("QUIT");
    assert_eq!(server.await.expect("a server"), MANY);
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
