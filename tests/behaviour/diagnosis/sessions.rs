//! Sessions that the server refuses, and answers of the wrong kind: the error says what happened,
//! and QUIT is said before the connection is closed (RFC 5321 §4.1.1.10).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use smtp::command::Stage;
use smtp::connection::AnyConnection;
use smtp::error::Blame;
use smtp::testing::{CaptureServer, Peer, Script};
use smtp::trace::Event;
use smtp::{Connection, DeliverError, Envelope, Error, Plain, Submission, TlsConfig};
use tests::{error, greeted, script, secured, server, trust};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::time::Instant;

/// How the server ends a session that it has refused.
const ENDS: [&str; 3] = ["S: 221 bye", "-- close --", "-- silence --"];

fn says_quit(error: &Error, peer: &Peer, expected: &str) {
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.blame(), Blame::Server);
    assert!(peer.written().ends_with(b"QUIT\r\n"), "{}", peer.dialogue());
    assert!(peer.is_closed());
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_refused_ends_with_quit() {
    let table = [
        ("S: 554 no mail here", "the server refused the session: 554 no mail here"),
        (
            "S: 220 hi\nC: EHLO client.example.test\nS: 550 who are you?",
            "the server refused EHLO: 550 who are you?",
        ),
    ];
    let old = (
        "S: 220 hi\nC: EHLO client.example.test\nS: 500 what?\nC: HELO client.example.test\n\
         S: 550 who are you?",
        "the server refused HELO: 550 who are you?",
    );
    let began = Instant::now();
    for end in ENDS {
        for (dialogue, expected) in table.into_iter().chain([old]) {
            let (stream, peer) = Script::new(&format!("{dialogue}\nC: QUIT\n{end}")).start();
            let result = Connection::from_stream(stream, &server()).await;
            says_quit(&error(result), &peer, expected);
        }
        for (dialogue, expected) in table {
            let script = Script::new(&format!("-- tls --\n{dialogue}\nC: QUIT\n{end}"));
            let (stream, peer) = script.start();
            let result = Connection::from_tls_stream(stream, &server(), &trust(&peer)).await;
            says_quit(&error(result), &peer, expected);
        }
    }
    // The reply to QUIT is not waited for.
    assert_eq!(began.elapsed(), Duration::ZERO);
}

