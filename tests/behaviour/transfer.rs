//! Ways to send messages: in chunks, eagerly, one or many in flight (RFC 3030, RFC 2920).

mod binary;
mod eager;

use std::cmp::Ordering;

use smtp::command::{Mail, Noop, Rcpt};
use smtp::connection::{DataError, Stopped};
use smtp::state::Greeted;
use smtp::testing::{Peer, Script};
use smtp::{Body, Connection, DeliverError, Envelope, Lost, Mailbox, Receipt, Refusal, Transfer};
use tests::{greeted, hello, script, server};

const CHUNKING: &[&str] = &["PIPELINING", "CHUNKING"];

fn message(number: usize) -> (Envelope, String) {
    let envelope = Envelope::new("me@example.com", [format!("you{number}@example.org")]);
    (envelope.expect("addresses"), format!("{number}\r\n"))
}

/// The commands before a message, as one flight.
fn group(number: usize) -> String {
    format!("C: MAIL FROM:<me@example.com>\nC: RCPT TO:<you{number}@example.org>\n")
}

/// A message in one chunk.
fn chunk(number: usize) -> String {
    format!("C: BDAT 3 LAST\nC: {number}\n")
}

/// A message that leaves with its commands.
fn eager(number: usize) -> String {
    group(number) + &chunk(number)
}

async fn connect(
    transfer: Transfer,
    offers: &[&str],
    dialogue: &str,
) -> (Connection<Greeted>, Peer) {
    let (mut connection, peer) = greeted(script(offers, dialogue)).await;
    connection.set_transfer(transfer);
    (connection, peer)
}

fn fate(result: &Result<Receipt, DeliverError>) -> &'static str {
    match result {
        Ok(_) => "taken",
        Err(DeliverError::Refused(_)) => "refused",
        Err(DeliverError::Lost(_)) => "lost",
        Err(DeliverError::Unknown(_)) => "unknown",
        Err(DeliverError::NotSent(_)) => "not sent",
    }
}

