//! Deliveries of messages that the server has in part: they go on from there (RFC 1845 §4).

use std::convert::Infallible;
use std::io;

use smtp::command::Noop;
use smtp::error::CheckpointError;
use smtp::extension::Prdr;
use smtp::message::LineEnds;
use smtp::testing::Script;
use smtp::{Body, Connection, DeliverError, Envelope, Policy, Transfer};
use tests::{Fate as _, greeted, script, server, slow};
use tokio::io::{
    AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream, DuplexStream,
};

use super::{OFFERS, mail, rcpt};

fn envelope() -> Envelope {
    Envelope::from_mail(mail()).recipient(rcpt())
}

/// The dialogue up to the content: no recipient is named.
fn resumed(offset: u64) -> String {
    format!(
        "C: MAIL FROM:<me@example.test> TRANSID=<17@client.example>
         S: 355 {offset} is the transaction offset\n"
    )
}

const AFTER: &str = "C: NOOP\nS: 250 ok";

/// The message, the offset, and the lines of the rest after DATA, dots doubled.
const DATA: &[(&str, u64, &[&str])] = &[
    ("one\r\ntwo\r\n", 0, &["one", "two"]),
    ("one\r\ntwo\r\n", 5, &["two"]),
    ("one\r\ntwo\r\n", 10, &[]),
    // Line ends are counted as they leave.
    ("one\ntwo\nthree\n", 5, &["two", "three"]),
    ("one\ntwo\nthree", 10, &["three"]),
    ("one\ntwo", 10, &[]),
    // Doubled dots are not counted.
    (".one\r\n.two\r\n", 6, &["..two"]),
    ("one\n.\n.two", 8, &["..two"]),
];

fn kinds(text: &'static str) -> [(&'static str, Body<'static>); 5] {
    let (half, rest) = text.split_at(text.len() / 2);
    let bytes = (0..text.len()).map(|at| (1, Some(&text[at..=at])));
    [
        ("borrowed", text.into()),
        ("owned", text.to_owned().into()),
        ("stream", slow([(0, Some(half)), (20, Some(rest))])),
        ("bytes", slow(bytes).length(text.len() as u64)),
        ("each", Body::each(move |_| Ok::<_, Infallible>(text))),
    ]
}

#[tokio::test(start_paused = true)]
async fn the_rest_follows_data_and_no_recipient_is_named() {
    for &(text, offset, lines) in DATA {
        for (kind, body) in kinds(text) {
            let lines: String = lines.iter().flat_map(|line| ["C: ", line, "\n"]).collect();
            let rest = format!("C: DATA\nS: 354 go\n{lines}C: .\nS: 250 taken\n");
            let dialogue = format!("{}{rest}{AFTER}", resumed(offset));
            let (mut connection, peer) = greeted(script(OFFERS, &dialogue)).await;
            connection.set_transfer(Transfer::data());
            let result = connection.deliver(&envelope(), body).await;
            assert_eq!(result.fate(), "Delivered 250 | 355:ok", "{text:?} {offset} {kind}");
            // RSET is not due: the transaction was taken.
            connection.send(Noop).await.expect("the session goes on");
            peer.finish();
        }
    }
}

/// A caller who insists on bytes beyond ASCII does so for the rest too.
#[tokio::test(start_paused = true)]
async fn undeclared_bytes_leave_where_the_caller_insists() {
    const TEXT: &str = "one\r\n\u{fc}\r\n";
    let bodies = {
        let inside = || Ok::<_, Infallible>(Body::from(TEXT).dangerous().send_8bit_undeclared());
        [
            ("memory", Body::from(TEXT)),
            ("stream", slow([(5, Some(TEXT))])),
            ("each", Body::each(|_| Ok::<_, Infallible>(TEXT))),
            ("inside", Body::each(move |_| inside())),
        ]
    };
    for (kind, body) in bodies {
        let body = if kind == "inside" { body } else { body.dangerous().send_8bit_undeclared() };
        let dialogue =
            format!("{}C: DATA\nS: 354 go\nC: ü\nC: .\nS: 250 taken\n{AFTER}", resumed(5));
        let (mut connection, peer) = greeted(script(OFFERS, &dialogue)).await;
        connection.set_transfer(Transfer::data());
        let fate = connection.deliver(&envelope(), body).await.fate();
        assert_eq!(fate, "Delivered 250 | 355:ok", "{kind}");
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();
    }
}

/// A chunk may end within a line, and between CR and LF.
#[tokio::test(start_paused = true)]
async fn the_rest_follows_in_chunks() {
    for (text, offset, rest) in [
        ("one\r\ntwo\r\n", 7, "o\r\n"),
        ("one\ntwo\n", 9, "\n"),
        ("one\ntwo", 4, "\ntwo\r\n"),
        (".one\r\n", 1, "one\r\n"),
    ] {
        for transfer in [Transfer::chunks(), Transfer::eager()] {
            for (kind, body) in kinds(text) {
                let (stream, server_end) = tokio::io::duplex(1 << 16);
                let served = tokio::spawn(serve_chunks(server_end, offset));
                let connection = Connection::from_stream(stream, &server()).await;
                let mut connection = connection.expect("EHLO");
                connection.set_transfer(transfer.clone());
                let result = connection.deliver(&envelope(), body).await;
                let case = format!("{text:?} {offset} {kind}");
                assert_eq!(result.fate(), "Delivered 250 | 355:ok", "{case}");
                assert_eq!(served.await.expect("a server"), rest, "{case}");
            }
        }
    }
}

