//! Replies that the protocol forbids: none counts as success, and none harms the message.

use smtp::command::{Mail, Noop, Rcpt};
use smtp::error::{Blame, Fault, ProtocolError};
use smtp::state::{Greeted, InTransaction};
use smtp::testing::Script;
use smtp::{Connection, Error, Lost, Mailbox, Plain, Transfer};
use tests::{
    Ask, Fate as _, FixedAnswer, error, greeted, in_transaction, script, secured, server, slow,
};

use super::{CHUNKING, NOTHING, PIPELINING, connect, envelope};

const DATA: &str = "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\n";
const STEPS: &str = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\n";

fn sender() -> Mailbox {
    "me@example.com".parse().expect("an address")
}

fn rcpt() -> Rcpt {
    Rcpt::to("a@example.org".parse::<Mailbox>().expect("an address"))
}

async fn transaction(dialogue: &str) -> Connection<InTransaction<Greeted>> {
    let dialogue = format!("C: RCPT *\nS: 250 ok\n{dialogue}");
    let (mut transaction, _) = in_transaction(&["CHUNKING"], &dialogue).await;
    transaction.rcpt(rcpt()).await.expect("RCPT");
    transaction
}

/// 221 is the answer to QUIT: to anything else it says that the session is over.
#[tokio::test(start_paused = true)]
async fn a_goodbye_to_a_message_is_no_success() {
    let unknown = "Unknown permanent Server 221 | 250:unknown";
    let bdat = "C: BDAT 3 LAST\nC: x\n";
    let rows = [
        (Transfer::data(), NOTHING, format!("{STEPS}S: 354 go\nC: x\nC: .\n")),
        (Transfer::data(), PIPELINING, format!("{DATA}S: 354 go\nC: x\nC: .\n")),
        (
            Transfer::chunks(),
            CHUNKING,
            format!("C: MAIL *\nC: RCPT *\nS: 250 ok\nS: 250 ok\n{bdat}"),
        ),
        (
            Transfer::eager(),
            CHUNKING,
            format!("C: MAIL *\nC: RCPT *\n{bdat}S: 250 ok\nS: 250 ok\n"),
        ),
    ];
    for (transfer, offers, dialogue) in rows {
        let dialogue = format!("{dialogue}S: 221 2.0.0 shutting down\n");
        let (mut connection, peer) = connect(transfer, offers, &dialogue).await;
        let result = connection.deliver(&envelope(&["a"]), "x\r\n").await;
        assert_eq!(result.fate(), unknown, "{dialogue}");
        assert!(connection.send(Noop).await.is_err());
        assert!(peer.is_closed());
    }
    let dialogue = "C: DATA\nS: 354 go\nC: x\nC: .\nS: 221 bye";
    assert_eq!(transaction(dialogue).await.data("x\r\n").await.fate(), unknown);
    let dialogue = format!("{bdat}S: 221 bye");
    assert_eq!(transaction(&dialogue).await.bdat("x\r\n").await.fate(), unknown);

    let dialogue = format!("{DATA}S: 354 go\nC: x\nC: .\nS: 221 bye");
    let (connection, _) = greeted(script(PIPELINING, &dialogue)).await;
    let mail = Mail::from("me@example.com".parse::<Mailbox>().expect("an address"));
    let group = connection.pipeline().mail(mail).rcpt(rcpt()).data("x\r\n");
    let (connection, (_, _, message)) = group.await;
    assert!(matches!(connection.expect_err("over").fault(), Fault::Closing(_)));
    assert_eq!(message.end.fate(), "unknown");
}

