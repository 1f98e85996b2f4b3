//! Calls that open a socket of their own.

use smtp::connect::OpportunisticTls;
use smtp::connection::AnyConnection;
use smtp::error::{Fault, HandshakeErrorKind};
use smtp::{Connection, Envelope, Error, Lost, Plain, Server, Submission, TlsConfig};
use tests::error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// The server's behaviour after the first bytes.
#[derive(Clone, Copy)]
enum Then {
    Silence,
    End,
    Again,
}

/// A port at which every client is told these bytes.
async fn says(bytes: &'static [u8], then: Then) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut client, _)) = listener.accept().await {
            // A client may leave while it is being told.
            while client.write_all(bytes).await.is_ok() && matches!(then, Then::Again) {}
            if matches!(then, Then::Silence) {
                open.push(client);
            } else {
                let _ = client.shutdown().await;
                let _ = client.read_to_end(&mut Vec::new()).await;
            }
        }
    });
    port
}

fn tls() -> TlsConfig {
    TlsConfig::builder().root_pem(authority()).build().expect("a root")
}

fn authority() -> String {
    smtp::testing::Certificate::default().authority_pem().to_owned()
}

async fn each(port: u16, clear: fn(&Lost) -> bool, inside: fn(&Lost) -> bool) {
    let (server, tls) = (Server::new("127.0.0.1", port), tls());
    let submission = || Submission::new("127.0.0.1").tls(tls.clone());
    let any = OpportunisticTls::new().expect("cryptography").clear_after_failure();
    let login = || Plain::new("me", "pencil");
    let envelope = Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
    let sent = submission().port(port).pipeline_auth().auth(login());
    let sent = sent.connect_and_deliver(&envelope, "x").await;
    let results = [
        ("connect", error(Connection::connect(&server).await), clear),
        (
            "connect_opportunistic",
            error(AnyConnection::connect_opportunistic(&server, &any).await),
            clear,
        ),
        ("connect_tls", error(Connection::connect_tls(&server, &tls).await), inside),
        ("connect_lmtp", error(Connection::connect_lmtp(&server).await), clear),
        ("connect_lmtp_tls", error(Connection::connect_lmtp_tls(&server, &tls).await), inside),
        ("submission", error(submission().port(port).connect().await), clear),
        ("login", error(submission().port(port).auth(login()).connect().await), clear),
        ("connect_and_deliver", error(sent), clear),
        ("check", error(submission().port(port).check().await), clear),
        ("465", error(submission().implicit_tls().port(port).connect().await), inside),
    ];
    for (call, error, is) in results {
        let Error::Lost(lost) = &error else {
            panic!("{call}: {error}");
        };
        assert!(is(lost), "{call}: {lost:?}");
    }
}

fn no_handshake(lost: &Lost) -> bool {
    lost.handshake().is_some_and(|error| error.kind() == HandshakeErrorKind::ClearText)
}

#[tokio::test]
async fn peers_that_are_not_smtp_servers() {
    let endless = says(&[b'2'; 1000], Then::Again).await;
    each(endless, |lost| lost.protocol().is_some(), no_handshake).await;
    let continued = says(b"220-and another thing\r\n", Then::Again).await;
    each(continued, |lost| lost.protocol().is_some(), no_handshake).await;
    let busy = says(b"421 4.3.2 busy\r\n", Then::End).await;
    each(busy, |lost| lost.reply().is_some(), no_handshake).await;
    let half = says(b"220 hi", Then::End).await;
    each(half, |lost| matches!(lost.fault(), Fault::Closed), no_handshake).await;
}

/// Virtual time: nothing is waited for.
#[tokio::test(start_paused = true)]
async fn half_a_reply_then_silence() {
    let timed_out = |lost: &Lost| lost.timed_out().is_some();
    let half = says(b"2", Then::Silence).await;
    each(half, timed_out, no_handshake).await;
    let nothing = says(b"", Then::Silence).await;
    each(nothing, timed_out, timed_out).await;
}
