//! The texts where no session begins: the wrong port, the wrong host, TLS that is too old, and
//! what this machine cannot do itself.

use std::error::Error as _;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use smtp::command::Stage;
use smtp::connect::{Limits, Timeouts};
use smtp::error::{Blame, Fault, HandshakeError, HandshakeErrorKind};
use smtp::testing::{CaptureServer, Script};
use smtp::{Connection, Envelope, Error, Lost, Plain, Server, Submission, TlsConfig};
use tests::{error, greeted, script, server, trust};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};
use tokio_rustls::rustls;

fn lost(error: Error) -> Lost {
    match error {
        Error::Lost(lost) => lost,
        other => panic!("the connection is intact: {other}"),
    }
}

/// The error of the client with a server that plays this script at a port, spoken to in clear.
async fn in_clear(script: Script, port: u16) -> (Lost, Duration) {
    let (stream, peer) = script.start();
    let began = Instant::now();
    let server = Server::new("mail.example.test", port);
    let lost = lost(error(Connection::from_stream(stream, &server).await));
    assert!(peer.is_closed() && peer.written().is_empty());
    (lost, began.elapsed())
}

/// The error of the client with a server that plays this script, spoken to in TLS from the first
/// byte.
async fn in_tls(script: Script) -> Lost {
    let (stream, peer) = script.start();
    let result = Connection::from_tls_stream(stream, &server(), &trust(&peer)).await;
    lost(error(result))
}