/// A goodbye or 421 to anything before the message leaves it unsent.
#[tokio::test(start_paused = true)]
async fn a_goodbye_before_the_message_delivers_nothing() {
    for code in [221, 421] {
        for dialogue in [
            format!("C: MAIL *\nS: {code} bye"),
            format!("C: MAIL *\nS: 250 ok\nC: RCPT *\nS: {code} bye"),
            format!("{STEPS}S: {code} bye"),
            format!("{DATA}S: {code} bye"),
        ] {
            let offers = if dialogue.contains(DATA) { PIPELINING } else { NOTHING };
            let (mut connection, _) = connect(Transfer::data(), offers, &dialogue).await;
            let result = connection.deliver(&envelope(&["a"]), "x\r\n").await;
            let fate = result.fate();
            let begin = format!("Lost transient Server {code} | ");
            assert!(fate.starts_with(&begin), "{dialogue}: {fate}");
            assert!(!fate.contains("unknown"), "{dialogue}: {fate}");
        }
    }
}

/// Replies of a class that no server answers DATA with.
#[tokio::test(start_paused = true)]
async fn another_yes_to_data_ends_the_session() {
    for reply in ["350 more", "334 eA==", "300 more", "250 ok", "200 ok", "150 wait", "600 no"] {
        for (offers, opened) in [(NOTHING, STEPS), (PIPELINING, DATA)] {
            let dialogue = format!("{opened}S: {reply}");
            let (mut connection, peer) = connect(Transfer::data(), offers, &dialogue).await;
            let result = connection.deliver(&envelope(&["a"]), "x\r\n").await;
            assert_eq!(result.fate(), "Lost transient Server - | 250:unsent", "{dialogue}");
            assert!(peer.written().ends_with(b"DATA\r\n"), "nothing leaves as message text");
            assert!(peer.is_closed());
        }
        let result = transaction(&format!("C: DATA\nS: {reply}")).await.data("x\r\n").await;
        assert_eq!(result.fate(), "Lost transient Server - | 250:unsent", "{reply}");

        let (connection, peer) = greeted(script(PIPELINING, &format!("{DATA}S: {reply}"))).await;
        let mail = Mail::from("me@example.com".parse::<Mailbox>().expect("an address"));
        let group = connection.pipeline().mail(mail).rcpt(rcpt()).data("x\r\n");
        let (connection, (_, _, message)) = group.await;
        assert!(matches!(connection.expect_err("over").fault(), Fault::Protocol(_)), "{reply}");
        assert_eq!(message.end.fate(), "Lost", "{reply}");
        assert!(peer.written().ends_with(b"DATA\r\n"), "{reply}");
    }
}

/// Replies of a class that no server answers AUTH with: the next line would be a response.
#[tokio::test(start_paused = true)]
async fn another_question_than_a_challenge_ends_the_session() {
    for reply in ["350 more", "354 go", "300 x"] {
        let dialogue = format!("C: AUTH PLAIN *\nS: {reply}");
        let (connection, peer) = secured(&["AUTH PLAIN"], &dialogue).await;
        let failed = error(connection.authenticate(&mut Plain::new("me", "pencil")).await);
        let Error::Lost(lost) = &failed else {
            panic!("{reply}: {failed}");
        };
        assert!(
            matches!(lost.protocol(), Some(ProtocolError::Unexpected { .. })),
            "{reply}: {lost}"
        );
        assert!((failed.blame(), failed.is_transient()) == (Blame::Server, true), "{reply}");
        assert!(peer.is_closed());
    }
    // A command of one's own may ask with another code.
    let dialogue = "C: X-ASK\nS: 350 which?\nC: blue\nS: 250 ok";
    let (mut connection, peer) = greeted(script(NOTHING, dialogue)).await;
    connection.exchange(Ask, &mut FixedAnswer).await.expect("answered");
    peer.finish();
}

/// Text that is no reply.
const MALFORMED: [&str; 8] = [
    "S: bogus",
    "S: 250-one\nS: 251 two",
    "S: 25 ok",
    "S: 2500 ok",
    "S: 250_ok",
    "S: 950 ok",
    "S: ",
    "S: HTTP/1.1 400 Bad Request",
];

