//! The beginning of a session: greeting, EHLO, HELO.

use smtp::connect::Limits;
use smtp::connection::TransitionError;
use smtp::error::{Fault, ProtocolError};
use smtp::testing::Script;
use smtp::{Connection, Error, Submission};
use tests::{error, greeted, port, script, server, trust};

#[tokio::test(start_paused = true)]
async fn ehlo_tells_what_the_server_offers() {
    let (connection, peer) = greeted(script(&["SIZE 1000", "x-foo a b"], "")).await;
    assert!(connection.capabilities().has("size"));
    assert!(connection.capabilities().has("X-FOO"));
    assert!(!connection.capabilities().has("mail.example.test"));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_greeting_may_have_several_lines_and_take_its_time() {
    let (connection, peer) = greeted(
        Script::new(
            "S: 220-mail.example.test ESMTP
             -- wait 4m --
             S: 220-please wait
             S: 220 mail.example.test
             C: EHLO client.example.test
             S: 250 mail.example.test STARTTLS",
        )
        .fragmented(1),
    )
    .await;
    assert!(!connection.capabilities().has("STARTTLS"), "the first line is no keyword");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_knows_no_ehlo_is_asked_with_helo() {
    for code in [500, 501, 502, 503, 504] {
        let (connection, peer) = greeted(Script::new(&format!(
            "S: 220 mail.example.test
             C: EHLO client.example.test
             S: {code} what?
             C: HELO client.example.test
             S: 250-mail.example.test
             S: 250 SIZE 1000"
        )))
        .await;
        assert!(!connection.capabilities().has("SIZE"), "HELO offers nothing");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_the_client_is_not_asked_twice() {
    for (reply, code) in [("550 go away", 550), ("554 5.7.1 no", 554), ("450 later", 450)] {
        let (stream, peer) = Script::new(&format!(
            "S: 220 mail.example.test
             C: EHLO client.example.test
             S: {reply}
             C: QUIT"
        ))
        .start();
        let error = error(Connection::from_stream(stream, &server()).await);
        assert_eq!(error.reply().map(|reply| reply.code().value()), Some(code));
        peer.finish();
    }
}

/// A server that refuses the session waits for QUIT (RFC 5321 §3.1); one that closes it does not.
#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_want_to_talk_is_left() {
    for (greeting, said) in [("554 no mail here", "QUIT\r\n"), ("450 later", "QUIT\r\n")] {
        let (stream, peer) = Script::new(&format!("S: {greeting}")).start();
        let error = error(Connection::from_stream(stream, &server()).await);
        assert!(matches!(&error, Error::Refused(refusal) if refusal.command() == "greeting"));
        assert_eq!(error.reply().map(ToString::to_string).as_deref(), Some(greeting));
        assert_eq!(error.is_transient(), greeting.starts_with('4'));
        assert_eq!(peer.written(), said.as_bytes());
        assert!(peer.is_closed());
    }
    let (stream, peer) = Script::new("S: 421 busy").start();
    let error = error(Connection::from_stream(stream, &server()).await);
    assert!(matches!(&error, Error::Lost(lost) if matches!(lost.fault(), Fault::Closing(_))));
    assert!(error.is_transient());
    assert!(peer.written().is_empty(), "nothing is said to it");
    assert!(peer.is_closed());
}

#[tokio::test(start_paused = true)]
async fn another_reply_than_a_greeting_ends_the_connection() {
    let table = [
        ("250 ok", "another positive code"),
        ("235 authenticated", "a session that claims to be authenticated"),
        ("354 go on", "an intermediate code"),
        ("HTTP/1.1 400 Bad Request", "another protocol"),
        ("220ok", "no separator"),
        ("120 soon", "a code that is none"),
        (" 220 mail.example.test", "a space before the code"),
    ];
    for (greeting, name) in table {
        // Raw, because the text of a script does not keep leading spaces.
        let (stream, peer) = Script::default().server_raw(format!("{greeting}\r\n")).start();
        let error = error(Connection::from_stream(stream, &server()).await);
        assert!(
            matches!(&error, Error::Lost(lost) if lost.protocol().is_some() || lost.reply().is_some()),
            "{name}: {error}"
        );
        assert!(peer.written().is_empty(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn lines_of_one_greeting_that_disagree_end_the_connection() {
    let (stream, _peer) = Script::new("S: 220-hello\nS: 521 never").start();
    let error = error(Connection::from_stream(stream, &server()).await);
    assert!(matches!(
        &error,
        Error::Lost(lost) if matches!(lost.protocol(), Some(ProtocolError::Malformed(_)))
    ));
}

#[tokio::test(start_paused = true)]
async fn ehlo_may_be_said_again() {
    let (mut connection, peer) = greeted(script(
        &["SIZE 1000"],
        "C: EHLO client.example.test
         S: 250-mail.example.test
         S: 250 DSN",
    ))
    .await;
    connection.ehlo().await.expect("EHLO");
    assert!(connection.capabilities().has("DSN"));
    assert!(!connection.capabilities().has("SIZE"), "replaced, not merged");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_keyword_can_be_ignored() {
    let (stream, peer) = script(&["CHUNKING", "SIZE 1000"], "").start();
    let server = server().ignore_capability("chunking");
    let connection = Connection::from_stream(stream, &server).await.expect("EHLO");
    assert!(!connection.capabilities().has("CHUNKING"));
    assert!(connection.capabilities().has("SIZE"));
    peer.finish();
}

/// A server whose lines end as they like is understood by who wants to, but never where TLS or a
/// password is at stake.
#[tokio::test(start_paused = true)]
async fn leniency_is_asked_for() {
    let mut limits = Limits::default();
    limits.leniency.bare_line_feed = true;
    limits.leniency.blank_lines = true;
    limits.leniency.greeting_codes = true;
    let hello = |reply: &'static [u8]| {
        let script = Script::default().server_raw(*b"221-hi\n220 hi\n\n").then("C: EHLO *");
        let script = script.server_raw(*b"250-hi\n250 STARTTLS\r\n\r\n").then("C: STARTTLS");
        script.server_raw(reply).start()
    };
    let (stream, peer) = hello(b"454 not now\n");
    Connection::from_stream(stream, &server()).await.expect_err("the default is strict");
    assert!(peer.written().is_empty());

    let lenient = server().limits(limits);
    for (reply, understood) in [(b"454 not now\n".as_slice(), false), (b"454 no\r\n", true)] {
        let (stream, peer) = hello(reply);
        let connection = Connection::from_stream(stream, &lenient).await.expect("EHLO");
        let result = connection.starttls(&trust(&peer)).await;
        assert_eq!(matches!(result, Err(TransitionError::Refused(_))), understood, "{result:?}");
    }
}

/// As a server is one for a submission.
#[tokio::test]
async fn a_submission_may_be_lenient_too() {
    let script = || {
        let script = Script::default().server_raw(*b"\n220 hi\n").then("C: EHLO *");
        script.server_raw(*b"250 hi\n").then("C: QUIT\nS: 221 bye")
    };
    let mut limits = Limits::default();
    limits.leniency.bare_line_feed = true;
    limits.leniency.blank_lines = true;
    for (limits, is_lenient) in [(Limits::default(), false), (limits, true)] {
        let (port, _peers) = port([script()]).await;
        let submission = Submission::new("127.0.0.1").port(port).limits(limits);
        let result = submission.without_tls().connect().await;
        assert_eq!(result.is_ok(), is_lenient, "{result:?}");
    }
}
