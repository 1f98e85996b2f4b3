//! A call on a thread of a runtime does nothing, and says so.

use std::cell::RefCell;
use std::net::TcpStream;
use std::thread;

use smtp::blocking::{Connection, DataError, Submission, TransitionError};
use smtp::command::{Mail, Noop, Rcpt};
use smtp::connect::OpportunisticTls;
use smtp::error::{Blame, Fault};
use smtp::state::{Authed, Greeted};
use smtp::{DeliverError, Error, Lost, Mailbox, Plain, Server, TlsConfig};

use super::{Capture, authed, envelope, greeted};

fn address() -> Mailbox {
    "me@example.com".parse().expect("an address")
}

/// Runs on a thread that belongs to no runtime.
fn outside<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    thread::spawn(run).join().expect("a thread")
}

/// Whether it is the error of a call inside a runtime.
fn is_inside(error: impl Into<Error>) -> bool {
    let error = error.into();
    let expected = "a blocking call was made on a thread of a tokio runtime";
    matches!(&error, Error::Lost(lost) if matches!(lost.fault(), Fault::InsideRuntime))
        && error.blame() == Blame::Caller
        && !error.is_transient()
        && error.to_string().starts_with(expected)
}

#[tokio::test]
async fn nothing_is_opened() {
    let server = Server::new("127.0.0.1", 1);
    let tls = TlsConfig::builder().dangerous().accept_any_certificate().build().expect("TLS");
    let submission = Submission::new("127.0.0.1").port(1);
    let plain = || Plain::new("me", "pencil");
    let opportunistic = OpportunisticTls::new().expect("TLS");
    let stream = || {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection")
    };
    let url = "smtp://me:pencil@127.0.0.1:1";
    let from_url = || Submission::from_url(url).expect("a URL");
    let errors: [(&str, Option<Error>); 13] = [
        ("connect", Connection::<Greeted>::connect(&server).err()),
        ("connect_tls", Connection::connect_tls(&server, &tls).err()),
        ("from_stream", Connection::from_stream(stream(), &server).err()),
        ("from_tls_stream", Connection::from_tls_stream(stream(), &server, &tls).err()),
        ("submission", submission.clone().connect().err()),
        ("check", submission.clone().check().err()),
        ("without_tls", submission.clone().without_tls().connect().err()),
        ("auth", submission.clone().auth(plain()).connect().err()),
        ("auth, check", submission.clone().auth(plain()).check().err()),
        ("auth_with", submission.auth_with(plain).connect().err()),
        ("from_url", from_url().connect().err()),
        ("from_url, check", from_url().check().err()),
        (
            "opportunistic",
            smtp::blocking::AnyConnection::connect_opportunistic(&server, &opportunistic).err(),
        ),
    ];
    for (call, error) in errors {
        assert!(error.is_some_and(is_inside), "{call}");
    }
}

/// A first message is handed back.
#[tokio::test]
async fn a_first_message_is_not_sent() {
    let plain = || Plain::new("me", "pencil");
    let submission = || Submission::new("127.0.0.1").port(1);
    let from_url = Submission::from_url("smtp://me:pencil@127.0.0.1:1").expect("a URL");
    let (to, body) = (envelope(), || "x\r\n".to_owned());
    let errors = [
        submission().without_tls().connect_and_deliver(&to, body()).map(drop).err(),
        submission().auth(plain()).connect_and_deliver(&to, body()).map(drop).err(),
        submission().auth_with(plain).connect_and_deliver(&to, body()).map(drop).err(),
        from_url.connect_and_deliver(&to, body()).map(drop).err(),
    ];
    for error in errors {
        let Some(DeliverError::NotSent(unsent)) = error else { panic!("{error:?}") };
        assert!(unsent.lost().cloned().is_some_and(is_inside));
        assert!(unsent.into_message().is_some());
    }
}

/// Calls that borrow leave the connection as it is.
#[tokio::test]
async fn a_borrowed_connection_is_intact() {
    let (capture, mut connection) = outside(|| {
        let (capture, server) = Capture::in_clear();
        let connection = greeted(&server);
        (capture, connection)
    });
    assert!(connection.is_open());
    assert!(is_inside(connection.send(Noop).expect_err("inside")));
    assert!(is_inside(connection.ehlo().expect_err("inside")));
    assert!(is_inside(connection.closed()));
    let error = connection.deliver(&envelope(), "x\r\n").expect_err("inside");
    let DeliverError::NotSent(unsent) = error else { panic!("{error}") };
    assert!(unsent.lost().cloned().is_some_and(is_inside));
    assert!(unsent.into_message().is_none(), "the envelope was borrowed");
    let sent = RefCell::new(0);
    let messages = std::iter::from_fn(|| {
        *sent.borrow_mut() += 1;
        Some((envelope(), "x\r\n"))
    });
    let stopped = connection.deliver_all(messages, |_, _| panic!("nothing was sent"));
    assert!(is_inside(stopped.expect_err("inside")));
    assert_eq!(sent.into_inner(), 0, "a message was taken");
    assert!(is_inside(connection.dangerous_mut().send(Noop).expect_err("inside")));
    assert!(connection.is_open());

    let capture = outside(move || {
        connection.send(Noop).expect("the session goes on");
        connection.deliver(&envelope(), "after\r\n").expect("delivered");
        connection.quit().expect("QUIT");
        capture
    });
    assert_eq!(capture.contents(), [b"after\r\n"]);
    outside(move || drop(capture));
}