fn is_malformed(lost: &Lost) {
    assert!(matches!(lost.fault(), Fault::Protocol(_)), "{lost}");
    assert_eq!((lost.blame(), lost.is_transient()), (Blame::Server, true), "{lost}");
}

/// A failure of communication may pass (RFC 5321 §3.8), in every stage.
#[tokio::test(start_paused = true)]
async fn a_malformed_reply_is_transient() {
    for text in MALFORMED {
        for before in ["", "S: 220 hi\nC: EHLO *\n", "S: 220 hi\nC: EHLO *\nS: 502 no\nC: HELO *\n"]
        {
            let (stream, _) = Script::new(&format!("{before}{text}")).start();
            match error(Connection::from_stream(stream, &server()).await) {
                Error::Lost(lost) if before.contains("HELO") => {
                    assert!(matches!(lost.fault(), Fault::Protocol(_)), "{text}: {lost}");
                }
                Error::Lost(lost) => is_malformed(&lost),
                other => panic!("{text}: {other}"),
            }
        }
        let (mut connection, _) = greeted(script(NOTHING, &format!("C: NOOP\n{text}"))).await;
        match connection.send(Noop).await {
            Err(Error::Lost(lost)) => is_malformed(&lost),
            other => panic!("{text}: {other:?}"),
        }
        for (stage, expected) in [
            ("C: MAIL *\n", "Lost transient Server - | -:unsent"),
            ("C: MAIL *\nS: 250 ok\nC: RCPT *\n", "Lost transient Server - | -:unsent"),
            (STEPS, "Lost transient Server - | 250:unsent"),
        ] {
            let (mut connection, _) = greeted(script(NOTHING, &format!("{stage}{text}"))).await;
            let result = connection.deliver(&envelope(&["a"]), "x\r\n").await;
            assert_eq!(result.fate(), expected, "{stage}{text}");
        }
        let dialogue = format!("C: AUTH PLAIN *\n{text}");
        let (connection, _) = secured(&["AUTH PLAIN"], &dialogue).await;
        match error(connection.authenticate(&mut Plain::new("me", "pencil")).await) {
            Error::Lost(lost) => is_malformed(&lost),
            other => panic!("{text}: {other}"),
        }
    }
}

/// Replies that are too long, or end as no line may.
#[tokio::test(start_paused = true)]
async fn a_reply_beyond_the_limits_is_transient() {
    let raw: [Vec<u8>; 4] = [
        b"250 ok\n".to_vec(),
        [b"250 ".to_vec(), vec![b'x'; 5000], b"\r\n".to_vec()].concat(),
        b"250-x\r\n".repeat(200),
        b"250 ok\r\n250 ok\r\n".to_vec(),
    ];
    for bytes in raw {
        let script = script(NOTHING, "C: NOOP").server_raw(bytes.clone()).then("C: NOOP");
        let (mut connection, _) = greeted(script).await;
        let lost = match connection.send(Noop).await {
            Err(Error::Lost(lost)) => lost,
            _ => match connection.send(Noop).await {
                Err(Error::Lost(lost)) => lost,
                other => panic!("{other:?}"),
            },
        };
        is_malformed(&lost);
    }
}