/// Answers one message in chunks that it has in part: the rest of it.
async fn serve_chunks(stream: DuplexStream, offset: u64) -> String {
    let mut stream = BufStream::new(stream);
    let mut content = Vec::new();
    let mut reply = "220 mail.example.test\r\n".to_owned();
    loop {
        stream.write_all(reply.as_bytes()).await.expect("a client");
        stream.flush().await.expect("a client");
        let mut line = String::new();
        stream.read_line(&mut line).await.expect("a command");
        let words: Vec<_> = line.split_whitespace().collect();
        reply = match words.as_slice() {
            ["EHLO", _] => "250-mail.example.test\r\n250-CHECKPOINT\r\n250 CHUNKING\r\n".to_owned(),
            ["MAIL", ..] => format!("355 {offset} is the transaction offset\r\n"),
            ["BDAT", bytes, last @ ..] => {
                let mut chunk = vec![0; bytes.parse().expect("a number")];
                stream.read_exact(&mut chunk).await.expect("a chunk");
                content.append(&mut chunk);
                if last == ["LAST"] {
                    stream.write_all(b"250 taken\r\n").await.expect("a client");
                    stream.flush().await.expect("a client");
                    return String::from_utf8(content).expect("text");
                }
                "250 ok\r\n".to_owned()
            }
            other => panic!("{other:?}"),
        };
    }
}

/// The rest cannot follow: nothing of the message leaves, and RSET ends the transaction.
#[tokio::test(start_paused = true)]
async fn a_rest_that_cannot_follow_is_refused() {
    let table: &[(&str, u64, Option<u64>)] = &[
        ("one\r\ntwo\r\n", 11, Some(10)),
        ("one\ntwo", 11, Some(10)),
        ("", 1, Some(0)),
        ("one\r\ntwo\r\n", u64::MAX, Some(10)),
        // After DATA, no line begins there.
        ("one\r\ntwo\r\n", 4, None),
        ("one\r\ntwo\r\n", 7, None),
        ("one\n", 4, None),
    ];
    for &(text, offset, length) in table {
        for (kind, body) in kinds(text) {
            let dialogue = format!("{}C: RSET\nS: 250 ok\n{AFTER}", resumed(offset));
            let (mut connection, peer) = greeted(script(OFFERS, &dialogue)).await;
            let result = connection.deliver(&envelope(), body).await;
            let case = format!("{text:?} {offset} {kind}");
            assert_eq!(result.fate(), "Refused permanent Caller - | 355:local", "{case}");
            let Err(DeliverError::Refused(undelivered)) = result else {
                panic!("{case}");
            };
            assert_eq!(undelivered.refusal().checkpoint(), Some(offset), "{case}");
            let error = undelivered.refusal().body_error().and_then(io::Error::get_ref);
            let error = error.and_then(|error| error.downcast_ref::<CheckpointError>());
            let error = error.expect("it is about the rest");
            assert_eq!((error.offset(), error.length()), (offset, length), "{case}");
            connection.send(Noop).await.expect("the session goes on");
            peer.finish();
        }
    }
}

/// Without a number there is nothing to go on from; with PRDR the number of replies is not known.
#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_be_sent_on_is_refused_with_the_reply() {
    let with_prdr = Envelope::from_mail(mail().with(Prdr)).recipient(rcpt());
    for (reply, envelope, offset) in [
        ("355 somewhere", envelope(), None),
        ("355 -1 is the offset", envelope(), None),
        ("355 3 is the offset", with_prdr, Some(3)),
    ] {
        let dialogue = format!("C: MAIL *\nS: {reply}\nC: RSET\nS: 250 ok\n{AFTER}");
        let offers: Vec<_> = OFFERS.iter().copied().chain(["PRDR"]).collect();
        let (mut connection, peer) = greeted(script(&offers, &dialogue)).await;
        let result = connection.deliver(&envelope, "one\r\n").await;
        assert_eq!(result.fate(), "Refused permanent Server 355 | -:355", "{reply}");
        let Err(DeliverError::Refused(undelivered)) = result else {
            panic!("{reply}");
        };
        assert_eq!(undelivered.refusal().checkpoint(), offset, "{reply}");
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();
    }
}