/// Calls that take it close it.
#[tokio::test]
async fn a_connection_that_is_taken_is_closed() {
    let (capture, server) = outside(Capture::in_clear);
    let connect = || {
        let server = server.clone();
        outside(move || greeted(&server))
    };
    let tls = TlsConfig::builder().dangerous().accept_any_certificate().build().expect("TLS");
    let moved = |error: TransitionError<Greeted>| match error {
        TransitionError::Lost(lost) => is_inside(lost),
        TransitionError::Refused(_) => false,
    };
    assert!(moved(connect().starttls(&tls).expect_err("inside")));
    assert!(moved(connect().mail(Mail::from(address())).expect_err("inside")));
    assert!(moved(connect().transition(Mail::from(address())).expect_err("inside")));
    let mut plain = Plain::new("me", "pencil");
    assert!(moved(connect().dangerous().authenticate(&mut plain).expect_err("inside")));
    assert!(is_inside(connect().quit().expect_err("inside")));
    assert!(is_inside(connect().quit_and_wait().expect_err("inside")));
    let group =
        connect().pipeline(|group| group.mail(Mail::from(address())).rcpt(Rcpt::to(address())));
    assert!(group.0.is_err_and(moved));

    let opened = || {
        let connection = connect();
        outside(move || {
            let mut transaction = connection.mail(Mail::from(address())).expect("MAIL");
            transaction.rcpt(Rcpt::to(address())).expect("RCPT");
            transaction
        })
    };
    let mut transaction = opened();
    assert!(is_inside(transaction.rcpt(Rcpt::to(address())).expect_err("inside")));
    let Err(DataError::Lost(lost)) = transaction.data("x\r\n") else { panic!("it waited") };
    assert!(is_inside(lost.lost().clone()));
    assert!(opened().bdat("x\r\n").is_err());
    let Err(TransitionError::Lost(lost)) = opened().reset() else { panic!("it waited") };
    assert!(is_inside(lost));
    assert!(capture.contents().is_empty());
    outside(move || drop(capture));
}

#[tokio::test]
async fn a_feed_hands_its_message_back() {
    let (capture, (feed, feeding), mut under_way) = outside(|| {
        let (capture, server) = Capture::in_clear();
        let (feed, feeding) = greeted(&server).feed();
        let under_way = feed.submit(envelope(), "under way\r\n");
        (capture, (feed, feeding), Some(under_way))
    });
    for given in [feed.deliver(envelope(), "x\r\n"), feed.submit(envelope(), "x\r\n").wait()] {
        let Err(DeliverError::NotSent(unsent)) = given else { panic!("{given:?}") };
        assert!(unsent.lost().cloned().is_some_and(is_inside));
        assert!(unsent.into_message().is_some());
    }
    let result = under_way.take().expect("a message").wait();
    assert!(matches!(result, Err(DeliverError::Unknown(_))), "{result:?}");
    // It goes on all the same.
    outside(move || {
        feed.deliver(envelope(), "next\r\n").expect("delivered");
        drop(feed);
        feeding.wait().expect("a connection").quit().expect("QUIT");
        assert_eq!(capture.contents(), [&b"under way\r\n"[..], b"next\r\n"]);
    });

    let (capture, feeding) = outside(|| {
        let (capture, server) = Capture::in_clear();
        (capture, greeted(&server).feed().1)
    });
    assert!(is_inside(feeding.wait().expect_err("inside")));
    outside(move || drop(capture));
}

/// Within a call there is its own runtime: a report, a reader, a mechanism.
#[test]
fn within_another_call_it_is_the_same() {
    let (_capture, server) = Capture::in_clear();
    let (mut first, mut second) = (greeted(&server), greeted(&server));
    let mut inner = Vec::new();
    first
        .deliver_all([(envelope(), "x\r\n")], |_, _| inner.push(second.send(Noop)))
        .expect("a connection");
    assert!(is_inside(inner.pop().expect("a report").expect_err("inside")));
    second.send(Noop).expect("the session goes on");
}

#[tokio::test]
async fn every_thread_of_a_runtime_is_one() {
    let opened = || Connection::<Greeted>::connect(&Server::new("127.0.0.1", 1)).map(drop);
    let lost = |result: Result<(), Error>| is_inside(result.expect_err("inside"));
    assert!(tokio::spawn(async move { lost(opened()) }).await.expect("a task"));
    assert!(tokio::task::spawn_blocking(move || lost(opened())).await.expect("a thread"));
}

/// No panic, and the socket is closed.
#[tokio::test]
async fn a_connection_is_dropped_inside_a_runtime() {
    let connections = outside(|| {
        let (capture, submission) = Capture::with_user();
        (authed(submission.clone()), authed(submission), capture)
    });
    let (first, second, capture): (Connection<Authed>, Connection<Authed>, Capture) = connections;
    let (feed, feeding) = second.feed();
    drop(first);
    drop((feed, feeding));
    // The sessions of the server have ended, or this would wait for them.
    outside(move || drop(capture));
}

/// The error has no connection to speak of, but says what to do.
#[test]
fn the_fault_says_what_to_do() {
    let text = Fault::InsideRuntime.to_string();
    assert!(text.contains("`smtp::Connection`") && text.contains("`std::thread`"), "{text}");
    let _: fn(Lost) -> Error = Error::from;
}
