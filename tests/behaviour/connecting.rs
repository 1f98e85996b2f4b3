//! Servers that do not do what the mode of TLS and the port promise: the exact error, the time that
//! it takes, and nothing on the wire that a listener could use.

use std::time::Duration;

use smtp::command::Stage;
use smtp::error::{Blame, Fault, HandshakeErrorKind, ProtocolError};
use smtp::testing::{Certificate, Script};
use smtp::{Connection, Error, Plain, Server};
use tests::{error, trust};
use tokio::time::Instant;

use Mode::{Clear, Implicit, StartTls};

/// The way to a login.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    /// Without TLS, through the door named `dangerous`.
    Clear,
    /// `Submission::new`.
    StartTls,
    /// `Submission::implicit_tls`.
    Implicit,
}

/// The end of an attempt.
struct End {
    error: Error,
    took: Duration,
    /// The bytes of the client's, those of TLS among them.
    raw: Vec<u8>,
}

/// Tries to log in at a port where this script plays.
async fn attempt(mode: Mode, port: u16, script: Script) -> End {
    let (stream, peer) = script.start();
    let server = Server::new("mail.example.test", port);
    let (tls, began) = (trust(&peer), Instant::now());
    let mut login = Plain::new("me", "S3NT1NEL");
    let error = match mode {
        Clear => match Connection::from_stream(stream, &server).await {
            Ok(connection) => error(connection.dangerous().authenticate(&mut login).await),
            Err(error) => error,
        },
        StartTls => match Connection::from_stream(stream, &server).await {
            Ok(connection) => match connection.starttls(&tls).await {
                Ok(connection) => error(connection.authenticate(&mut login).await),
                Err(error) => error.into(),
            },
            Err(error) => error,
        },
        Implicit => match Connection::from_tls_stream(stream, &server, &tls).await {
            Ok(connection) => error(connection.authenticate(&mut login).await),
            Err(error) => error,
        },
    };
    End { error, took: began.elapsed(), raw: peer.raw_written() }
}

/// The bytes that the client has sent, and a listener has seen.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wire {
    Nothing,
    /// EHLO, with the literal of the loopback.
    Ehlo,
    /// EHLO and STARTTLS.
    StartTls,
    /// After EHLO and STARTTLS no more than TLS, which shows the server's name.
    Handshake,
    /// No more than TLS.
    Tls,
}

impl Wire {
    fn holds(self, raw: &[u8]) -> bool {
        let is_tls = |bytes: &[u8]| bytes.first() == Some(&0x16);
        let after = |lines: &[u8]| raw.strip_prefix(lines).is_some_and(is_tls);
        match self {
            Self::Nothing => raw.is_empty(),
            Self::Ehlo => raw == b"EHLO [127.0.0.1]\r\n",
            Self::StartTls => raw == b"EHLO [127.0.0.1]\r\nSTARTTLS\r\n",
            Self::Handshake => after(b"EHLO [127.0.0.1]\r\nSTARTTLS\r\n"),
            Self::Tls => is_tls(raw),
        }
    }
}