/// In LMTP each recipient of the earlier session would have a reply.
#[tokio::test(start_paused = true)]
async fn in_lmtp_it_is_refused() {
    let hello = tests::hello(OFFERS).replace("EHLO", "LHLO");
    let dialogue = format!("{}C: RSET\nS: 250 ok\n{AFTER}", resumed(5));
    let (stream, peer) = Script::new(&hello).then(&dialogue).start();
    let connection = Connection::lmtp_from_stream(stream, &server()).await;
    let mut connection = connection.expect("LHLO");
    let result = connection.deliver(&envelope(), "one\r\ntwo\r\n").await;
    assert_eq!(result.fate(), "Refused permanent Server 355 | -:355");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

/// PRDR is not asked for, so that the rest can follow.
#[tokio::test(start_paused = true)]
async fn prdr_is_left_out() {
    let dialogue = format!("{}C: DATA\nS: 354 go\nC: two\nC: .\nS: 250 taken", resumed(5));
    let (mut connection, peer) = greeted(script(&["CHECKPOINT", "PRDR"], &dialogue)).await;
    let envelope = envelope().recipient(rcpt());
    let result = connection.deliver(&envelope, "one\r\ntwo\r\n").await;
    assert_eq!(result.fate(), "Delivered 250 | 355:ok 355:ok");
    peer.finish();
}

/// The policy has decided in the earlier session, and the rest of the session goes on as ever.
#[tokio::test(start_paused = true)]
async fn the_next_message_is_another_transaction() {
    let policies = [
        Policy::AnyAccepted,
        Policy::Whole,
        Policy::AllOrNothing,
        Policy::decide(|recipients| recipients.iter().all(smtp::message::Recipient::is_accepted)),
    ];
    for policy in policies {
        let rest = "C: DATA\nS: 354 go\nC: two\nC: .\n";
        let next = "C: RSET\nC: MAIL FROM:<me@example.test>\nC: RCPT *\nC: DATA
                    S: 250 taken\nS: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: x\nC: .\nS: 250 ok\n";
        let dialogue = format!("{}{rest}{next}{AFTER}", resumed(5));
        let (mut connection, peer) = greeted(script(OFFERS, &dialogue)).await;
        let next = Envelope::new("me@example.test", ["you@example.test"]).expect("addresses");
        let messages = [(envelope().policy(policy), "one\r\ntwo\r\n"), (next, "x\r\n")];
        let mut fates = Vec::new();
        let report = |_, result: Result<_, DeliverError>| fates.push(result.fate());
        connection.deliver_all(messages, report).await.expect("the session goes on");
        assert_eq!(fates, ["Delivered 250 | 355:ok", "Delivered 250 | 250:ok"]);
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();
    }
}

/// `SIZE` is that of the whole message: MAIL leaves before the offset is known.
#[tokio::test(start_paused = true)]
async fn the_size_is_that_of_the_whole_message() {
    let dialogue = "C: MAIL FROM:<me@example.test> SIZE=10 TRANSID=<17@client.example>
                    S: 355 5 is the transaction offset\nC: DATA\nS: 354 go\nC: two\nC: .\nS: 250 ok";
    let (mut connection, peer) = greeted(script(&["CHECKPOINT", "SIZE"], dialogue)).await;
    connection.deliver(&envelope(), "one\r\ntwo\r\n").await.expect("taken");
    peer.finish();
}

/// The end of a message whose rest is on its way is that of any other.
#[tokio::test(start_paused = true)]
async fn what_becomes_of_the_rest() {
    for (end, fate) in [
        ("C: DATA\nS: 451 not now\nC: RSET\nS: 250 ok\n", "Refused transient Server 451 | 355:451"),
        (
            "C: DATA\nS: 354 go\nC: two\nC: .\nS: 552 no\nC: RSET\nS: 250 ok\n",
            "Refused permanent Server 552 | 355:552",
        ),
        (
            "C: DATA\nS: 354 go\nC: two\nC: .\n-- close --",
            "Unknown permanent Network - | 355:unknown",
        ),
        ("C: DATA\n-- close --", "Lost transient Network - | 355:unsent"),
        ("-- close --", "Lost transient Network - | 355:unsent"),
    ] {
        let after = if end.contains("close") { "" } else { AFTER };
        let dialogue = format!("{}{end}{after}", resumed(5));
        let (mut connection, peer) = greeted(script(OFFERS, &dialogue)).await;
        let result = connection.deliver(&envelope(), "one\r\ntwo\r\n").await;
        assert_eq!(result.fate(), fate, "{end}");
        if !after.is_empty() {
            connection.send(Noop).await.expect("the session goes on");
        }
        peer.finish();
    }
}

/// A binary message is counted as it is.
#[tokio::test(start_paused = true)]
async fn a_binary_message_goes_on() {
    let dialogue = "C: MAIL FROM:<me@example.test> BODY=BINARYMIME TRANSID=<17@client.example>
                    S: 355 2 is the transaction offset\nC: BDAT 3 LAST\nC: y\nS: 250 taken";
    let offers = ["CHECKPOINT", "CHUNKING", "BINARYMIME"];
    let (mut connection, peer) = greeted(script(&offers, dialogue)).await;
    let body = Body::from("x\ny\r\n").line_ends(LineEnds::Binary);
    connection.deliver(&envelope(), body).await.expect("taken");
    peer.finish();
}
