//! Opportunistic TLS: inside TLS where the server lets it begin, in clear where it does not, and
//! never a login.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use smtp::auth::MechanismError;
use smtp::command::{CommandExchange, Response, Stage};
use smtp::connect::{OpportunisticTls, Timeouts};
use smtp::connection::{AnyConnection, TransitionError};
use smtp::error::ProtocolError;
use smtp::state::{Greeted, Tls, Verification};
use smtp::testing::{CaptureServer, Peer, Script};
use smtp::transport::{Connect, Connected, Target};
use smtp::{Connection, Envelope, Error, Plain, Reply, Secret, Server, SmtpCommand};
use tests::{error, port};
use tokio::time::Instant;

const OFFERED: &str = "S: 220 hi\nC: EHLO *\nS: 250-hi\nS: 250 STARTTLS";
const CLEAR: &str = "S: 220 hi\nC: EHLO *\nS: 250 hi\nC: QUIT\nS: 221 bye";

fn strict() -> OpportunisticTls {
    OpportunisticTls::new().expect("cryptography")
}

async fn connect(
    scripts: impl IntoIterator<Item = Script>,
    tls: &OpportunisticTls,
) -> (Result<AnyConnection, Error>, Vec<Peer>) {
    let (port, peers) = port(scripts).await;
    let server = Server::new("127.0.0.1", port);
    (AnyConnection::connect_opportunistic(&server, tls).await, peers)
}

/// QUIT does not wait for its reply: the server is given the time to see the end.
async fn quit(mail: AnyConnection, peer: &Peer) {
    mail.quit().await.expect("QUIT");
    while !peer.is_closed() {
        tokio::task::yield_now().await;
    }
    peer.finish();
}

#[tokio::test]
async fn any_certificate_is_taken_and_the_session_is_marked() {
    let server = CaptureServer::builder().user("me", "pencil").start().await.expect("a server");
    let at = Server::new("127.0.0.1", server.port());
    let mut mail = AnyConnection::connect_opportunistic(&at, &strict()).await.expect("TLS");
    let security = mail.security().expect("TLS");
    assert_eq!((security.verified, security.verification), (false, Verification::Unverified));
    let envelope = Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
    mail.deliver(&envelope, "x").await.expect("delivered");
    mail.quit().await.expect("QUIT");
    assert!(server.wait_for(1).await[0].tls);
}

#[tokio::test]
async fn a_server_without_starttls_is_spoken_to_in_clear() {
    let refused = |reply| format!("{OFFERED}\nC: STARTTLS\nS: {reply}\nC: QUIT\nS: 221 bye");
    let dialogues = [
        CLEAR.to_owned(),
        "S: 220 hi\nC: EHLO *\nS: 502 what?\nC: HELO *\nS: 250 hi\nC: QUIT\nS: 221 bye".to_owned(),
        refused("454 4.7.0 not now"),
        refused("501 no"),
        refused("502 no"),
        refused("554 no"),
    ];
    for dialogue in dialogues {
        let (mail, peers) = connect([Script::new(&dialogue)], &strict()).await;
        let mail = mail.unwrap_or_else(|error| panic!("{dialogue}: {error}"));
        assert!(matches!(mail, AnyConnection::Greeted(_)), "{dialogue}");
        quit(mail, &peers[0]).await;
    }
}

/// One new connection in clear, and only where the caller allows it.
#[tokio::test]
async fn a_failed_handshake_may_be_followed_by_clear_text() {
    let failures = [
        ("cut", Script::new(OFFERED).then("C: STARTTLS\nS: 220 go\n-- close --")),
        (
            "alert",
            Script::new(OFFERED)
                .then("C: STARTTLS\nS: 220 go\n-- wait 1ms --")
                .server_raw(*b"\x15\x03\x03\x00\x02\x02\x28"),
        ),
    ];
    for (name, failure) in failures {
        let (result, peers) = connect([failure.clone(), Script::new(CLEAR)], &strict()).await;
        assert!(matches!(error(result), Error::Lost(_)), "{name}");
        assert!(peers[1].written().is_empty(), "{name}: no second connection");

        let lenient = strict().clear_after_failure();
        let (result, peers) = connect([failure.clone(), Script::new(CLEAR)], &lenient).await;
        let mail = result.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(mail.security().is_none(), "{name}");
        quit(mail, &peers[1]).await;

        // STARTTLS is not tried again, and a second failure is the end.
        let offered = Script::new(OFFERED).then("C: QUIT\nS: 221 bye");
        let (result, peers) = connect([failure.clone(), offered], &lenient).await;
        quit(result.expect("clear text"), &peers[1]).await;
        let (result, _) = connect([failure, Script::new("S: 554 no")], &lenient).await;
        assert_eq!(error(result).reply().map(|reply| reply.code().value()), Some(554), "{name}");
    }
}