/// A session that cannot go on without EHLO is ended by this side, which says so.
#[tokio::test(start_paused = true)]
async fn a_session_that_is_refused_anew_ends_with_quit() {
    let expected =
        "the server refused EHLO: 550 no; the session cannot go on without it and was ended";
    for end in ENDS {
        let refused = format!("C: EHLO client.example.test\nS: 550 no\nC: QUIT\n{end}");
        let dialogue = format!("C: STARTTLS\nS: 220 go\n-- tls --\n{refused}");
        let (connection, peer) = greeted(script(&["STARTTLS"], &dialogue)).await;
        let result = error(connection.starttls(&trust(&peer)).await);
        says_quit(&result, &peer, expected);
        assert!(matches!(result, Error::Lost(lost) if lost.stage() == Some(Stage::Hello)));

        let dialogue = format!("C: X-AGAIN\nS: 220 hi\n{refused}");
        let (connection, peer) = greeted(script(&["PIPELINING"], &dialogue)).await;
        let result = connection.transition(tests::Again).await;
        says_quit(&error(result), &peer, expected);
        let (connection, peer) = greeted(script(&["PIPELINING"], &dialogue)).await;
        let (result, _) = connection.pipeline().last_transition(tests::Again).await;
        says_quit(&error(result), &peer, expected);
    }
    // One that can go on does.
    let dialogue = "C: EHLO client.example.test\nS: 550 no\nC: QUIT\nS: 221 bye";
    let (mut connection, peer) = greeted(script(&[], dialogue)).await;
    error(connection.ehlo().await);
    AnyConnection::from(connection).quit().await.expect("QUIT");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_wrong_kind_is_no_refusal() {
    for greeting in ["250 welcome", "354 go on"] {
        let (stream, _peer) = Script::new(&format!("S: {greeting}")).start();
        let error = error(Connection::from_stream(stream, &server()).await);
        let expected = format!("the server broke the protocol: {greeting} cannot be the greeting");
        assert_eq!(error.to_string(), expected);
    }
    let dialogue = "C: AUTH PLAIN AG1lAHBlbmNpbA==\nS: 250 welcome";
    let (connection, peer) = secured(&["AUTH PLAIN"], dialogue).await;
    let refused = error(connection.authenticate(&mut Plain::new("me", "pencil")).await);
    let expected = "the server broke the protocol: 250 welcome cannot be the reply to AUTH";
    assert_eq!(refused.to_string(), expected);
    peer.finish();
    let dialogue = "C: NOOP\nS: 354 go on";
    let (mut connection, _peer) = greeted(script(&[], dialogue)).await;
    let refused = error(connection.send(smtp::command::Noop).await);
    let expected = "the server broke the protocol: 354 go on cannot be the reply to this command";
    assert_eq!(refused.to_string(), expected);
}

/// A server that knows no EHLO is asked with HELO, which is then the command that gets no answer.
#[tokio::test(start_paused = true)]
async fn a_session_that_is_lost_at_helo_says_so() {
    let table = [
        (
            "-- close --",
            "the server closed the connection without a reply (waiting for the reply to EHLO or HELO)",
        ),
        (
            "S: 354 go on",
            "the server broke the protocol: 354 go on cannot be the reply to EHLO or HELO",
        ),
    ];
    for (end, expected) in table {
        let dialogue = format!("S: 220 hi\nC: EHLO *\nS: 500 what?\nC: HELO *\n{end}");
        let (stream, _peer) = Script::new(&dialogue).start();
        let error = error(Connection::from_stream(stream, &server()).await);
        assert_eq!(
            error.to_string(),
            format!("the server refused EHLO: 500 what?; then {expected}")
        );
    }
}

/// Also of a message that has not left whole when the connection ends.
#[tokio::test(start_paused = true)]
async fn a_message_that_is_cut_off_is_the_step() {
    let envelope = Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
    let body = "more\r\n".repeat(100_000);
    let table = [
        ("-- close --", "the server closed the connection without a reply (sending the message)"),
        ("-- reset --", "the connection broke: connection reset (sending the message)"),
    ];
    for (end, expected) in table {
        let dialogue = format!(
            "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: more\n{end}"
        );
        let script = script(&[], &dialogue).write_limit(200);
        let (mut connection, _peer) = greeted(script).await;
        let Err(DeliverError::Lost(lost)) = connection.deliver(&envelope, body.as_str()).await
        else {
            panic!("it was not cut off");
        };
        assert_eq!(lost.lost().stage(), Some(Stage::DataBlock), "{end}");
        assert_eq!(lost.lost().to_string(), expected);
    }
}

/// The error of a submission, and the last line that the client has said.
async fn submit(submission: Submission) -> (Error, String) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&lines);
    let submission = submission.observer(move |event: &Event<'_>| {
        if let Event::Sent(line) = event {
            seen.lock().unwrap().push(line.to_string());
        }
    });
    let error = error(submission.auth(Plain::new("me", "wrong")).connect().await);
    let last = lines.lock().unwrap().pop().expect("a line");
    (error, last)
}

/// The caller of a submission does not get the connection, so it says QUIT itself.
#[tokio::test]
async fn a_submission_that_is_refused_ends_with_quit() {
    let table = [
        (CaptureServer::builder(), "the server refused AUTH: 535 5.7.8 "),
        (CaptureServer::builder().implicit_tls(), "the server refused AUTH: 535 5.7.8 "),
        (
            CaptureServer::builder().without("STARTTLS"),
            "STARTTLS was not sent: the server does not offer STARTTLS",
        ),
        (
            CaptureServer::builder().without("AUTH"),
            "authentication with PLAIN was not tried, because the server offers none",
        ),
    ];
    for (number, (server, expected)) in table.into_iter().enumerate() {
        let server = server.user("me", "pencil").start().await.expect("a server");
        let tls = TlsConfig::builder().root_pem(server.authority_pem()).build().expect("a root");
        let submission = Submission::new(server.host()).tls(tls);
        let submission = if number == 1 { submission.implicit_tls() } else { submission };
        let (error, last) = submit(submission.port(server.port())).await;
        assert!(error.to_string().starts_with(expected), "{error}");
        assert_eq!(last, "QUIT", "{error}");
    }
}

#[tokio::test]
async fn a_submission_whose_starttls_is_refused_ends_with_quit() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = async {
        let (stream, _) = listener.accept().await.expect("a client");
        let mut stream = BufReader::new(stream);
        let replies = ["220 hi", "250-mail\r\n250 STARTTLS", "454 4.7.0 not now", "221 bye"];
        let mut said = String::new();
        for reply in replies {
            stream.write_all(format!("{reply}\r\n").as_bytes()).await.expect("a reader");
            stream.read_line(&mut said).await.expect("a line");
        }
        said
    };
    let submission = submit(Submission::new("127.0.0.1").port(port));
    let ((error, _), said) = tokio::join!(submission, server);
    assert_eq!(error.to_string(), "the server refused STARTTLS: 454 4.7.0 not now");
    assert!(error.is_transient());
    assert_eq!(said, "EHLO [127.0.0.1]\r\nSTARTTLS\r\nQUIT\r\n");
}
