//! How a session of LMTP begins, and goes on inside TLS and after AUTH.

use smtp::command::Noop;
use smtp::connection::AnyConnection;
use smtp::error::{Blame, LmtpError};
use smtp::state::{Authed, Greeted, Lmtp, Tls};
use smtp::testing::{CaptureServer, Script};
use smtp::{Connection, DeliverError, Error, Plain, Server, Transfer};
use tests::{Fate, error, server, server_named, trust};

use super::{connected, envelope, lhlo};

#[tokio::test(start_paused = true)]
async fn lhlo_stands_for_ehlo() {
    let (mut connection, peer) =
        connected(&["PIPELINING", "8BITMIME"], "C: LHLO *\nS: 250-x\nS: 250 SIZE").await;
    assert!(connection.capabilities().has("8BITMIME"));
    connection.lhlo().await.expect("LHLO");
    assert!(connection.capabilities().has("SIZE") && !connection.capabilities().has("8BITMIME"));
    connection.quit().await.expect("QUIT");
    assert!(!String::from_utf8_lossy(&peer.written()).contains("HELO client"), "never");
}

/// A server of SMTP refuses LHLO, and is not asked with EHLO or HELO.
#[tokio::test(start_paused = true)]
async fn there_is_no_other_way_to_begin() {
    for code in [500, 502, 550] {
        let script = format!("S: 220 x\nC: LHLO *\nS: {code} unknown\nC: QUIT\nS: 221 bye");
        let (stream, peer) = Script::new(&script).start();
        let refused = error(Connection::lmtp_from_stream(stream, &server()).await);
        let Error::Refused(refusal) = &refused else {
            panic!("{refused}");
        };
        assert_eq!((refusal.command(), refusal.is_local()), ("LHLO", false));
        peer.finish();
    }
}

/// "LMTP MUST NOT be used on the TCP port 25" (RFC 2033 §5).
#[tokio::test(start_paused = true)]
async fn port_25_is_refused_here() {
    let tls = smtp::TlsConfig::builder().build().expect("a configuration");
    // Nothing listens there, and nothing is looked up: the name is none.
    let server = server_named("\0", 25);
    let in_clear = error(Connection::connect_lmtp(&server).await);
    let in_tls = error(Connection::connect_lmtp_tls(&server, &tls).await);
    for refused in [in_clear, in_tls] {
        let Error::Refused(refusal) = &refused else {
            panic!("{refused}");
        };
        assert_eq!(refusal.lmtp_error(), Some(LmtpError::Port));
        assert!(refusal.is_local() && !refusal.is_transient());
        assert_eq!(refusal.blame(), Blame::Caller);
        assert!(refused.to_string().contains("port 25"), "{refused}");
    }
    let other = error(Connection::connect_lmtp(&server_named("\0", 24)).await);
    assert!(matches!(other, Error::Lost(_)), "{other}");
}

