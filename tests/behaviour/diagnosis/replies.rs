//! A line that is no reply line stands in the error and in the trace.

use std::sync::{Arc, Mutex};

use smtp::Error;
use smtp::connect::Limits;
use smtp::connection::Connection;
use smtp::testing::Script;
use smtp::trace::Event;
use tests::{error, hello, server};

/// The server's bytes instead of its reply to NOOP, the error, and the last line of the trace.
type Row<'a> = (&'a str, &'a [u8], &'a str, &'a str);

#[tokio::test(start_paused = true)]
async fn a_line_that_is_no_reply_line_is_shown() {
    let endless = "250-more\r\n".repeat(129);
    let long = format!("250 {}", "x".repeat(4096));
    let shown = format!(
        "the server broke the protocol: a reply line is longer than 2048 bytes: \"250 {}...\" \
         (waiting for a reply)",
        "x".repeat(252)
    );
    let table: &[Row<'_>] = &[
        (
            "another line follows the last one",
            b"250 Nice\r\nSIZE\r\n",
            "the server broke the protocol: a line does not begin with a reply code from 200 to \
             599: \"SIZE\"",
            "SIZE",
        ),
        (
            "a second reply",
            b"250 Nice\r\n250 again\r\n",
            "the server broke the protocol: it sent a reply that no command asked for: \"250 again\"",
            "250 again",
        ),
        (
            "a line without a code",
            b"250-Nice\r\nSIZE\r\n",
            "the server broke the protocol: a line does not begin with a reply code from 200 to \
             599: \"SIZE\" (waiting for a reply)",
            "SIZE",
        ),
        (
            "a line without a code, with a hyphen: no other is waited for",
            b"25a-Nice\r\n250 ok\r\n",
            "the server broke the protocol: a line does not begin with a reply code from 200 to \
             599: \"25a-Nice\" (waiting for a reply)",
            "25a-Nice",
        ),
        (
            "codes that differ",
            b"250-Nice\r\n550 no\r\n",
            "the server broke the protocol: the lines of one reply have different codes, 250 and \
             550: \"550 no\" (waiting for a reply)",
            "550 no",
        ),
        (
            "bare LF",
            b"250 ok\n",
            "the server broke the protocol: a reply line ends with LF instead of CRLF: \"250 ok\" \
             (waiting for a reply)",
            "250 ok\\x0a",
        ),
        (
            "control characters and bytes that are no text",
            b"\x1b[2J\xffNice\r\n",
            "the server broke the protocol: a line does not begin with a reply code from 200 to \
             599: \"\\x1b[2J\\xffNice\" (waiting for a reply)",
            "\\x1b[2J\\xffNice",
        ),
        (
            "a reply that never ends",
            endless.as_bytes(),
            "the server broke the protocol: a reply has more than 128 lines: \"250-more\" (waiting \
             for a reply)",
            "250-more",
        ),
        ("a line that never ends", long.as_bytes(), &shown, &long[..]),
    ];
    for (name, bytes, expected, traced) in table {
        for fragment in [1, usize::MAX] {
            let (text, last) = after_noop(bytes, fragment, false).await;
            assert_eq!(text, *expected, "{name}, {fragment}");
            assert!(traced.starts_with(&*last) && !last.is_empty(), "{name}: {last}");
        }
    }
}

