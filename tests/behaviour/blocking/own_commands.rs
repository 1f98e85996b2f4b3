//! Commands of the caller's: questions, and a stream that is no session any more.

use std::io::{Read as _, Write as _};

use smtp::SmtpCommand;
use smtp::error::Fault;
use tests::{Ask, FixedAnswer};

use super::{HELLO, Lines, greeted};

/// Takes the connection over.
#[derive(SmtpCommand)]
#[smtp(verb = "X-TURN", accepts(250), consumes(Greeted))]
struct Turnabout;

#[test]
fn questions_are_answered() {
    let lines = Lines::start(&[
        ("", "220 hi\r\n"),
        HELLO,
        ("X-ASK", "350 colour?\r\n"),
        ("blue", "250 welcome\r\n"),
    ]);
    let mut connection = greeted(&lines.server);
    let reply = connection.exchange(Ask, &mut FixedAnswer).expect("an answer");
    assert_eq!(reply.text(), "welcome");
}

#[test]
fn a_stream_is_read_and_written_after_the_session() {
    let lines = Lines::start(&[
        ("", "220 hi\r\n"),
        HELLO,
        ("X-TURN", "250 turned\r\nfirst "),
        ("ping", "pong"),
    ]);
    let connection = greeted(&lines.server);
    let (mut stream, reply) = connection.into_stream(Turnabout).expect("it is taken over");
    assert_eq!(reply.text(), "turned");
    stream.write_all(b"ping\r\n").expect("a server");
    stream.flush().expect("a server");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("all of it");
    assert_eq!(text, "first pong");

    // On a thread of a runtime it does not wait either.
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let _inside = runtime.enter();
    let error = stream.read(&mut [0]).expect_err("inside");
    let fault = error.get_ref().and_then(|error| error.downcast_ref());
    assert!(matches!(fault, Some(Fault::InsideRuntime)), "{error}");
}
