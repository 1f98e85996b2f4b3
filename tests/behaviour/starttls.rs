//! STARTTLS: the client forgets all that it learnt before the handshake.

use smtp::command::{Noop, Stage};
use smtp::connection::TransitionError;
use smtp::error::{Blame, Fault, ProtocolError};
use smtp::testing::{Certificate, Peer, Script};
use smtp::{Connection, Error, Plain, Server, SmtpCommand};
use tests::{ehlo, error, greeted, script, trust};

#[tokio::test(start_paused = true)]
async fn offers_from_before_tls_are_forgotten() {
    let dialogue = format!("C: STARTTLS\nS: 220 go\n-- tls --\n{}", ehlo(&["DSN"]));
    let (connection, peer) =
        greeted(script(&["STARTTLS", "SIZE 1000", "AUTH PLAIN", "PIPELINING"], &dialogue)).await;
    let connection = connection.starttls(&trust(&peer)).await.expect("TLS");
    assert!(connection.capabilities().has("DSN"));
    for gone in ["SIZE", "AUTH", "PIPELINING", "STARTTLS"] {
        assert!(!connection.capabilities().has(gone), "{gone}");
    }
    let security = connection.security().expect("TLS");
    assert!(security.verified);
    assert_eq!(security.protocol, "TLSv1_3");
    // The server offers no AUTH after TLS: what it offered before does not count.
    let error = error(connection.authenticate(&mut Plain::new("me", "pencil")).await);
    assert!(matches!(error, Error::Refused(refusal) if refusal.is_local()));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_server_without_tls_gets_nothing_else() {
    let (connection, peer) = greeted(script(&["SIZE 1000"], "")).await;
    let refused = connection.starttls(&trust(&peer)).await;
    let Err(TransitionError::Refused(refused)) = refused else {
        panic!("STARTTLS was not offered");
    };
    let missing = refused.refusal.encode_error().and_then(|error| error.missing_keyword());
    assert_eq!(missing, Some("STARTTLS"));
    assert_eq!(peer.written(), b"EHLO client.example.test\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_hands_the_connection_back() {
    for reply in ["454 4.7.0 not now", "502 no", "554 no"] {
        let dialogue = format!("C: STARTTLS\nS: {reply}\nC: NOOP\nS: 250 ok");
        let (connection, peer) = greeted(script(&["STARTTLS"], &dialogue)).await;
        match connection.starttls(&trust(&peer)).await {
            Err(TransitionError::Refused(mut refused)) => {
                refused.connection.send(Noop).await.expect("the session goes on");
            }
            other => panic!("{reply}: {other:?}"),
        }
        peer.finish();
    }
}

/// Bytes after the 220 were put there by an attacker, not by the server (RFC 3207 §6).
#[tokio::test(start_paused = true)]
async fn bytes_after_the_reply_are_an_attack() {
    let flood = vec![b'x'; 64 * 1024];
    let server_hello = [22, 3, 3, 0, 4, 2, 0, 0, 0];
    let table: [(&str, &[u8]); 5] = [
        ("half a reply", b"2"),
        ("a reply", b"250-AUTH LOGIN\r\n250 x\r\n"),
        ("a NUL", b"\0"),
        ("a ServerHello", &server_hello),
        ("64 KiB", &flood),
    ];
    for (name, injected) in table {
        let bytes = [b"220 go\r\n", injected].concat();
        let script = script(&["STARTTLS"], "C: STARTTLS").server_raw(bytes);
        let (connection, peer) = greeted(script).await;
        let error = error(connection.starttls(&trust(&peer)).await);
        assert!(
            matches!(&error, Error::Lost(lost)
                if lost.protocol() == Some(&ProtocolError::InjectedBeforeTls)),
            "{name}: {error}"
        );
        let said = b"EHLO client.example.test\r\nSTARTTLS\r\n";
        assert_eq!(peer.raw_written(), said, "{name}: no ClientHello was sent");
        assert!(peer.is_closed(), "{name}");
    }
}

/// In a packet of their own the bytes reach TLS, which cannot take them for a handshake.
#[tokio::test(start_paused = true)]
async fn bytes_that_arrive_later_are_no_handshake() {
    let script = script(&["STARTTLS"], "C: STARTTLS\nS: 220 go\n-- wait 1ms --\nS: 250 x");
    let (connection, peer) = greeted(script).await;
    let error = error(connection.starttls(&trust(&peer)).await);
    assert!(matches!(&error, Error::Lost(lost) if matches!(lost.fault(), Fault::Handshake(_))));
    assert!(peer.is_closed());
}

/// An end of the communication may pass; a server that is not the right one does not become it.
#[tokio::test(start_paused = true)]
async fn a_handshake_that_is_cut_may_be_tried_again() {
    for end in ["-- close --", "-- reset --", "-- wait 1s --\n-- close --", "-- silence --"] {
        let script = script(&["STARTTLS"], "C: STARTTLS\nS: 220 go").then(end);
        let (connection, peer) = greeted(script).await;
        let error = error(connection.starttls(&trust(&peer)).await);
        assert!(error.is_transient(), "{end}: {error}");
        assert_eq!(error.blame(), Blame::Network, "{end}: {error}");
        assert!(error.to_string().contains("TLS"), "{end}: {error}");
    }
    let (connection, peer) =
        greeted(script(&["STARTTLS"], "C: STARTTLS\nS: 220 go\n-- tls --")).await;
    let error = error(connection.starttls(&trust(&stranger())).await);
    assert!(!error.is_transient(), "{error}");
    assert_eq!(error.blame(), Blame::Server, "{error}");
    assert!(peer.is_closed());
}

/// A server with another authority than all others.
fn stranger() -> Peer {
    Script::default().certificate(&Certificate::new(&["mail.example.test"])).start().1
}

#[tokio::test(start_paused = true)]
async fn a_certificate_must_be_for_this_server_and_trusted() {
    let elsewhere = Certificate::new(&["elsewhere.example.test"]);
    let table = [
        ("another name", Some(&elsewhere), "by a name that its certificate is for"),
        ("another authority", None, "name its new root"),
    ];
    for (name, certificate, advice) in table {
        let mut script = script(&["STARTTLS"], "C: STARTTLS\nS: 220 go\n-- tls --");
        if let Some(certificate) = certificate {
            script = script.certificate(certificate);
        }
        let (connection, peer) = greeted(script).await;
        let trusted = match certificate {
            Some(_) => trust(&peer),
            None => trust(&stranger()),
        };
        let error = error(connection.starttls(&trusted).await);
        assert!(
            matches!(&error, Error::Lost(lost) if matches!(lost.fault(), Fault::Handshake(_))),
            "{name}: {error}"
        );
        assert!(error.to_string().contains(advice), "{name}: {error}");
        assert!(!peer.written().ends_with(b"EHLO client.example.test\r\n\r\n"), "{name}");
    }
}

/// RFC 9525: the name that the caller gave, a wildcard for the first label alone, an address only
/// by a name of its own kind.
#[tokio::test(start_paused = true)]
async fn the_name_that_the_caller_gave_counts() {
    let table = [
        ("mail.example.test", "mail.example.test", true),
        ("MAIL.Example.test", "mail.example.test", true),
        ("mail.example.test.", "mail.example.test", true),
        ("mail.example.test", "*.example.test", true),
        ("a.mail.example.test", "*.example.test", false),
        ("example.test", "*.example.test", false),
        ("mail.example.test", "m*.example.test", false),
        ("mail.example.test", "example.test", false),
        ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false),
        ("192.0.2.1", "mail.example.test", false),
        ("[2001:db8::1]", "2001:db8::1", true),
        ("mail.example.test", "192.0.2.1", false),
        ("m\u{e4}il.example.test", "xn--mil-qla.example.test", true),
        ("M\u{c4}IL.example.test.", "xn--mil-qla.example.test", true),
        ("mail.example.test", "xn--mil-qla.example.test", false),
        ("m\u{e4}il_1.example.test", "xn--mil_1-hra.example.test", false),
        ("mail example.test", "mail.example.test", false),
    ];
    for (host, name, accepted) in table {
        let script = Script::new("-- tls --\nS: 220 hi\nC: EHLO *\nS: 250 hi");
        let (stream, peer) = script.certificate(&Certificate::new(&[name])).start();
        let result =
            Connection::from_tls_stream(stream, &Server::new(host, 465), &trust(&peer)).await;
        assert_eq!(result.is_ok(), accepted, "{host}, {name}: {result:?}");
        assert_eq!(peer.written().is_empty(), !accepted, "{host}, {name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handshake_has_a_deadline() {
    let (connection, peer) =
        greeted(script(&["STARTTLS"], "C: STARTTLS\nS: 220 go\nC: *\n-- silence --")).await;
    let error = error(connection.starttls(&trust(&peer)).await);
    assert!(matches!(&error, Error::Lost(lost) if lost.timed_out() == Some(Stage::Handshake)));
}

#[tokio::test(start_paused = true)]
async fn ehlo_after_tls_does_not_fall_back_to_helo() {
    let dialogue = "C: STARTTLS
                    S: 220 go
                    -- tls --
                    C: EHLO client.example.test
                    S: 502 what?
                    C: QUIT
                    S: 221 bye";
    let (connection, peer) = greeted(script(&["STARTTLS"], dialogue)).await;
    let error = error(connection.starttls(&trust(&peer)).await);
    assert!(matches!(error, Error::Lost(_)));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn another_command_can_begin_the_handshake() {
    /// Two lines of a dialogue between Exchange servers.
    #[derive(SmtpCommand)]
    #[smtp(verb = "X-ANONYMOUSTLS", requires = "X-ANONYMOUSTLS", accepts(220), upgrade)]
    struct AnonymousTls;

    let dialogue = format!("C: X-ANONYMOUSTLS\nS: 220 go\n-- tls --\n{}", ehlo(&[]));
    let (connection, peer) = greeted(script(&["X-ANONYMOUSTLS"], &dialogue)).await;
    let (connection, reply) = connection.upgrade(AnonymousTls, &trust(&peer)).await.expect("TLS");
    assert_eq!(reply.text(), "go");
    assert!(connection.security().is_some());
    peer.finish();
}
