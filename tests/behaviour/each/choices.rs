//! Choices for a body that is made for each transaction: those on the body that the function gives,
//! and those on the body that has the function.

use std::convert::Infallible;

use smtp::command::Noop;
use smtp::extension::RequireTls;
use smtp::message::LineEnds;
use smtp::{Body, Connection, Transfer};
use tests::{Fate as _, Mta, greeted, script, server, slow};

use super::envelope;

const EIGHT_BIT: &str = "Subject: \u{fc}\r\n\r\n\u{fc}\r\n";

/// The caller insists on bytes beyond ASCII, on either body: they leave. Who does not insist is
/// refused, and the session goes on.
#[tokio::test(start_paused = true)]
async fn undeclared_bytes_leave_where_either_body_insists() {
    for (inside, outside) in [(false, false), (true, false), (false, true), (true, true)] {
        for stream in [false, true] {
            for transfer in [Transfer::data(), Transfer::chunks()] {
                let (sent, inbox) = Mta::offering(&["PIPELINING", "CHUNKING"]).start();
                let mut connection = Connection::from_stream(sent, &server()).await.expect("EHLO");
                connection.set_transfer(transfer.clone());
                let body = Body::each(|_| {
                    let made = if stream { slow([(5, Some(EIGHT_BIT))]) } else { EIGHT_BIT.into() };
                    Ok::<_, Infallible>(if inside {
                        made.dangerous().send_8bit_undeclared()
                    } else {
                        made
                    })
                });
                let body = if outside { body.dangerous().send_8bit_undeclared() } else { body };
                let result = connection.deliver(&envelope(1), body).await;
                let case = format!("{inside} {outside} {stream} {transfer:?} {result:?}");
                assert_eq!(result.is_ok(), inside || outside, "{case}");
                drop(connection);
                let messages = inbox.await.expect("a server").messages;
                let contents: Vec<_> = messages.iter().map(|(_, text)| text.as_str()).collect();
                let expected: &[&str] = if inside || outside { &[EIGHT_BIT] } else { &[] };
                assert_eq!(contents, expected, "{case}");
            }
        }
    }
}

/// A body that insists does so for its own transaction.
#[tokio::test(start_paused = true)]
async fn the_next_body_does_not_insist() {
    let offers = &["PIPELINING", "LIMITS RCPTMAX=1"];
    let (stream, _inbox) = Mta::offering(offers).start();
    let mut connection = Connection::from_stream(stream, &server()).await.expect("EHLO");
    let mut first = true;
    let body = Body::each(|_| {
        let body = Body::from(EIGHT_BIT);
        let first = std::mem::take(&mut first);
        Ok::<_, Infallible>(if first { body.dangerous().send_8bit_undeclared() } else { body })
    });
    let result = connection.deliver(&envelope(2), body).await;
    assert_eq!(result.fate(), "Delivered 250 | 250:ok 250:local");
    connection.send(Noop).await.expect("the session goes on");
}

/// The rule for line ends stands on the body that has the function, and holds for each that the
/// function makes without one.
#[tokio::test(start_paused = true)]
async fn line_ends_are_those_of_the_outer_body() {
    let offers = &["PIPELINING", "CHUNKING", "BINARYMIME", "8BITMIME", "LIMITS RCPTMAX=1"];
    let delivered = "Delivered 250 | 250:ok 250:ok";
    let refused = "Refused permanent Caller - | 250:local 250:local";
    for (line_ends, fate, content) in [
        (LineEnds::Normalize, delivered, "a\r\nb\r\n"),
        (LineEnds::Strict, refused, ""),
        (LineEnds::Binary, delivered, "a\nb"),
    ] {
        let (stream, inbox) = Mta::offering(offers).start();
        let mut connection = Connection::from_stream(stream, &server()).await.expect("EHLO");
        let body = Body::each(|_| Ok::<_, Infallible>("a\nb")).line_ends(line_ends);
        let result = connection.deliver(&envelope(2), body).await;
        assert_eq!(result.fate(), fate, "{line_ends:?}");
        connection.send(Noop).await.expect("the session goes on");
        drop(connection);
        for (_, got) in inbox.await.expect("a server").messages {
            assert_eq!(got, content, "{line_ends:?}");
        }
    }
}

/// A command that cannot be written is no reason for another transaction: the caller sees why.
#[tokio::test(start_paused = true)]
async fn a_command_that_cannot_be_written_refuses_the_whole_message() {
    let dialogue = "C: NOOP\nS: 250 ok";
    let (mut connection, peer) = greeted(script(&["PIPELINING", "REQUIRETLS"], dialogue)).await;
    let body = Body::each(|_| Ok::<_, Infallible>("x"));
    let error = connection.deliver(&envelope(2).with(RequireTls), body).await.expect_err("no TLS");
    assert_eq!(error.enhanced().map(|code| code.to_string()).as_deref(), Some("5.7.10"), "{error}");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}