/// The text of the error, its blame, whether to try again, the seconds that it takes, and the bytes.
type Expected = (&'static str, Blame, bool, u64, Wire);

const TLS_PORT: &str = "; this looks like a port for implicit TLS: if it is one, use \
                        `Submission::implicit_tls` or `Connection::connect_tls`";
const CLEAR_PORT: &str = "the TLS handshake failed: the server speaks clear text at this port: use \
                          STARTTLS (leave out `Submission::implicit_tls`, or call \
                          `Connection::connect` and then `starttls`)";
const WEB_SERVER: &str = "the TLS handshake failed: a web server answers at this port, in clear \
                          text: connect to a port of a mail server (465 for TLS from the first \
                          byte, 587 for STARTTLS)";
const NO_TLS: &str = "; this may be a port without TLS from the first byte: if it is one for \
                      STARTTLS, leave out `Submission::implicit_tls`, or call `Connection::connect` \
                      and then `starttls`";

async fn check(mode: Mode, port: u16, name: &str, script: Script, expected: Expected) -> End {
    let (text, blame, again, seconds, wire) = expected;
    let end = attempt(mode, port, script).await;
    let name = format!("{mode:?}, {port}, {name}");
    assert_eq!(end.error.to_string(), text, "{name}");
    assert_eq!((end.error.blame(), end.error.is_transient()), (blame, again), "{name}");
    assert_eq!(end.took, Duration::from_secs(seconds), "{name}");
    assert!(wire.holds(&end.raw), "{name}: {:?}", end.raw.escape_ascii().to_string());
    assert!(!end.raw.windows(8).any(|bytes| bytes == b"S3NT1NEL"), "{name}");
    assert!(!end.error.to_string().contains("S3NT1NEL"), "{name}");
    end
}

fn offers(keywords: &str) -> Script {
    Script::new(&format!("S: 220 hi\nC: EHLO *\nS: 250-hi\nS: 250 {keywords}"))
}

/// A server that never speaks, or that ends the connection.
#[tokio::test(start_paused = true)]
async fn silence_and_ends() {
    let lost = "the server closed the connection without a greeting";
    let late =
        "the server took too long: timed out waiting for the greeting (`Timeouts::greeting`)";
    let in_tls = "the server took too long: timed out negotiating TLS (`Timeouts::handshake`)";
    let eof = "the connection broke: tls handshake eof: the connection ended in the middle of the \
               TLS handshake";
    let reset = "the connection broke: connection reset: the connection ended in the middle of the \
                 TLS handshake";
    for port in [25, 465, 587, 2525] {
        let seconds = if port == 465 { 10 } else { 300 };
        for mode in [Clear, StartTls] {
            for (dialogue, text, seconds) in [
                ("-- close --", lost, 0),
                ("-- reset --", "the connection broke: connection reset", 0),
                ("-- silence --", late, seconds),
            ] {
                let text: &'static str = format!("{text}{TLS_PORT}").leak();
                let expected = (text, Blame::Network, true, seconds, Wire::Nothing);
                let end = check(mode, port, dialogue, Script::new(dialogue), expected).await;
                assert!(matches!(&end.error, Error::Lost(lost) if lost.suggests_implicit_tls()));
            }
        }
        for (dialogue, text, seconds) in [
            ("-- wait 1s --\n-- close --", eof, 1),
            ("-- wait 1s --\n-- reset --", reset, 1),
            // The ports for STARTTLS are known to be none for TLS from the first byte.
            ("-- silence --", in_tls, if matches!(port, 25 | 587) { 10 } else { 60 }),
        ] {
            let is_silent = dialogue == "-- silence --";
            let hint = if is_silent { NO_TLS } else { "" };
            let text: &'static str = format!("{text}{hint}").leak();
            let expected = (text, Blame::Network, true, seconds, Wire::Tls);
            let end = check(Implicit, port, dialogue, Script::new(dialogue), expected).await;
            assert!(matches!(&end.error, Error::Lost(lost)
                if lost.stage() == Some(Stage::Handshake) && !lost.suggests_implicit_tls()
                    && lost.suggests_starttls() == is_silent));
        }
    }
}

/// TLS where clear text was to come, and the other way round, at once at any port.
#[tokio::test(start_paused = true)]
async fn the_wrong_mode_for_the_port() {
    let tls_speaks = "the server speaks TLS at this port, and not clear text: this looks like a \
                      port for implicit TLS; use `Submission::implicit_tls` or \
                      `Connection::connect_tls`";
    for port in [25, 465, 587, 2525] {
        for bytes in [&b"\x15\x03\x01\x00\x02\x02\x0a"[..], b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76"]
        {
            for mode in [Clear, StartTls] {
                let script = Script::default().server_raw(bytes).then("-- silence --");
                let expected = (tls_speaks, Blame::Caller, false, 0, Wire::Nothing);
                let end = check(mode, port, "TLS", script, expected).await;
                assert!(matches!(&end.error, Error::Lost(lost)
                    if matches!(lost.fault(), Fault::ImplicitTls)));
            }
        }
        for greeting in ["220 hi", "554 no", "421 busy", "HTTP/1.1 400 Bad Request"] {
            let script = Script::new(&format!("S: {greeting}")).then("-- silence --");
            let is_web = greeting.starts_with("HTTP");
            let text = if is_web { WEB_SERVER } else { CLEAR_PORT };
            let text: &'static str =
                format!("{text}; the last line that came was \"{greeting}\"").leak();
            let expected = (text, Blame::Caller, false, 0, Wire::Tls);
            let end = check(Implicit, port, greeting, script, expected).await;
            let Error::Lost(lost) = &end.error else { panic!("{}", end.error) };
            let kind = lost.handshake().map(smtp::error::HandshakeError::kind);
            assert_eq!(kind, Some(HandshakeErrorKind::ClearText));
            assert_eq!(lost.unread_line(), Some(greeting.as_bytes()));
            assert_eq!(lost.suggests_starttls(), !is_web);
        }
    }
}

/// STARTTLS that is not offered, or refused: the session is intact, and nothing else is said.
#[tokio::test(start_paused = true)]
async fn starttls_that_is_refused() {
    let missing = "STARTTLS was not sent: the server does not offer STARTTLS, which this \
                   command needs: leave it out or use another server";
    let expected = (missing, Blame::Caller, false, 0, Wire::Ehlo);
    let end = check(StartTls, 587, "no keyword", offers("AUTH PLAIN"), expected).await;
    assert!(matches!(&end.error, Error::Refused(refusal) if refusal.is_local()));
    for (reply, again) in [
        ("454 4.7.0 not now", true),
        ("501 no", false),
        ("502 no", false),
        ("503 no", false),
        ("530 no", false),
        ("554 5.7.0 no", false),
    ] {
        let script = offers("STARTTLS").then(&format!("C: STARTTLS\nS: {reply}"));
        let text: &'static str = format!("the server refused STARTTLS: {reply}").leak();
        let expected = (text, Blame::Server, again, 0, Wire::StartTls);
        let end = check(StartTls, 587, reply, script, expected).await;
        assert!(matches!(&end.error, Error::Refused(refusal) if !refusal.is_local()));
    }
}

/// A reply to STARTTLS that does not come, or is not followed by TLS.
#[tokio::test(start_paused = true)]
async fn starttls_that_leads_nowhere() {
    let no_reply =
        "the server closed the connection without a reply (waiting for the reply to STARTTLS)";
    let late = "the server took too long: timed out waiting for the reply to STARTTLS \
                (`Timeouts::hello`)";
    let in_tls = "the server took too long: timed out negotiating TLS (`Timeouts::handshake`)";
    let eof = "the connection broke: tls handshake eof: the connection ended in the middle of the \
               TLS handshake";
    let broken = "the connection broke: broken pipe: the connection ended in the middle of the TLS \
                  handshake";
    let clear = ["250 x", "554 no"].map(|line| -> &'static str {
        let text = "the TLS handshake failed: the server went on in clear text after its reply to \
                    STARTTLS, where TLS begins; the last line that came was";
        format!("{text} \"{line}\"").leak()
    });
    let alert = "the TLS handshake failed: the server accepts no cipher suite, key exchange or \
                 signature algorithm that this client offers, or wants a client certificate: have \
                 current ones enabled on the server, or give it a certificate with \
                 `TlsConfig::builder().client_certificate_pem(..)`";
    let go = "S: 220 go\n-- wait 1s --\n";
    let table: [(String, Expected); 7] = [
        ("-- close --".into(), (no_reply, Blame::Network, true, 0, Wire::StartTls)),
        ("-- silence --".into(), (late, Blame::Network, true, 300, Wire::StartTls)),
        ("S: 220 go\n-- close --".into(), (broken, Blame::Network, true, 0, Wire::StartTls)),
        ("S: 220 go\n-- silence --".into(), (in_tls, Blame::Network, true, 60, Wire::Handshake)),
        (format!("{go}-- close --"), (eof, Blame::Network, true, 1, Wire::Handshake)),
        (format!("{go}S: 250 x"), (clear[0], Blame::Server, false, 1, Wire::Handshake)),
        (format!("{go}S: 554 no"), (clear[1], Blame::Server, false, 1, Wire::Handshake)),
    ];
    for (dialogue, expected) in table {
        let script = offers("STARTTLS").then(&format!("C: STARTTLS\n{dialogue}"));
        check(StartTls, 587, &dialogue, script, expected).await;
    }
    let script = offers("STARTTLS")
        .then("C: STARTTLS\nS: 220 go\n-- wait 1s --")
        .server_raw(*b"\x15\x03\x03\x00\x02\x02\x28");
    let expected = (alert, Blame::Server, false, 1, Wire::Handshake);
    check(StartTls, 587, "an alert", script, expected).await;
    let script = Script::default().server_raw(*b"\x15\x03\x03\x00\x02\x02\x28");
    let expected = (alert, Blame::Server, false, 0, Wire::Tls);
    check(Implicit, 465, "an alert", script, expected).await;

    // In the packet of the 220: no ClientHello is sent.
    for injected in [&b"250 x\r\n"[..], b"2", b"\x15\x03\x03\x00\x02\x02\x28"] {
        let bytes = [b"220 go\r\n", injected].concat();
        let script = offers("STARTTLS").then("C: STARTTLS").server_raw(bytes);
        let end = attempt(StartTls, 587, script).await;
        assert!(matches!(&end.error, Error::Lost(lost)
            if lost.protocol() == Some(&ProtocolError::InjectedBeforeTls)));
        assert!(Wire::StartTls.holds(&end.raw), "{:?}", end.raw.escape_ascii().to_string());
        assert_eq!((end.error.blame(), end.error.is_transient()), (Blame::Server, false));
    }
}

/// A server that is another than the one that was asked for gets nothing inside TLS either.
#[tokio::test(start_paused = true)]
async fn another_server() {
    let elsewhere = || Script::default().certificate(&Certificate::new(&["elsewhere.example"]));
    let wrong = |end: &End| {
        matches!(&end.error, Error::Lost(lost) if lost.handshake().is_some_and(
            |error| error.kind() == HandshakeErrorKind::WrongName))
    };
    let end = attempt(Implicit, 465, elsewhere().then("-- tls --\nS: 220 hi")).await;
    assert!(wrong(&end) && Wire::Tls.holds(&end.raw), "{}", end.error);
    let dialogue =
        "S: 220 hi\nC: EHLO *\nS: 250-hi\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n-- tls --";
    let end = attempt(StartTls, 587, elsewhere().then(dialogue)).await;
    assert!(wrong(&end) && Wire::Handshake.holds(&end.raw), "{}", end.error);
}