/// A server that says nothing after the 220 costs the time of a handshake.
#[tokio::test(start_paused = true)]
async fn a_silent_handshake_may_be_followed_by_clear_text() {
    let silence = Script::new(OFFERED).then("C: STARTTLS\nS: 220 go\n-- silence --");
    for (tls, streams) in [(strict(), 1), (strict().clear_after_failure(), 2)] {
        let network = Sessions::new([silence.clone(), Script::new(CLEAR)]);
        let at = SocketAddr::from(([192, 0, 2, 1], 25));
        let server = Server::new("mx.example.test", 25).at([at]).connector(Arc::clone(&network));
        let began = Instant::now();
        let result = AnyConnection::connect_opportunistic(&server, &tls).await;
        assert_eq!(began.elapsed(), Timeouts::default().handshake);
        assert_eq!(network.peers().len(), streams, "{tls:?}");
        match result {
            Ok(mail) if streams == 2 => {
                assert!(matches!(mail, AnyConnection::Greeted(_)), "{mail:?}");
                quit(mail, &network.peers()[1]).await;
            }
            Err(Error::Lost(lost)) if streams == 1 => {
                assert_eq!(lost.timed_out(), Some(Stage::Handshake));
                assert!(!lost.suggests_starttls(), "STARTTLS it was: {lost}");
            }
            other => panic!("{tls:?}: {other:?}"),
        }
    }
}

/// One script after the other, at any address.
#[derive(Debug)]
struct Sessions {
    scripts: Mutex<VecDeque<Script>>,
    peers: Mutex<Vec<Arc<Peer>>>,
}

impl Sessions {
    fn new(scripts: impl IntoIterator<Item = Script>) -> Arc<Self> {
        let scripts = Mutex::new(scripts.into_iter().collect());
        Arc::new(Self { scripts, peers: Mutex::default() })
    }

    fn peers(&self) -> Vec<Arc<Peer>> {
        self.peers.lock().expect("the peers").clone()
    }
}

impl Connect for Sessions {
    fn connect<'a>(
        &'a self,
        _: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        Box::pin(async {
            let script = self.scripts.lock().expect("the scripts").pop_front();
            let (stream, peer) = script.expect("one more session").start();
            self.peers.lock().expect("the peers").push(Arc::new(peer));
            Ok(Connected::new(stream))
        })
    }
}

#[tokio::test]
async fn clear_text_after_the_220_is_never_followed_by_a_fallback() {
    let lenient = strict().clear_after_failure();
    let at_once = Script::new(OFFERED).then("C: STARTTLS").server_raw(*b"220 go\r\n250 x\r\n");
    let (result, peers) = connect([at_once, Script::new(CLEAR)], &lenient).await;
    let at_once = error(result);
    assert!(
        matches!(&at_once, Error::Lost(lost)
            if lost.protocol() == Some(&ProtocolError::InjectedBeforeTls)),
        "{at_once}"
    );
    assert!(peers[1].written().is_empty());

    let later = Script::new(OFFERED).then("C: STARTTLS\nS: 220 go\n-- wait 1ms --\nS: 250 x");
    let (result, peers) = connect([later, Script::new(CLEAR)], &lenient).await;
    let later = error(result);
    assert!(later.to_string().contains("went on in clear text"), "{later}");
    assert!(peers[1].written().is_empty());
}

/// The first byte of a line is no TLS, though a record would have more of them.
#[tokio::test(start_paused = true)]
async fn a_part_of_a_line_after_the_220_is_clear_text_too() {
    let lenient = strict().clear_after_failure();
    for end in ["-- close --", "-- reset --", "-- silence --"] {
        let part = Script::new(OFFERED).then("C: STARTTLS\nS: 220 go\n-- wait 1ms --");
        let part = part.server_raw(*b"2").then(end);
        let network = Sessions::new([part, Script::new(CLEAR)]);
        let at = SocketAddr::from(([192, 0, 2, 1], 25));
        let server = Server::new("mx.example.test", 25).at([at]).connector(Arc::clone(&network));
        let lost = error(AnyConnection::connect_opportunistic(&server, &lenient).await);
        assert!(lost.to_string().contains("went on in clear text"), "{end}: {lost}");
        assert_eq!(network.peers().len(), 1, "{end}: no second connection");
    }
}

