//! The same states and the same errors.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use smtp::blocking::{AnyConnection, Connection, DataError, TransitionError};
use smtp::command::{Mail, Noop, Rcpt, Stage};
use smtp::connect::Timeouts;
use smtp::error::Fault;
use smtp::state::{Authed, Greeted, Lmtp, Tls};
use smtp::testing::CaptureServer;
use smtp::{DeliverError, Error, Plain, Server, TlsConfig, Transfer};

use super::{Capture, HELLO, Lines, authed, envelope, greeted};

fn mail() -> Mail {
    Mail::from("me@example.com".parse::<smtp::Mailbox>().expect("an address"))
}

fn rcpt(address: &str) -> Rcpt {
    Rcpt::to(address.parse::<smtp::Mailbox>().expect("an address"))
}

#[test]
fn a_submission_delivers_and_quits() {
    let (capture, submission) = Capture::with_user();
    let report = submission.clone().auth(Plain::new("me", "pencil")).check().expect("a login");
    assert_eq!(report.mechanism.as_deref(), Some("PLAIN"));
    let mut connection = authed(submission);
    assert!(connection.is_verified());
    assert!(connection.security().is_some_and(|security| security.verified));
    let receipt = connection.deliver(&envelope(), "Subject: one\r\n\r\n").expect("delivered");
    assert!(receipt.is_complete());
    let messages =
        ["Subject: two\r\n\r\n", "Subject: three\r\n\r\n"].map(|body| (envelope(), body));
    let mut taken = Vec::new();
    connection
        .deliver_all(messages, |index, result| {
            result.expect("delivered");
            taken.push(index);
        })
        .expect("a connection");
    assert_eq!(taken, [0, 1]);
    assert_eq!(connection.transactions(), 3);
    connection.quit_and_wait().expect("QUIT");
    let expected =
        ["one", "two", "three"].map(|word| format!("Subject: {word}\r\n\r\n").into_bytes());
    assert_eq!(capture.contents(), expected);
}

/// A submission of each kind may come with its first message.
#[test]
fn a_first_message_comes_with_the_submission() {
    let plain = || Plain::new("me", "pencil");
    let (capture, submission) = Capture::with_user();
    let submission = submission.pipeline_auth().transfer(Transfer::chunks());
    let sent = submission.clone().auth(plain()).connect_and_deliver(&envelope(), "one\r\n");
    let (connection, receipt) = sent.expect("a login");
    assert!(receipt.expect("delivered").is_complete());
    connection.quit().expect("QUIT");

    let submission = submission.auth_with(plain);
    let (mut connection, receipt) =
        submission.connect_and_deliver(&envelope(), "two\r\n").expect("a login");
    receipt.expect("delivered");
    connection.deliver(&envelope(), "three\r\n").expect("delivered");
    let expected = ["one\r\n", "two\r\n", "three\r\n"].map(|body| body.as_bytes().to_vec());
    assert_eq!(capture.contents(), expected);

    let url = format!("smtp://me:pencil@localhost:{}", capture.server.port());
    let tls = TlsConfig::builder().root_pem(capture.server.authority_pem()).build();
    let submission = smtp::blocking::Submission::from_url(&url).expect("a URL");
    let submission = submission.tls(tls.expect("a root")).at([capture.server.address()]);
    let sent = submission.connect_and_deliver(&envelope(), "four\r\n");
    assert!(matches!(sent, Ok((AnyConnection::Authed(_), Ok(_)))), "{sent:?}");

    let capture = Capture::start(CaptureServer::builder().plaintext());
    let submission = smtp::blocking::Submission::new("localhost").without_tls();
    let submission = submission.at([capture.server.address()]);
    let sent = submission.connect_and_deliver(&envelope(), "five\r\n");
    assert!(matches!(sent, Ok((_, Ok(_)))), "{sent:?}");
    assert_eq!(capture.contents(), [b"five\r\n"]);
}