/// The indices and fates of messages, in the order in which they were reported.
async fn deliver_all(
    connection: &mut Connection<Greeted>,
    count: usize,
) -> (Result<Stopped, Lost>, Vec<(usize, &'static str)>) {
    let mut fates = Vec::new();
    let result = connection
        .deliver_all((0..count).map(message), |index, result| fates.push((index, fate(&result))))
        .await;
    (result, fates)
}

#[tokio::test(start_paused = true)]
async fn a_chunk_and_the_commands_of_the_next_message_are_one_flight() {
    let dialogue = format!(
        "{}S: 250 ok\nS: 250 ok\n
         {}C: RSET\n{}
         S: 250 taken\nS: 250 ok\nS: 250 ok\nS: 250 ok\n
         {}S: 250 taken",
        group(0),
        chunk(0),
        group(1),
        chunk(1),
    );
    let (mut connection, peer) = connect(Transfer::chunks(), CHUNKING, &dialogue).await;
    let (stopped, fates) = deliver_all(&mut connection, 2).await;
    assert_eq!(stopped.expect("the connection stays"), Stopped::Exhausted);
    assert_eq!(fates, [(0, "taken"), (1, "taken")]);
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn without_pipelining_everything_waits_for_its_reply() {
    let dialogue = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok
                    C: BDAT 3\nC: a\nS: 250 ok
                    C: BDAT 3\nC: b\nS: 250 ok
                    C: BDAT 3 LAST\nC: c\nS: 250 taken";
    for transfer in [Transfer::chunks(), Transfer::eager()] {
        let script = Script::new(&hello(&["CHUNKING"])).then(dialogue).lockstep();
        let (mut connection, peer) = greeted(script).await;
        connection.set_transfer(transfer.chunk_size(3));
        let (envelope, _) = message(0);
        connection.deliver(&envelope, "a\r\nb\r\nc\r\n").await.expect("taken");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn without_chunking_there_is_data() {
    let dialogue =
        format!("{}C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: 0\nC: .\nS: 250 taken", group(0));
    for transfer in [Transfer::chunks(), Transfer::eager()] {
        let (mut connection, peer) = connect(transfer, &["PIPELINING"], &dialogue).await;
        let (envelope, body) = message(0);
        connection.deliver(&envelope, body).await.expect("taken");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn chunks_are_counted_and_their_dots_are_not_doubled() {
    let dialogue = "C: MAIL *\nC: RCPT *\nS: 250 ok\nS: 250 ok
                    C: BDAT 6\nC: .\nC: a\nC: BDAT 4 LAST\nC: .b\nS: 250 ok\nS: 250 taken";
    let (mut connection, peer) =
        connect(Transfer::chunks().chunk_size(6), CHUNKING, dialogue).await;
    let (envelope, _) = message(0);
    // A line end is completed, and counted.
    connection.deliver(&envelope, ".\r\na\n.b").await.expect("taken");
    peer.finish();
}

/// A message in memory, ready to be sent, is in as few chunks as it fits into.
#[tokio::test(start_paused = true)]
async fn a_message_that_just_fits_is_one_chunk() {
    let rows = [
        (7, "C: BDAT 6 LAST\nC: a\nC: b\nS: 250 taken"),
        (6, "C: BDAT 6 LAST\nC: a\nC: b\nS: 250 taken"),
        (3, "C: BDAT 3\nC: a\nC: BDAT 3 LAST\nC: b\nS: 250 ok\nS: 250 taken"),
    ];
    for (size, chunks) in rows {
        let dialogue = format!("C: MAIL *\nC: RCPT *\nS: 250 ok\nS: 250 ok\n{chunks}");
        let transfer = Transfer::chunks().chunk_size(size);
        let (mut connection, peer) = connect(transfer, CHUNKING, &dialogue).await;
        let (envelope, _) = message(0);
        connection.deliver(&envelope, "a\r\nb\r\n").await.expect("taken");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_of_unknown_length_ends_with_an_empty_chunk() {
    let pieces: Vec<&[u8]> = vec![b"a\r\n", b"b\r\n", b"c\r\n"];
    let dialogue = "C: MAIL *\nC: RCPT *\nS: 250 ok\nS: 250 ok
                    C: BDAT 3\nC: a\nC: BDAT 3\nC: b\nC: BDAT 3\nC: c\nC: BDAT 0 LAST
                    S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 250 taken";
    let (mut connection, peer) =
        connect(Transfer::chunks().chunk_size(3), CHUNKING, dialogue).await;
    let (envelope, _) = message(0);
    let body = Body::stream(ChunkedSource(pieces.into_iter()));
    connection.deliver(&envelope, body).await.expect("taken");
    peer.finish();
}

struct ChunkedSource(std::vec::IntoIter<&'static [u8]>);

impl smtp::message::BodySource for ChunkedSource {
    fn poll_piece(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<std::io::Result<bytes::Bytes>>> {
        std::task::Poll::Ready(self.0.next().map(|piece| Ok(bytes::Bytes::from_static(piece))))
    }
}

/// All chunks have left, and no reply to any of them came.
#[tokio::test(start_paused = true)]
async fn a_message_in_chunks_may_have_arrived_when_the_connection_is_lost() {
    let opened = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\n";
    let chunks = "C: BDAT 3\nC: a\nC: BDAT 3 LAST\nC: b\n";
    for (end, unknown) in [
        ("-- close --", true),
        ("S: 250 ok\n-- close --", true),
        ("S: 421 closing", false),
        ("S: 552 no\n-- close --", false),
    ] {
        let dialogue = format!("{opened}{chunks}{end}");
        let transfer = Transfer::chunks().chunk_size(3);
        let (connection, peer) = connect(transfer, CHUNKING, &dialogue).await;
        let mut transaction = connection.mail(Mail::from(me())).await.expect("MAIL");
        transaction.rcpt(Rcpt::to(me())).await.expect("RCPT");
        let result = transaction.bdat("a\r\nb\r\n").await;
        match result {
            Err(DataError::Unknown(_)) => assert!(unknown, "{end}"),
            Err(DataError::Lost(_)) => assert!(!unknown, "{end}"),
            other => panic!("{end}: {other:?}"),
        }
        peer.finish();
    }
}

/// A refused chunk, the first or a later one, ends the message, with any reply to the chunks after
/// it; RSET ends its transaction.
#[tokio::test(start_paused = true)]
async fn a_chunk_that_is_refused_ends_the_message() {
    let (no, ok) = ("S: 552 5.3.4 too big\n", "S: 250 ok\n");
    for (pipelining, refused, after) in [
        (true, 0, no),
        (true, 0, "S: 503 no\n"),
        (true, 0, ok),
        (true, 1, ok),
        (true, 2, ok),
        (false, 0, ok),
        (false, 1, ok),
        (false, 2, ok),
    ] {
        let answer = |chunk: usize| match chunk.cmp(&refused) {
            Ordering::Less => ok,
            Ordering::Equal => no,
            Ordering::Greater => after,
        };
        let chunks = ["C: BDAT 3\nC: a\n", "C: BDAT 3\nC: b\n", "C: BDAT 3 LAST\nC: c\n"];
        let opened = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\n";
        let rest = if pipelining {
            chunks.concat() + &(0..3).map(answer).collect::<String>()
        } else {
            (0..=refused).map(|chunk| chunks[chunk].to_owned() + answer(chunk)).collect()
        };
        let dialogue = format!("{opened}{rest}C: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok");
        let offers = if pipelining { CHUNKING } else { &["CHUNKING"] };
        let transfer = Transfer::chunks().chunk_size(3);
        let (mut connection, peer) = connect(transfer.clone(), offers, &dialogue).await;
        let (envelope, _) = message(0);
        match connection.deliver(&envelope, "a\r\nb\r\nc\r\n").await {
            Err(DeliverError::Refused(undelivered)) => {
                let reply = undelivered.refusal().reply().expect("the server's");
                assert_eq!(reply.code().value(), 552);
                let command = if refused == 2 { Refusal::END_OF_DATA } else { "BDAT" };
                assert_eq!(undelivered.refusal().command(), command);
            }
            other => panic!("{pipelining} {refused}: {other:?}"),
        }
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();

        let (connection, peer) = connect(transfer, offers, &dialogue).await;
        let mut transaction = connection.mail(Mail::from(me())).await.expect("MAIL");
        transaction.rcpt(Rcpt::to(me())).await.expect("RCPT");
        match transaction.bdat("a\r\nb\r\nc\r\n").await {
            Err(DataError::Refused(mut refused)) => {
                assert_eq!(refused.refusal.reply().map(|reply| reply.code().value()), Some(552));
                assert_eq!(refused.recipients[0].refusal(), Some(&refused.refusal));
                refused.connection.send(Noop).await.expect("after the transaction");
            }
            other => panic!("{pipelining} {refused}: {other:?}"),
        }
        peer.finish();
    }
}

fn me() -> Mailbox {
    "me@example.com".parse().expect("an address")
}

#[tokio::test(start_paused = true)]
async fn an_extension_that_does_not_work_is_switched_off() {
    let dialogue = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go
                    C: 0\nC: .\nS: 250 taken";
    let script = Script::new(&hello(CHUNKING)).then(dialogue).lockstep();
    let (stream, peer) = script.start();
    let server = server()
        .transfer(Transfer::eager())
        .ignore_capability("CHUNKING")
        .ignore_capability("pipelining");
    let mut connection = Connection::from_stream(stream, &server).await.expect("EHLO");
    let (envelope, body) = message(0);
    connection.deliver(&envelope, body).await.expect("taken");
    peer.finish();
}