/// A session that is taken out of it has no door either.
#[tokio::test]
async fn there_is_no_login() {
    let server = CaptureServer::builder().user("me", "pencil").start().await.expect("a server");
    let plaintext = CaptureServer::builder().plaintext().user("me", "pencil");
    let plaintext = plaintext.start().await.expect("a server");
    let mut plain = Plain::new("me", "pencil");
    let connect = async |port| {
        let server = Server::new("127.0.0.1", port);
        AnyConnection::connect_opportunistic(&server, &strict()).await.expect("a session")
    };

    let mail = Connection::<Tls>::try_from(connect(server.port()).await).expect("TLS");
    assert!(mail.capabilities().has("AUTH"));
    let Err(TransitionError::Refused(refused)) = mail.authenticate(&mut plain).await else {
        panic!("no AUTH");
    };
    let text = refused.refusal.to_string();
    assert!(text.contains("opportunistic TLS") && text.contains("`Submission`"), "{text}");
    let Err(TransitionError::Refused(refused)) =
        refused.connection.dangerous().authenticate(&mut plain).await
    else {
        panic!("no AUTH");
    };
    refused.connection.quit().await.expect("the session is intact");

    let mail = Connection::<Greeted>::try_from(connect(plaintext.port()).await).expect("clear");
    assert!(mail.capabilities().has("AUTH"));
    let result = mail.dangerous().authenticate(&mut plain).await;
    assert!(error(result).to_string().contains("opportunistic TLS"));
}

/// A login that the library does not have.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-LOGIN", transition(Tls => Authed))]
struct Login(Secret);

/// One that asks questions.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-ASK", accepts(235, 334), converses, valid_in(Tls))]
struct Ask;

/// As `Ask`, and leads into the login.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-ASK", accepts(235, 334), converses, transition(Tls => Authed))]
struct AskInto;

/// A secret in a command that leads nowhere.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-KEY", valid_in(Tls))]
struct Key(Secret);

struct Password;

impl CommandExchange for Password {
    fn answer(&mut self, _: usize, _: &Reply) -> Result<Response, MechanismError> {
        Ok(Response::Base64(Secret::from("pencil")))
    }
}

/// No command of the caller's takes a secret through the door either.
#[tokio::test]
async fn there_is_no_door_for_commands_of_the_callers() {
    let inside = "-- tls --\nC: EHLO *\nS: 250 hi\n";
    let session = async |dialogue: &str| {
        let script = Script::new(OFFERED).then("C: STARTTLS\nS: 220 go\n").then(inside);
        let (mail, mut peers) = connect([script.then(dialogue)], &strict()).await;
        let mail = Connection::<Tls>::try_from(mail.expect("a session")).expect("TLS");
        (mail, peers.remove(0))
    };
    let (mut mail, peer) = session("C: QUIT\nS: 221 bye").await;
    let key = mail.dangerous_mut().send(Key(Secret::from("pencil"))).await;
    let text = error(key).to_string();
    assert!(text.contains("holds a secret") && text.contains("no such door"), "{text}");
    let Err(TransitionError::Refused(refused)) =
        mail.dangerous().transition(Login(Secret::from("pencil"))).await
    else {
        panic!("no login");
    };
    quit(refused.connection.into(), &peer).await;

    let question = "C: X-ASK\nS: 334 \n-- close --";
    let (mail, peer) = session(question).await;
    let lost = error(mail.dangerous().exchange_into(AskInto, &mut Password).await);
    assert!(lost.to_string().contains("an answer is a secret"), "{lost}");
    let (mut mail, again) = session(question).await;
    let lost = error(mail.dangerous_mut().exchange(Ask, &mut Password).await);
    assert!(lost.to_string().contains("an answer is a secret"), "{lost}");
    for peer in [peer, again] {
        assert!(!peer.dialogue().contains("cGVuY2ls"), "{}", peer.dialogue());
    }
}