const HINT: &str = "; this looks like a port for implicit TLS: if it is one, use \
                    `Submission::implicit_tls` or `Connection::connect_tls`";

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_greet_may_wait_for_tls() {
    let table = [
        ("-- close --", 0, "the server closed the connection without a greeting"),
        ("-- wait 5s --\n-- close --", 5, "the server closed the connection without a greeting"),
        ("-- reset --", 0, "the connection broke: connection reset"),
        (
            "-- silence --",
            300,
            "the server took too long: timed out waiting for the greeting (`Timeouts::greeting`)",
        ),
    ];
    for (dialogue, seconds, text) in table {
        let (lost, took) = in_clear(Script::new(dialogue), 2525).await;
        assert_eq!(lost.to_string(), format!("{text}{HINT}"), "{dialogue}");
        assert!(lost.suggests_implicit_tls(), "{dialogue}");
        assert_eq!(lost.stage(), Some(Stage::Greeting), "{dialogue}");
        assert_eq!((lost.blame(), lost.is_transient()), (Blame::Network, true), "{dialogue}");
        assert_eq!(took.as_secs(), seconds, "{dialogue}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_with_tls_is_told_at_once() {
    // Alerts: unexpected_message, whose code is LF, and protocol_version. A ServerHello.
    let table: [&[u8]; 4] = [
        b"\x15\x03\x01\x00\x02\x02\x0a",
        b"\x15\x03\x03\x00\x02\x02\x46",
        b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03",
        b"\x15\x03",
    ];
    for bytes in table {
        for piece in [1, bytes.len()] {
            let script = Script::default().server_raw(bytes).then("-- silence --");
            let (lost, took) = in_clear(script.fragmented(piece), 25).await;
            assert_eq!(
                lost.to_string(),
                "the server speaks TLS at this port, and not clear text: this looks like a port for \
                 implicit TLS; use `Submission::implicit_tls` or `Connection::connect_tls`"
            );
            assert!(matches!(lost.fault(), Fault::ImplicitTls), "{lost:?}");
            assert!(lost.suggests_implicit_tls());
            assert_eq!((lost.blame(), lost.is_transient()), (Blame::Caller, false));
            assert_eq!(took, Duration::ZERO);
        }
    }
}

/// Once the server has said something else, nothing is guessed.
#[tokio::test(start_paused = true)]
async fn a_server_that_has_spoken_is_at_no_such_port() {
    let half = Script::default().server_raw(*b"220 mail").then("-- close --");
    let busy = Script::new("S: 421 4.3.2 busy");
    let other = Script::default().server_raw(*b"\x80\x03\x01\r\n");
    let greeted = Script::new("S: 220 mail.example.test");
    for script in [half, busy, other] {
        let (lost, _) = in_clear(script, 465).await;
        assert!(!lost.suggests_implicit_tls(), "{lost}");
        assert!(!lost.to_string().contains("implicit"), "{lost}");
    }
    for end in ["C: EHLO *\n-- close --", "C: EHLO *\n-- silence --"] {
        let (stream, _) = greeted.clone().then(end).start();
        let lost = lost(error(Connection::from_stream(stream, &server()).await));
        assert!(!lost.suggests_implicit_tls(), "{lost}");
    }
    let mut limits = Limits::default();
    limits.leniency.blank_lines = true;
    let lenient = server().limits(limits);
    for end in ["-- close --", "-- silence --"] {
        let (stream, _) = Script::default().server_raw(*b"\r\n").then(end).start();
        let lost = lost(error(Connection::from_stream(stream, &lenient).await));
        assert!(!lost.suggests_implicit_tls(), "{lost}");
        assert!(!lost.to_string().contains("implicit"), "{lost}");
    }
    for end in ["-- close --", "-- silence --", "-- cut --"] {
        let lost = in_tls(Script::new("-- tls --").then(end)).await;
        assert!(!lost.suggests_implicit_tls(), "{lost}");
        assert!(!lost.to_string().contains("implicit"), "{lost}");
    }
}

/// Port 465 is known to be one for TLS: ten seconds are enough to see that there is no greeting.
#[tokio::test(start_paused = true)]
async fn at_port_465_no_greeting_is_waited_for_long() {
    let (lost, took) = in_clear(Script::new("-- silence --"), 465).await;
    let text =
        "the server took too long: timed out waiting for the greeting (`Timeouts::greeting`)";
    assert_eq!(lost.to_string(), format!("{text}{HINT}"));
    assert_eq!(took, Duration::from_secs(10));

    // The time of the whole connection may be over before.
    let mut timeouts = Timeouts::default();
    timeouts.total = Some(Duration::from_secs(5));
    let (stream, _peer) = Script::new("-- silence --").start();
    let server = Server::new("mail.example.test", 465).timeouts(timeouts);
    let late = error(Connection::from_stream(stream, &server).await);
    let text = "the connection exceeded the time set for it as a whole (`Timeouts::total`)";
    assert_eq!(late.to_string(), format!("{text}{HINT}"));

    // A server that speaks clear text there all the same is heard.
    let dialogue = "-- wait 9s --\nS: 220 hi\nC: EHLO *\n-- wait 4m --\nS: 250 hi";
    let (stream, _peer) = Script::new(dialogue).start();
    let at_465 = Server::new("mail.example.test", 465);
    Connection::from_stream(stream, &at_465).await.expect("a slow server");

    let mut timeouts = Timeouts::default();
    timeouts.greeting = Duration::from_secs(3);
    let (stream, _peer) = Script::new("-- silence --").start();
    let began = Instant::now();
    let impatient = at_465.clone().timeouts(timeouts);
    error(Connection::from_stream(stream, &impatient).await);
    assert_eq!(began.elapsed(), Duration::from_secs(3));

    // Inside TLS the greeting takes its time.
    let dialogue = "-- tls --\n-- wait 4m --\nS: 220 hi\nC: EHLO *\nS: 250 hi";
    let (stream, peer) = Script::new(dialogue).start();
    Connection::from_tls_stream(stream, &at_465, &trust(&peer)).await.expect("a slow server");
}

/// Whatever the end of the connection does to the `ClientHello`: the words of the server are read
/// before the error of writing is told.
#[tokio::test(start_paused = true)]
async fn clear_text_where_tls_was_to_begin() {
    let use_starttls = "the server speaks clear text at this port: use STARTTLS (leave out \
                        `Submission::implicit_tls`, or call `Connection::connect` and then \
                        `starttls`)";
    let web = "a web server answers at this port, in clear text: connect to a port of a mail server \
               (465 for TLS from the first byte, 587 for STARTTLS)";
    let ends = ["", "-- close --", "-- reset --", "-- wait 1s --\n-- close --"];
    for (greeting, text) in [
        ("220 mail.example.test ESMTP", use_starttls),
        ("421 busy", use_starttls),
        ("HTTP/1.1 400 Bad Request", web),
    ] {
        for end in ends {
            let lost = in_tls(Script::new(&format!("S: {greeting}")).then(end)).await;
            assert_eq!(
                lost.to_string(),
                format!(
                    "the TLS handshake failed: {text}; the last line that came was \"{greeting}\""
                ),
                "{end}"
            );
            let kind = lost.handshake().expect("of the handshake").kind();
            assert_eq!(kind, HandshakeErrorKind::ClearText);
            assert_eq!((lost.blame(), lost.is_transient()), (Blame::Caller, false));
            assert_eq!(lost.suggests_starttls(), text == use_starttls);
            assert_eq!(lost.is_of_web_server(), text == web);
        }
    }
    let cut = in_tls(Script::new("-- close --")).await;
    assert!(matches!(cut.fault(), Fault::Io(error) if error.kind() == ErrorKind::BrokenPipe));
    let alert = Script::default().server_raw(*b"\x15\x03\x03\x00\x02\x02\x46");
    let old = in_tls(alert.then("-- close --")).await;
    assert_eq!(old.handshake().map(HandshakeError::kind), Some(HandshakeErrorKind::Version));
    assert_eq!((old.suggests_starttls(), old.unread_line()), (false, None));

    let dialogue = "C: STARTTLS\nS: 220 go\n-- wait 1ms --\nS: 454 no";
    let (connection, peer) = greeted(script(&["STARTTLS"], dialogue)).await;
    let lost = lost(error(connection.starttls(&trust(&peer)).await));
    assert_eq!(
        lost.to_string(),
        "the TLS handshake failed: the server went on in clear text after its reply to STARTTLS, \
         where TLS begins; the last line that came was \"454 no\""
    );
    assert_eq!((lost.blame(), lost.suggests_starttls()), (Blame::Server, false));
}

/// A web server that has waited for a request.
#[tokio::test(start_paused = true)]
async fn a_web_server_in_place_of_a_greeting() {
    let (stream, _) = Script::new("S: HTTP/1.1 408 Request Timeout").start();
    let lost = lost(error(Connection::from_stream(stream, &server()).await));
    assert_eq!(
        lost.to_string(),
        "the server broke the protocol: a line does not begin with a reply code from 200 to 599: \
         \"HTTP/1.1 408 Request Timeout\"; a web server answers at this port: connect to a port of \
         a mail server (waiting for the greeting)"
    );
    assert!(lost.is_of_web_server() && !lost.suggests_implicit_tls() && !lost.suggests_starttls());
}

/// A stream that cannot be written to, and that has something to read after this time.
struct Broken {
    said: &'static [u8],
    after: Option<Pin<Box<Sleep>>>,
}

impl AsyncRead for Broken {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Some(after) = &mut this.after else { return Poll::Pending };
        ready!(after.as_mut().poll(cx));
        buffer.put_slice(std::mem::take(&mut this.said));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Broken {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(ErrorKind::BrokenPipe.into()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// After a write that has failed, the words of the server may take two seconds.
#[tokio::test(start_paused = true)]
async fn what_is_on_its_way_is_waited_for() {
    let tls = TlsConfig::builder().dangerous().accept_any_certificate().build().expect("any");
    for (millis, took, is_heard) in [
        (Some(0), 0, true),
        (Some(1900), 1900, true),
        (Some(2100), 2000, false),
        (None, 2000, false),
    ] {
        let after = millis.map(|millis| Box::pin(sleep(Duration::from_millis(millis))));
        let stream = Broken { said: b"220 hi\r\n", after };
        let began = Instant::now();
        let lost = lost(error(Connection::from_tls_stream(stream, &server(), &tls).await));
        assert_eq!(began.elapsed(), Duration::from_millis(took), "{millis:?}");
        assert_eq!(lost.suggests_starttls(), is_heard, "{lost}");
        assert_eq!(matches!(lost.fault(), Fault::Io(_)), !is_heard, "{lost}");
    }
}

/// A `ServerHello` of this version of TLS.
fn server_hello(version: u8) -> Vec<u8> {
    let mut bytes = vec![0x16, 3, version, 0, 42, 2, 0, 0, 38, 3, version];
    bytes.extend([7; 32]);
    bytes.extend([0, 0, 0x2f, 0]);
    bytes
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_tls_is_too_old() {
    let alert = b"\x15\x03\x01\x00\x02\x02\x46".to_vec();
    for bytes in [alert, server_hello(1), server_hello(2)] {
        let lost = in_tls(Script::default().server_raw(bytes)).await;
        assert_eq!(
            lost.to_string(),
            "the TLS handshake failed: the server offers no TLS 1.2 or later, and nothing older is \
             safe (RFC 8996): have TLS 1.2 or 1.3 enabled on the server"
        );
        let error = lost.handshake().expect("of the handshake");
        assert_eq!(error.kind(), HandshakeErrorKind::Version);
        assert!(error.source().is_some_and(<dyn std::error::Error>::is::<rustls::Error>));
        assert_eq!((lost.blame(), lost.is_transient()), (Blame::Server, false));
    }
    for bytes in [b"\x15\x03\x01\x00\x02\x02\x46".to_vec(), server_hello(1)] {
        let script = script(&["STARTTLS"], "C: STARTTLS\nS: 220 go\n-- wait 1ms --");
        let (connection, peer) = greeted(script.server_raw(bytes)).await;
        let lost = lost(error(connection.starttls(&trust(&peer)).await));
        let kind = lost.handshake().expect("of the handshake").kind();
        assert_eq!(kind, HandshakeErrorKind::Version, "{lost}");
        assert!(lost.to_string().contains(": the server offers no TLS 1.2 or later, "), "{lost}");
    }
    let refused = b"\x15\x03\x03\x00\x02\x02\x28".to_vec();
    let lost = in_tls(Script::default().server_raw(refused)).await;
    assert_eq!(
        lost.to_string(),
        "the TLS handshake failed: the server accepts no cipher suite, key exchange or signature \
         algorithm that this client offers, or wants a client certificate: have current ones \
         enabled on the server, or give it a certificate with \
         `TlsConfig::builder().client_certificate_pem(..)`"
    );
}

/// The door is the connection's, also where a `Submission` has opened it.
#[tokio::test]
async fn unverified_tls_has_a_door_for_secrets() {
    let server = CaptureServer::builder().user("me", "pencil").require_auth();
    let server = server.start().await.expect("a server");
    let tls = TlsConfig::builder().dangerous().accept_any_certificate().build().expect("any");
    let submission = Submission::new(server.host()).port(server.port()).tls(tls);

    let refused = submission.clone().auth(Plain::new("me", "pencil")).connect().await;
    let refused = error(refused);
    assert_eq!(
        refused.to_string(),
        "PLAIN would reveal the secret and the server is not verified: use TLS with verification, \
         or a mechanism that reveals nothing; if you accept that anyone can take the server's \
         place, call `submission.dangerous().auth(..)`, or \
         `connection.dangerous().authenticate(..)`"
    );
    assert!(matches!(&refused, Error::Refused(refusal) if refusal.is_local()));

    let connection = submission.connect().await.expect("TLS");
    let login = &mut Plain::new("me", "pencil");
    let mut mail = connection.dangerous().authenticate(login).await.expect("through the door");
    let envelope = Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
    mail.deliver(&envelope, "x").await.expect("delivered");
    assert_eq!(server.messages()[0].user.as_deref(), Some("me"));
    assert!(!mail.security().expect("TLS").verified);
}

#[tokio::test]
async fn a_host_that_is_none_is_told_how_to_be_written() {
    let table = [
        (
            "localhost:587",
            "the host \"localhost:587\" holds a port: write \
             `Submission::new(\"localhost\").port(587)` or `Server::new(\"localhost\", 587)`",
        ),
        ("", "the host \"\" is empty: give the server's DNS name or IP address"),
        (
            "smtp://mail.example.com",
            "the host \"smtp://mail.example.com\" is a URL: write \"mail.example.com\"",
        ),
        (
            "[::1]:25",
            "the host \"[::1]:25\" holds a port: write `Submission::new(\"::1\").port(25)` or \
             `Server::new(\"::1\", 25)`",
        ),
        (
            "mail.example.com ",
            "the host \"mail.example.com \" holds a space: write \"mail.example.com\"",
        ),
        (
            "smtp://me:pencil@mail.example.com:587",
            "the host \"smtp://<redacted>@mail.example.com:587\" is a URL: give the server's DNS name \
             or IP address",
        ),
        (
            "me:pen@cil@mail.example.com",
            "the host \"<redacted>@mail.example.com\" holds ':': give the server's DNS name or IP \
             address",
        ),
    ];
    let tls = TlsConfig::builder().dangerous().accept_any_certificate().build().expect("any");
    for (host, text) in table {
        let server = Server::new(host, 25);
        let shown = format!("{server:?} {:?}", Submission::new(host));
        assert!(!shown.contains("cil"), "{shown}");
        let (stream, _peer) = Script::new("S: 220 hi").start();
        let errors = [
            error(Connection::connect(&server).await),
            error(Connection::connect_tls(&server, &tls).await),
            error(Connection::from_tls_stream(stream, &server, &tls).await),
            error(Submission::new(host).tls(tls.clone()).connect().await),
        ];
        for error in errors {
            let lost = lost(error);
            assert_eq!(lost.to_string(), text);
            assert!(matches!(lost.fault(), Fault::InvalidHost(_)), "{lost:?}");
            assert_eq!((lost.blame(), lost.is_transient()), (Blame::Caller, false));
        }
    }
}

/// Both fail inside this machine: no network interface has the name of that zone, and TCP has no
/// broadcast.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_this_machine_cannot_do_is_no_fault_of_the_servers() {
    let error_of = async |host| lost(error(Connection::connect(&Server::new(host, 25)).await));
    let unresolved = error_of("fe80::1%no-such-zone").await;
    assert!(matches!(unresolved.fault(), Fault::Unresolved(_)), "{unresolved:?}");
    let text = unresolved.to_string();
    assert!(text.starts_with("cannot resolve the name fe80::1%no-such-zone: "), "{text}");
    assert!(text.ends_with("; check its spelling, and that this machine can ask its resolver"));
    assert_eq!((unresolved.blame(), unresolved.is_transient()), (Blame::Local, true));

    let no_route = error_of("255.255.255.255").await;
    let text = no_route.to_string();
    let begins = "cannot connect to 255.255.255.255 port 25: 255.255.255.255:25: Network is \
                  unreachable (os error 101), after ";
    assert!(text.starts_with(begins), "{text}");
    let ends = " ms; this machine or a router on the way has no route to that network";
    assert!(text.ends_with(ends), "{text}");
    assert_eq!(no_route.attempts().len(), 1);
    assert!(matches!(no_route.fault(), Fault::Local(_)), "{no_route:?}");
    assert_eq!((no_route.blame(), no_route.is_transient()), (Blame::Local, true));
    assert!(no_route.reply().is_none() && no_route.refusal().is_none());
}

/// Sockets of the library's own need a runtime.
#[test]
fn without_a_runtime_nothing_is_connected() {
    use std::task::{Context, Poll, Waker};

    let server = Server::new("localhost", 25);
    let mut connect = std::pin::pin!(Connection::connect(&server));
    let Poll::Ready(result) = connect.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("there is nothing to wait for");
    };
    let lost = lost(error(result));
    assert_eq!(
        lost.to_string(),
        "cannot open a socket: there is no tokio runtime here; run inside one with I/O enabled, or \
         give a stream of your own to `Connection::from_stream`"
    );
    assert_eq!((lost.blame(), lost.is_transient()), (Blame::Caller, false));
}