/// As a part of a reply, in any way in which the connection ends.
#[tokio::test(start_paused = true)]
async fn a_reply_that_was_not_whole_is_shown() {
    let table = [
        (
            "250-ni",
            "the server closed the connection without a reply (waiting for a reply); the last line \
             that came was \"250-ni\"",
            "the server took too long: timed out waiting for a reply (`Timeouts::other`); the last \
             line that came was \"250-ni\"",
        ),
        (
            "250-nice\r\n",
            "the server closed the connection without a reply (waiting for a reply); the last line \
             that came was \"250-nice\"",
            "the server took too long: timed out waiting for a reply (`Timeouts::other`); the last \
             line that came was \"250-nice\"",
        ),
        (
            "250-nice\r\n550-a\r\n251-lin",
            "the server closed the connection without a reply (waiting for a reply); the last line \
             that came was \"251-lin\"",
            "the server took too long: timed out waiting for a reply (`Timeouts::other`); the last \
             line that came was \"251-lin\"",
        ),
        (
            "",
            "the server closed the connection without a reply (waiting for a reply)",
            "the server took too long: timed out waiting for a reply (`Timeouts::other`)",
        ),
    ];
    for (bytes, closed, silent) in table {
        let traced = bytes.lines().last();
        for fragment in [1, usize::MAX] {
            let (text, last) = after_noop(bytes.as_bytes(), fragment, true).await;
            assert_eq!(text, closed);
            assert!(traced.is_none_or(|traced| last == traced), "{bytes}: {last}");
            let (text, last) = after_noop(bytes.as_bytes(), fragment, false).await;
            assert_eq!(text, silent);
            assert!(traced.is_none_or(|traced| last == traced), "{bytes}: {last}");
        }
    }
}

/// The trace shows each line once, and the error of a later call does not repeat it.
#[tokio::test(start_paused = true)]
async fn a_line_at_fault_is_shown_once() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&lines);
    let server = server().observer(move |event: &Event<'_>| {
        if let Event::Received(line) = event {
            seen.lock().unwrap().push(line.to_string());
        }
    });
    let script = Script::new(&hello(&[])).then("C: NOOP\nS: 25a-one\nS: 250 two\nS: 250 three");
    let (stream, _peer) = script.start();
    let mut connection = Connection::from_stream(stream, &server).await.expect("EHLO");
    let mut unread_line = async || match error(connection.send(smtp::command::Noop).await) {
        Error::Lost(lost) => lost.unread_line().map(<[u8]>::to_vec),
        other => panic!("the connection is intact: {other}"),
    };
    assert_eq!(unread_line().await, Some(b"25a-one".to_vec()));
    assert_eq!(unread_line().await, None);
    let expected = ["250 mail.example.test".to_owned(), "25a-one".to_owned()];
    assert!(lines.lock().unwrap().ends_with(&expected));
}

/// A line whose other code is let through is not the one at fault.
#[tokio::test(start_paused = true)]
async fn a_line_that_was_let_through_is_not_shown() {
    let mut limits = Limits::default();
    limits.leniency.greeting_codes = true;
    let server = server().limits(limits);
    let script = Script::default().server_raw(*b"220-hi\r\n521-no\r\nmore\r\n");
    let (stream, _peer) = script.start();
    assert_eq!(
        error(Connection::from_stream(stream, &server).await).to_string(),
        "the server broke the protocol: a line does not begin with a reply code from 200 to 599: \
         \"more\" (waiting for the greeting)"
    );
}

/// The error of a NOOP that is answered with these bytes, and the last line that the trace shows.
async fn after_noop(bytes: &[u8], fragment: usize, closes: bool) -> (String, String) {
    let script = Script::new(&hello(&[])).then("C: NOOP").server_raw(bytes.to_vec());
    let script = script.then(if closes { "-- close --" } else { "-- silence --" });
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&lines);
    let server = server().observer(move |event: &Event<'_>| {
        if let Event::Received(line) = event {
            seen.lock().unwrap().push(line.to_string());
        }
    });
    let (stream, _peer) = script.fragmented(fragment).start();
    let mut connection = Connection::from_stream(stream, &server).await.expect("EHLO");
    let mut answer = connection.send(smtp::command::Noop).await.map(drop);
    if answer.is_ok() {
        answer = connection.send(smtp::command::Noop).await.map(drop);
    }
    let last = lines.lock().unwrap().pop().expect("a line");
    (error(answer).to_string(), last)
}
