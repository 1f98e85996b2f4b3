//! Ways to send messages: in chunks, eagerly, one or many in flight (RFC 3030, RFC 2920).

use smtp::command::{Mail, Rcpt};
use smtp::extension::BodyKind;
use smtp::state::Greeted;
use smtp::testing::{Peer, Script};
use smtp::{
    Body, Connection, DataError, DeliverError, Envelope, LineEnds, Mailbox, Policy, Transfer,
};
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

/// The places and fates of messages, in the order in which they were told.
async fn deliver_all(
    connection: &mut Connection<Greeted>,
    count: usize,
) -> (bool, Vec<(usize, &'static str)>) {
    let mut fates = Vec::new();
    let result = connection
        .deliver_all((0..count).map(message), |place, result| {
            fates.push((
                place,
                match result {
                    Ok(_) => "taken",
                    Err(DeliverError::Refused(_)) => "refused",
                    Err(DeliverError::Lost(_)) => "lost",
                    Err(DeliverError::Unknown(_)) => "unknown",
                    Err(DeliverError::NotSent(_)) => "not sent",
                },
            ));
        })
        .await;
    (result.is_ok(), fates)
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
    let result = deliver_all(&mut connection, 2).await;
    assert_eq!(result, (true, vec![(0, "taken"), (1, "taken")]));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn the_first_eager_message_goes_alone_and_then_the_window_opens() {
    let taken = "S: 250 ok\nS: 250 ok\nS: 250 taken\n";
    let reset = "S: 250 ok\n";
    let dialogue = format!(
        "{}{taken}{}C: RSET\n{}C: RSET\n{}{taken}C: RSET\n{}{reset}{taken}{reset}{taken}{reset}{taken}",
        eager(0),
        eager(1),
        eager(2),
        eager(3),
        eager(4),
    );
    // A window of three: the fifth message waits for a reply to the second.
    let transfer = Transfer::eager().window(3, 1 << 20);
    let script = Script::new(&hello(CHUNKING)).then(&dialogue).lockstep();
    let (mut connection, peer) = greeted(script).await;
    connection.set_transfer(transfer);
    let (_, fates) = deliver_all(&mut connection, 5).await;
    assert_eq!(fates, [0, 1, 2, 3, 4].map(|place| (place, "taken")));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn the_octets_in_flight_are_bounded_too() {
    let taken = "S: 250 ok\nS: 250 ok\nS: 250 taken\n";
    let one = |number| format!("{}{taken}", eager(number));
    let dialogue = (0..4).map(one).collect::<String>();
    let script = Script::new(&hello(CHUNKING)).then(&dialogue).lockstep();
    let (mut connection, peer) = greeted(script).await;
    connection.set_transfer(Transfer::eager().window(8, 3));
    let (_, fates) = deliver_all(&mut connection, 4).await;
    assert_eq!(fates.len(), 4);
    peer.finish();
}

/// In a window of three, one message is refused in each way there is: the others are taken, and
/// the server forgets the refused one before it hears of the next.
#[tokio::test(start_paused = true)]
async fn a_refused_message_of_a_window_does_not_touch_the_others() {
    for refused in [
        "S: 550 no\nS: 503 no\nS: 503 no\n",
        "S: 250 ok\nS: 550 no\nS: 503 no\n",
        "S: 250 ok\nS: 550 no\nS: 250 taken for nobody\n",
        "S: 250 ok\nS: 250 ok\nS: 554 no\n",
    ] {
        for place in 1..4 {
            let answer = |number| match number {
                _ if number == place => refused,
                _ => "S: 250 ok\nS: 250 ok\nS: 250 taken\n",
            };
            let mut dialogue = [
                &eager(0),
                answer(0),
                &eager(1),
                "C: RSET\n",
                &eager(2),
                "C: RSET\n",
                &eager(3),
                answer(1),
                "S: 250 ok\n",
                answer(2),
                "S: 250 ok\n",
                answer(3),
            ]
            .concat();
            if place == 3 {
                dialogue += "C: RSET\nS: 250 ok\n";
            }
            let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
            let (stays, fates) = deliver_all(&mut connection, 4).await;
            let fate = |number| (number, if number == place { "refused" } else { "taken" });
            assert_eq!(fates, [0, 1, 2, 3].map(fate), "{refused}");
            assert!(stays);
            peer.finish();
        }
    }
}

/// What had left whole may have arrived, unless the server says that it closes.
#[tokio::test(start_paused = true)]
async fn a_window_of_a_lost_connection() {
    let window = format!("{}C: RSET\n{}C: RSET\n{}", eager(1), eager(2), eager(3));
    let taken = "S: 250 ok\nS: 250 ok\nS: 250 taken\n";
    for (answers, end, expected) in [
        ("", "-- close --", ["unknown", "unknown", "unknown"]),
        ("S: 250 ok\nS: 250 ok\n", "-- close --", ["unknown"; 3]),
        ("S: 250 ok\nS: 550 no\n", "-- close --", ["lost", "unknown", "unknown"]),
        (taken, "-- close --", ["taken", "unknown", "unknown"]),
        (taken, "S: 421 closing", ["taken", "lost", "lost"]),
        ("", "S: 421 closing", ["lost", "lost", "lost"]),
    ] {
        let dialogue = format!("{}{taken}{window}{answers}{end}", eager(0));
        let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
        let (stays, fates) = deliver_all(&mut connection, 4).await;
        assert!(!stays);
        let [one, two, three] = expected;
        assert_eq!(fates, [(0, "taken"), (1, one), (2, two), (3, three)], "{answers}{end}");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn recipients_without_an_answer_may_have_got_a_message_that_had_left() {
    let dialogue = format!("{}S: 250 ok\n-- close --", eager(0));
    let (mut connection, _) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
    let (envelope, body) = message(0);
    match connection.deliver(&envelope, body).await {
        Err(DeliverError::Unknown(unknown)) => {
            assert_eq!(unknown.recipients()[0].outcome(), smtp::RecipientOutcome::Unknown);
        }
        other => panic!("{other:?}"),
    }
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

#[tokio::test(start_paused = true)]
async fn a_message_of_unknown_length_ends_with_an_empty_chunk() {
    let pieces: Vec<&[u8]> = vec![b"a\r\n", b"b\r\n", b"c\r\n"];
    let dialogue = "C: MAIL *\nC: RCPT *\nS: 250 ok\nS: 250 ok
                    C: BDAT 3\nC: a\nC: BDAT 3\nC: b\nC: BDAT 3\nC: c\nC: BDAT 0 LAST
                    S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 250 taken";
    let (mut connection, peer) =
        connect(Transfer::chunks().chunk_size(3), CHUNKING, dialogue).await;
    let (envelope, _) = message(0);
    let body = Body::stream(Pieces(pieces.into_iter()));
    connection.deliver(&envelope, body).await.expect("taken");
    peer.finish();
}

struct Pieces(std::vec::IntoIter<&'static [u8]>);

impl smtp::BodySource for Pieces {
    fn poll_piece(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<std::io::Result<bytes::Bytes>>> {
        std::task::Poll::Ready(self.0.next().map(|piece| Ok(bytes::Bytes::from_static(piece))))
    }
}

/// A server that refuses RSET has not said that it closes: it may take what is behind it.
#[tokio::test(start_paused = true)]
async fn a_window_whose_reset_is_refused() {
    let taken = "S: 250 ok\nS: 250 ok\nS: 250 taken\n";
    let window = format!("{}C: RSET\n{}C: RSET\n{}", eager(1), eager(2), eager(3));
    let dialogue = format!("{}{taken}{window}{taken}S: 500 what?", eager(0));
    let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
    let (stays, fates) = deliver_all(&mut connection, 4).await;
    assert!(!stays);
    assert_eq!(fates, [(0, "taken"), (1, "taken"), (2, "unknown"), (3, "unknown")]);
    peer.finish();
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

/// What is wrong with a message is said of that one, and not of those that are under way before it.
#[tokio::test(start_paused = true)]
async fn a_source_that_fails_is_no_fault_of_the_messages_before_it() {
    let taken = "S: 250 ok\nS: 250 ok\nS: 250 taken\n";
    let dialogue = format!("{}{taken}{}C: RSET\n{}", eager(0), eager(1), group(2));
    let (mut connection, _) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
    let messages = (0..3).map(|number| match message(number) {
        (envelope, _) if number == 2 => (envelope, Body::stream(Fails)),
        (envelope, body) => (envelope, Body::from(body)),
    });
    let mut faults = Vec::new();
    let result = connection
        .deliver_all(messages, |place, result| match result {
            Ok(_) => faults.push((place, "taken")),
            Err(DeliverError::Unknown(unknown)) => {
                assert!(matches!(unknown.lost().fault(), smtp::Fault::Ended));
                faults.push((place, "unknown"));
            }
            Err(DeliverError::Lost(lost)) => {
                assert!(matches!(lost.lost().fault(), smtp::Fault::Body(_) | smtp::Fault::Ended));
                let own = matches!(lost.lost().fault(), smtp::Fault::Body(_));
                faults.push((place, if own { "failed" } else { "lost" }));
            }
            Err(other) => panic!("{place}: {other}"),
        })
        .await;
    assert!(result.is_err());
    assert_eq!(faults[0], (0, "taken"));
    assert_ne!(faults[1].1, "failed");
    assert_eq!(faults[2], (2, "failed"));
}

struct Fails;

impl smtp::BodySource for Fails {
    fn poll_piece(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<std::io::Result<bytes::Bytes>>> {
        std::task::Poll::Ready(Some(Err(std::io::Error::other("gone"))))
    }
}

/// A chunk that is refused, whichever it is, ends the message; RSET ends its transaction.
#[tokio::test(start_paused = true)]
async fn a_chunk_that_is_refused_ends_the_message() {
    for (pipelining, refused) in [(true, 0), (true, 2), (false, 0), (false, 1), (false, 2)] {
        let answer = |chunk| match chunk {
            _ if chunk < refused => "S: 250 ok\n",
            _ => "S: 552 5.3.4 too big\n",
        };
        let chunks = ["C: BDAT 3\nC: a\n", "C: BDAT 3\nC: b\n", "C: BDAT 3 LAST\nC: c\n"];
        let opened = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\n";
        let rest = if pipelining {
            chunks.concat() + &(0..3).map(answer).collect::<String>()
        } else {
            (0..=refused).map(|chunk| chunks[chunk].to_owned() + answer(chunk)).collect()
        };
        let dialogue = format!("{opened}{rest}C: RSET\nS: 250 ok");
        let offers = if pipelining { CHUNKING } else { &["CHUNKING"] };
        let transfer = Transfer::chunks().chunk_size(3);
        let (mut connection, peer) = connect(transfer.clone(), offers, &dialogue).await;
        let (envelope, _) = message(0);
        match connection.deliver(&envelope, "a\r\nb\r\nc\r\n").await {
            Err(DeliverError::Refused(undelivered)) => {
                let reply = undelivered.refusal().reply().expect("the server's");
                assert_eq!(reply.code().value(), 552);
            }
            other => panic!("{pipelining} {refused}: {other:?}"),
        }
        peer.finish();

        let (connection, peer) = connect(transfer, offers, &dialogue).await;
        let mut transaction = connection.mail(Mail::from(me())).await.expect("MAIL");
        transaction.rcpt(Rcpt::to(me())).await.expect("RCPT");
        match transaction.bdat("a\r\nb\r\nc\r\n").await {
            Err(DataError::Refused(refused)) => {
                assert_eq!(refused.refusal.reply().map(|reply| reply.code().value()), Some(552));
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
async fn a_policy_sees_the_recipients_before_any_content_leaves() {
    let dialogue = "C: MAIL *\nC: RCPT *\nC: RCPT *\nS: 250 ok\nS: 250 ok\nS: 550 no
                    C: RSET\nS: 250 ok";
    let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, dialogue).await;
    let envelope = Envelope::new("me@example.com", ["a@example.org", "b@example.org"])
        .expect("addresses")
        .policy(Policy::AllOrNothing);
    let result = connection.deliver(&envelope, "secret\r\n").await;
    assert!(matches!(result, Err(DeliverError::Refused(_))), "{result:?}");
    assert!(!String::from_utf8_lossy(&peer.written()).contains("secret"));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_binary_message_is_sent_as_it_is() {
    let octets: &[u8] = b".\n\0\xff\r.\r\n";
    let script = Script::new(&hello(&["PIPELINING", "CHUNKING", "BINARYMIME", "SIZE"]))
        .then(
            "C: MAIL FROM:<me@example.com> SIZE=8 BODY=BINARYMIME\nC: RCPT *\nS: 250 ok\nS: 250 ok",
        )
        .client_raw([b"BDAT 8 LAST\r\n", octets].concat())
        .then("S: 250 taken");
    let (mut connection, peer) = greeted(script).await;
    let (envelope, _) = message(0);
    let body = Body::from(octets).line_ends(LineEnds::Binary);
    connection.deliver(&envelope, body).await.expect("taken");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_binary_message_for_a_server_that_takes_none_is_not_sent() {
    for (offers, missing) in [
        (CHUNKING, "BINARYMIME"),
        (&["PIPELINING", "BINARYMIME"][..], "CHUNKING"),
        (&[], "BINARYMIME"),
    ] {
        let (mut connection, peer) = connect(Transfer::data(), offers, "").await;
        let (envelope, _) = message(0);
        let body = Body::from("a\r\n").line_ends(LineEnds::Binary);
        match connection.deliver(&envelope, body).await {
            Err(DeliverError::Refused(undelivered)) => {
                let refusal = undelivered.refusal();
                let keyword = refusal.encode_error().and_then(|error| error.missing_keyword());
                assert_eq!(keyword, Some(missing));
            }
            other => panic!("{other:?}"),
        }
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_sends_its_message_in_chunks() {
    let dialogue = "C: MAIL FROM:<me@example.com> BODY=BINARYMIME\nS: 250 ok
                    C: RCPT *\nS: 250 ok
                    C: BDAT 2 LAST\nC: \nS: 250 queued as Q\nC: QUIT";
    let offers = ["CHUNKING", "BINARYMIME"];
    let (connection, peer) = connect(Transfer::data(), &offers, dialogue).await;
    let mail = Mail::from(me()).body(BodyKind::BinaryMime);
    let mut transaction = connection.mail(mail).await.expect("MAIL");
    transaction.rcpt(Rcpt::to(me())).await.expect("RCPT");
    let body = Body::from("\r\n").line_ends(LineEnds::Binary);
    let (connection, receipt) = transaction.bdat(body).await.expect("taken");
    assert_eq!(receipt.queue_id().as_deref(), Some("Q"));
    drop(connection.quit().await);
    peer.finish();

    let dialogue = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: RSET\nS: 250 ok";
    let (connection, peer) = connect(Transfer::data(), &[], dialogue).await;
    let mut transaction = connection.mail(Mail::from(me())).await.expect("MAIL");
    transaction.rcpt(Rcpt::to(me())).await.expect("RCPT");
    match transaction.bdat("a\r\n").await {
        Err(DataError::Refused(refused)) => assert!(refused.refusal.is_local()),
        other => panic!("{other:?}"),
    }
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn what_a_server_lists_and_cannot_do_is_told_off() {
    let dialogue = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go
                    C: 0\nC: .\nS: 250 taken";
    let script = Script::new(&hello(CHUNKING)).then(dialogue).lockstep();
    let (stream, peer) = script.start();
    let server = server()
        .transfer(Transfer::eager())
        .ignore_capability("CHUNKING")
        .ignore_capability("pipelining");
    let mut connection = Connection::over(stream, &server).await.expect("EHLO");
    let (envelope, body) = message(0);
    connection.deliver(&envelope, body).await.expect("taken");
    peer.finish();
}