/// The replies to RCPT say how many replies the message gets, so they must come before it.
#[tokio::test(start_paused = true)]
async fn an_eager_transfer_is_refused_before_anything_is_sent() {
    let script = Script::new(&lhlo(&["PIPELINING", "CHUNKING"])).then("C: NOOP\nS: 250 ok");
    let (stream, peer) = script.start();
    let server: Server = server().transfer(Transfer::eager());
    let connection = Connection::lmtp_from_stream(stream, &server).await;
    let mut connection = connection.expect("a session");
    let refused = connection.deliver(&envelope(&["a"]), "x\r\n").await;
    let Err(DeliverError::Refused(undelivered)) = refused else {
        panic!("{refused:?}");
    };
    let refusal = undelivered.refusal();
    assert_eq!(refusal.lmtp_error(), Some(LmtpError::Eager));
    assert!(refusal.is_local() && refusal.to_string().contains("chunks"), "{refusal}");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

/// The session stays one of LMTP inside TLS, and after AUTH.
#[tokio::test(start_paused = true)]
async fn tls_and_auth() {
    let script = Script::new(&lhlo(&["STARTTLS"]))
        .then("C: STARTTLS\nS: 220 go\n-- tls --")
        .then(&lhlo(&["AUTH PLAIN"]).replace("S: 220 mail.example.test ESMTP\n", ""))
        .then("C: AUTH PLAIN AG1lAHdyb25n\nS: 535 no")
        .then("C: AUTH PLAIN AG1lAHBlbmNpbA==\nS: 235 ok")
        .then(
            "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go",
        )
        .then("C: x\nC: .\nS: 250 a\nS: 452 b");
    let (stream, peer) = script.start();
    let connection = Connection::lmtp_from_stream(stream, &server()).await.expect("a session");
    let tls = connection.starttls(&trust(&peer)).await.expect("TLS");
    let refused = tls.authenticate(&mut Plain::new("me", "wrong")).await;
    let Err(smtp::connection::TransitionError::Refused(refused)) = refused else {
        panic!("the password is wrong");
    };
    let authed = refused.connection.authenticate(&mut Plain::new("me", "pencil")).await;
    let mut authed = authed.expect("a login");
    let receipt = authed.deliver(&envelope(&["a", "b"]), "x\r\n").await.expect("delivered");
    assert_eq!(receipt.accepted().count(), 1);
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn tls_from_the_first_byte_and_the_dangerous_door() {
    let (stream, peer) = Script::new("-- tls --").then(&lhlo(&[])).start();
    let tls = trust(&peer);
    let connection = Connection::lmtp_from_tls_stream(stream, &server(), &tls).await;
    assert!(connection.expect("a session").security().is_some());

    let login = "C: AUTH PLAIN AG1lAHBlbmNpbA==\nS: 235 ok";
    let (connection, peer) = connected(&["AUTH PLAIN"], login).await;
    let authed = connection.dangerous().authenticate(&mut Plain::new("me", "pencil")).await;
    drop(authed.expect("a login"));
    peer.finish();
}

/// The server of the tests speaks it too.
#[tokio::test]
async fn a_capture_server() {
    let server =
        CaptureServer::builder().lmtp().refuse_messages("full@example.org", "552 5.2.2 full");
    let server = server.start().await.expect("a server");
    let address = Server::new("127.0.0.1", server.port());
    let refused = error(Connection::connect(&address).await);
    assert!(matches!(refused, Error::Refused(_)), "it has no EHLO: {refused}");
    let transfers = [Transfer::data(), Transfer::chunks()];
    for (number, transfer) in transfers.into_iter().enumerate() {
        let connection = Connection::connect_lmtp(&address.clone().transfer(transfer)).await;
        let mut connection = connection.expect("a session");
        let receipt = connection.deliver(&envelope(&["a", "full", "b"]), "x\r\n").await;
        let receipt = receipt.expect("for two");
        assert_eq!(super::finals(receipt.recipients()), [Some(250), Some(552), Some(250)]);
        let result = connection.deliver(&envelope(&["full"]), "x\r\n").await;
        assert!(matches!(result, Err(DeliverError::Refused(_))), "{result:?}");
        assert_eq!(server.messages()[number].recipients, ["a@example.org", "b@example.org"]);
    }
    assert_eq!(server.messages().len(), 2);
}

/// A pool holds sessions of LMTP beside those of SMTP, and each comes back as what it was.
#[tokio::test(start_paused = true)]
async fn in_a_connection_whose_state_is_known_at_run_time() {
    let dialogue =
        "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 a\nC: RCPT *\nS: 250 b\nC: DATA\nS: 354 go
                    C: x\nC: .\nS: 250 a\nS: 452 b\n";
    let last = "C: NOOP\nS: 250 ok\n-- close --";
    let (connection, peer) = connected(&[], &(dialogue.repeat(2) + last)).await;
    let mut any = AnyConnection::from(connection);
    assert!(any.is_open() && any.security().is_none());
    let both = envelope(&["a", "b"]);
    let fate = "Delivered 250 | 250:ok 250:452";
    assert_eq!(any.deliver(&both, "x\r\n").await.fate(), fate);
    let (feed, running) = any.feed();
    let (running, told) =
        tokio::join!(
            running,
            async move { feed.deliver(envelope(&["a", "b"]), "x\r\n").await.fate() }
        );
    assert_eq!(told, fate);
    let any = Connection::<Greeted>::try_from(running.expect("a session"));
    let any = any.expect_err("it is a session of LMTP");
    let connection = Connection::<Lmtp<Greeted>>::try_from(any).expect("its state");
    let mut any = AnyConnection::from(connection);
    any.send(Noop).await.expect("NOOP");
    any.closed().await;
    assert!(!any.is_open());
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn each_state_comes_back_as_it_was() {
    let dialogue = format!("{}C: AUTH *\nS: 235 ok", lhlo(&["AUTH PLAIN"]));
    let (stream, peer) = Script::new("-- tls --").then(&dialogue).start();
    let secured = Connection::lmtp_from_tls_stream(stream, &server(), &trust(&peer)).await;
    let any = AnyConnection::from(secured.expect("a session"));
    assert!(matches!(any, AnyConnection::LmtpTls(_)), "{any:?}");
    let secured = Connection::<Lmtp<Tls>>::try_from(any).expect("its state");
    let authed = secured.authenticate(&mut Plain::new("me", "pencil")).await.expect("a login");
    let any = AnyConnection::from(authed);
    assert!(matches!(any, AnyConnection::LmtpAuthed(_)), "{any:?}");
    Connection::<Lmtp<Authed>>::try_from(any).expect("its state");
}