#[test]
fn the_state_moves_with_the_calls_and_comes_back_when_they_are_refused() {
    let builder = CaptureServer::builder().user("me", "pencil");
    let capture = Capture::start(builder.refuse_recipient("gone@example.org", "550 5.1.1 gone"));
    let tls =
        TlsConfig::builder().root_pem(capture.server.authority_pem()).build().expect("a root");
    let address = capture.server.address();
    let server = Server::new("localhost", address.port()).at([address]);

    let greeted = Connection::<Greeted>::connect(&server).expect("EHLO");
    let secured: Connection<Tls> = greeted.starttls(&tls).expect("TLS");
    let Err(TransitionError::Refused(refused)) = secured.authenticate(&mut Plain::new("me", "pen"))
    else {
        panic!("the password is wrong");
    };
    assert_eq!(refused.refusal.reply().map(|reply| reply.code().value()), Some(535));
    let mut authed: Connection<Authed> =
        refused.connection.authenticate(&mut Plain::new("me", "pencil")).expect("a login");
    authed.send(Noop).expect("NOOP");
    authed.ehlo().expect("EHLO");

    let mut transaction = authed.mail(mail()).expect("MAIL");
    let error = transaction.rcpt(rcpt("gone@example.org")).expect_err("no such user");
    assert!(matches!(error, Error::Refused(_)), "{error}");
    let Err(DataError::Refused(refused)) = transaction.data("x\r\n") else {
        panic!("there is no recipient");
    };
    let transaction = refused.connection.mail(mail()).expect("MAIL");
    let authed = transaction.reset().expect("RSET");
    let mut transaction = authed.mail(mail()).expect("MAIL");
    transaction.rcpt(rcpt("you@example.org")).expect("RCPT");
    assert_eq!(transaction.accepted(), 1);
    let (authed, receipt) = transaction.data("by hand\r\n").expect("DATA");
    assert!(receipt.is_complete());

    let rcpts = [rcpt("gone@example.org"), rcpt("you@example.org")];
    let (authed, (_, outcomes, message)) =
        authed.pipeline(|group| group.mail(mail()).each(rcpts).data("as a group\r\n"));
    assert_eq!(outcomes.iter().filter(|rcpt| rcpt.is_accepted()).count(), 1);
    assert!(message.end.accepted().is_some());
    let (transaction, _) = authed.expect("a session").pipeline(|group| group.mail(mail()));
    let (authed, _) = transaction.expect("MAIL").pipeline(smtp::pipeline::Pipeline::reset);
    authed.expect("RSET").quit().expect("QUIT");
    assert_eq!(capture.contents(), [&b"by hand\r\n"[..], b"as a group\r\n"]);
}

/// LMTP has the same calls.
#[test]
fn a_session_of_lmtp() {
    let builder = CaptureServer::builder().lmtp().user("me", "pencil");
    let capture = Capture::start(builder.refuse_messages("full@example.org", "552 5.2.2 full"));
    let tls =
        TlsConfig::builder().root_pem(capture.server.authority_pem()).build().expect("a root");
    let address = capture.server.address();
    let server = Server::new("localhost", address.port()).at([address]);
    let connection = Connection::connect_lmtp(&server).expect("LHLO").starttls(&tls).expect("TLS");
    let mut authed = connection.authenticate(&mut Plain::new("me", "pencil")).expect("a login");
    authed.lhlo().expect("LHLO");
    let mut transaction = authed.mail(mail()).expect("MAIL");
    for name in ["full@example.org", "you@example.org"] {
        transaction.rcpt(rcpt(name)).expect("RCPT");
    }
    let (authed, receipt) = transaction.data("by hand\r\n").expect("DATA");
    assert_eq!((receipt.accepted().count(), receipt.refused().count()), (1, 1));

    let mut any = AnyConnection::from(authed);
    assert!(any.is_open());
    any.send(Noop).expect("NOOP");
    any.deliver(&envelope(), "x\r\n").expect("delivered");
    let authed = Connection::<Lmtp<Authed>>::try_from(any).expect("it is authenticated");
    authed.quit().expect("QUIT");
    assert_eq!(capture.contents(), [&b"by hand\r\n"[..], b"x\r\n"]);
}