/// A line of one byte more than the limit is one, also where all of it comes in one read.
#[tokio::test(start_paused = true)]
async fn the_limit_of_a_line_is_exact() {
    for (bytes, fits) in [(2047, true), (2048, true), (2049, false), (3000, false), (4096, false)] {
        let reply = |code: &str| {
            let text = "x".repeat(bytes - code.len() - 3);
            format!("{code} {text}\r\n").into_bytes()
        };
        let noop = script(NOTHING, "C: NOOP").server_raw(reply("250"));
        let (mut connection, _) = greeted(noop).await;
        let result = connection.send(Noop).await;
        assert_eq!(result.is_ok(), fits, "{bytes}");
        if let Err(Error::Lost(lost)) = result {
            assert_eq!(lost.protocol(), Some(&ProtocolError::LineTooLong(2048)), "{bytes}");
        }
        // The replies that the client does not wait for, and a reply of several lines.
        let mail =
            script(NOTHING, "C: MAIL *").server_raw(reply("250")).then("C: RCPT *\nS: 550 no");
        let lines = script(NOTHING, "C: MAIL *\nS: 250-x").server_raw(reply("250"));
        for script in [mail, lines.then("C: RCPT *\nS: 550 no")] {
            let (mut connection, _) = greeted(script).await;
            let fate = connection.deliver(&envelope(&["a"]), "x\r\n").await.fate();
            let expected = if fits {
                "Refused permanent Server 550 | 550:550"
            } else {
                "Lost transient Server - | -:unsent"
            };
            assert_eq!(fate, expected, "{bytes}");
        }
    }
}

/// Replies that are found to be out of step say nothing of the message, also when one of them is a
/// refusal.
#[tokio::test(start_paused = true)]
async fn a_refusal_out_of_step_is_none() {
    let eager = "C: MAIL *\nC: RCPT *\nC: BDAT *\nC: x\nC: HELP\n";
    let chunks = "C: MAIL *\nC: RCPT *\nS: 250 ok\nS: 250 ok\nC: BDAT *\nC: x\n";
    let rows = [
        (Transfer::eager(), eager, "S: 250 m\nS: 250 r\nS: 450 odd\nS: 250 queued\nS: 214 help"),
        (Transfer::eager(), eager, "S: 250 m\nS: 550 r\nS: 250 r\nS: 250 queued\nS: 214 help"),
        (Transfer::eager(), eager, "S: 450 m\nS: 250 m\nS: 250 r\nS: 250 queued\nS: 214 help"),
        (Transfer::chunks(), chunks, "S: 450 odd\nS: 250 queued"),
        (Transfer::chunks(), chunks, "S: 250 queued\nS: 450 odd"),
    ];
    for (transfer, commands, replies) in rows {
        let dialogue = format!("{commands}{replies}");
        let (mut connection, peer) = connect(transfer, CHUNKING, &dialogue).await;
        let fate = connection.deliver(&envelope(&["a"]), "x\r\n").await.fate();
        assert!(fate.starts_with("Unknown permanent Server "), "{dialogue}: {fate}");
        assert!(fate.ends_with(":unknown"), "{dialogue}: {fate}");
        assert!(peer.is_closed(), "{dialogue}");
    }
}

/// A reply to a message that is read together with 354 counts as one that is read later.
#[tokio::test(start_paused = true)]
async fn a_message_that_is_refused_together_with_354() {
    let rows = [
        ("552 too large", "Lost permanent Server 552 | 250:552"),
        ("452 later", "Lost transient Server 452 | 250:452"),
        ("421 closing", "Lost transient Server 421 | 250:421"),
    ];
    let flight = "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n";
    let steps = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\n";
    for (said, expected) in rows {
        for (offers, opened) in [(PIPELINING, flight), (NOTHING, steps)] {
            for pause in ["", "-- wait 1ms --\n"] {
                let dialogue = format!("{opened}{pause}S: {said}\n-- wait 1s --");
                let (mut connection, _peer) = connect(Transfer::data(), offers, &dialogue).await;
                let body = slow([(0, Some("x\r\n")), (500, Some("x\r\n"))]);
                let fate = connection.deliver(&envelope(&["a"]), body).await.fate();
                assert_eq!(fate, expected, "{dialogue}");
                let (connection, _peer) = connect(Transfer::data(), offers, &dialogue).await;
                let group = connection.pipeline().mail(Mail::from(sender())).rcpt(rcpt());
                let (_, outcomes) = group.data(slow([(500, Some("x\r\n"))])).await;
                let code = said.split(' ').next().expect("a code");
                assert_eq!(outcomes.2.end.fate(), code, "{dialogue}");
            }
        }
    }
}
