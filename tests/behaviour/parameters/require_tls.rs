//! REQUIRETLS: it is sent to a server that has proved its name inside TLS and offers it there, and
//! else the message is refused before anything of it leaves (RFC 8689 §4.2.1).

use smtp::command::{Mail, Noop};
use smtp::error::EncodeError;
use smtp::extension::RequireTls;
use smtp::grammar::{EnhancedStatusCode, ReversePath};
use smtp::state::{Idle, ValidIn};
use smtp::testing::{Peer, Script, ScriptedStream};
use smtp::{Connection, DeliverError, Envelope, TlsConfig};
use tests::{greeted, hello, script, server};

fn envelope() -> Envelope {
    Envelope::new("me@example.test", ["you@example.test"]).expect("addresses").with(RequireTls)
}

const MESSAGE: &str = "C: MAIL FROM:<me@example.test> REQUIRETLS\nS: 250 ok
                       C: RCPT TO:<you@example.test>\nS: 250 ok
                       C: DATA\nS: 354 go\nC: x\nC: .\nS: 250 taken";
const NOTHING: &str = "C: NOOP\nS: 250 ok";

/// The code of a refusal without a reply; none where the message was taken.
async fn refused<H: Idle>(connection: &mut Connection<H>) -> Option<(u16, u16)>
where
    Noop: ValidIn<H>,
{
    let error = match connection.deliver(&envelope(), "x").await {
        Ok(_) => return None,
        Err(DeliverError::Refused(undelivered)) => undelivered.refusal().clone(),
        Err(error) => panic!("{error}"),
    };
    connection.send(Noop).await.expect("the session goes on");
    assert!(error.is_local());
    let code = error.encode_error().and_then(EncodeError::enhanced).expect("a code");
    assert_eq!(code.class(), 5);
    let (subject, detail) = (code.subject(), code.detail());
    assert!(error.to_string().contains(&EnhancedStatusCode::to_string(&code)), "{error}");
    Some((subject, detail))
}

fn peer(offers: &[&str], dialogue: &str) -> (ScriptedStream, Peer) {
    Script::new("-- tls --").then(&hello(offers)).then(dialogue).start()
}

#[tokio::test(start_paused = true)]
async fn a_server_that_has_proved_its_name() {
    let (stream, peer) = peer(&["REQUIRETLS"], MESSAGE);
    let tls = tests::trust(&peer);
    let mut connection =
        Connection::from_tls_stream(stream, &server(), &tls).await.expect("a session");
    assert_eq!(refused(&mut connection).await, None);
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_offer_it() {
    let (stream, peer) = peer(&[], NOTHING);
    let tls = tests::trust(&peer);
    let mut connection =
        Connection::from_tls_stream(stream, &server(), &tls).await.expect("a session");
    assert_eq!(refused(&mut connection).await, Some((7, 30)));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_session_in_clear() {
    let (mut connection, peer) = greeted(script(&["REQUIRETLS"], NOTHING)).await;
    assert_eq!(refused(&mut connection).await, Some((7, 10)));
    peer.finish();
}

/// The offer of a session in clear is forgotten with the handshake.
#[tokio::test(start_paused = true)]
async fn an_offer_from_before_tls_counts_for_nothing() {
    let clear = "C: STARTTLS\nS: 220 go\n-- tls --";
    let script = Script::new(&hello(&["STARTTLS", "REQUIRETLS"]))
        .then(clear)
        .then(&tests::ehlo(&[]))
        .then(NOTHING);
    let (stream, peer) = script.start();
    let tls = tests::trust(&peer);
    let connection = Connection::from_stream(stream, &server()).await.expect("a session");
    let mut connection = connection.starttls(&tls).await.expect("TLS");
    assert_eq!(refused(&mut connection).await, Some((7, 30)));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_not_verified() {
    let (stream, peer) = peer(&["REQUIRETLS"], NOTHING);
    let tls = TlsConfig::builder().dangerous().accept_any_certificate().build().expect("no roots");
    let mut connection =
        Connection::from_tls_stream(stream, &server(), &tls).await.expect("a session");
    assert_eq!(refused(&mut connection).await, Some((7, 10)));
    peer.finish();
}

/// A call of the session's is held to the same rule as a delivery.
#[tokio::test(start_paused = true)]
async fn mail_by_itself() {
    let (connection, peer) = greeted(script(&["REQUIRETLS"], "")).await;
    let mail = Mail::from(ReversePath::Null).with(RequireTls);
    let error = tests::error(connection.mail(mail).await);
    assert!(error.to_string().contains("5.7.10"), "{error}");
    peer.finish();
}