#[test]
fn a_url_decides_the_state_when_the_program_runs() {
    let (capture, _) = Capture::with_user();
    let tls =
        TlsConfig::builder().root_pem(capture.server.authority_pem()).build().expect("a root");
    let url = format!("smtp://me:pencil@localhost:{}", capture.server.port());
    let submission = smtp::blocking::Submission::from_url(&url).expect("a URL");
    let submission = submission.tls(tls).at([capture.server.address()]);
    let mut any = submission.connect().expect("a login");
    assert!(matches!(any, AnyConnection::Authed(_)), "{any:?}");
    assert!(any.is_open());
    any.deliver(&envelope(), "x\r\n").expect("delivered");
    let authed = Connection::<Authed>::try_from(any).expect("it is authenticated");
    authed.quit().expect("QUIT");
}

#[test]
fn a_socket_of_the_standard_library_is_taken() {
    let (capture, server) = Capture::in_clear();
    let stream = TcpStream::connect(capture.server.address()).expect("a connection");
    let mut connection = Connection::from_stream(stream, &server).expect("EHLO");
    connection.deliver(&envelope(), "x\r\n").expect("delivered");
    connection.quit().expect("QUIT");
    assert_eq!(capture.contents(), [b"x\r\n"]);
}

#[test]
fn a_connection_goes_from_thread_to_thread() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let (capture, server) = Capture::in_clear();
    let mut connection = is_send(greeted(&server));
    for _ in 0..3 {
        connection = std::thread::spawn(move || {
            connection.deliver(&envelope(), "x\r\n").expect("delivered");
            connection
        })
        .join()
        .expect("a thread");
    }
    connection.quit().expect("QUIT");
    assert_eq!(capture.contents().len(), 3);
}

/// A server that never speaks: its kernel takes the connection.
#[test]
fn a_silent_server_costs_no_more_than_the_timeout() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let mut timeouts = Timeouts::default();
    timeouts.greeting = Duration::from_millis(20);
    let server = Server::new("127.0.0.1", port).timeouts(timeouts);
    let Err(Error::Lost(lost)) = Connection::<Greeted>::connect(&server) else {
        panic!("there is no greeting");
    };
    assert_eq!(lost.timed_out(), Some(Stage::Greeting), "{lost}");
}

#[test]
fn a_reply_that_does_not_come_ends_the_call() {
    let lines = Lines::start(&[("", "220 hi\r\n"), HELLO, ("NOOP", ""), ("wait", "")]);
    let mut timeouts = Timeouts::default();
    timeouts.total = Some(Duration::from_millis(100));
    let server = lines.server.clone().timeouts(timeouts);
    let error = greeted(&server).send(Noop).expect_err("no reply");
    let Error::Lost(lost) = error else { panic!("{error}") };
    assert!(matches!(lost.fault(), Fault::DeadlineExceeded), "{lost}");
}

/// Between calls nothing is watched; the next call sees what has come before it writes.
#[test]
fn a_server_that_closed_between_calls_got_nothing_of_the_message() {
    for end in [
        &[("", "220 hi\r\n"), HELLO, ("wait", "421 bye\r\n")],
        &[("", "220 hi\r\n"), HELLO, ("wait", "")],
    ] {
        let lines = Lines::start(end);
        let mut connection = greeted(&lines.server);
        assert!(connection.is_open());
        lines.close();
        let error = connection.deliver(&envelope(), "x\r\n").expect_err("it has closed");
        assert!(matches!(error, DeliverError::NotSent(_)), "{error}");

        let lines = Lines::start(end);
        let mut connection = greeted(&lines.server);
        lines.close();
        assert!(!connection.is_open());
        let lost = connection.closed();
        assert!(matches!(lost.fault(), Fault::Closed | Fault::Closing(_)), "{lost}");
    }
}
