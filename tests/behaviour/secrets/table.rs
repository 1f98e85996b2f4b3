//! Every way to send a secret, in every state, over a verified, an unverified and a clear
//! connection: no secret leaves that must not, and none is shown.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use smtp::command::{Noop, Response};
use smtp::connection::TransitionError;
use smtp::state::{Authed, Greeted, Idle, Tls, Transition};
use smtp::testing::{Peer, Script};
use smtp::trace::Event;
use smtp::{Connection, Error, Plain, Server, TlsConfig};
use tests::{hello, server, trust};

use super::ways::{
    Answers, Ask, AskInto, BY_HAND, ByHand, Content, Derived, Handshake, Move, Open, Take, derived,
    mechanisms, secret,
};
use super::{ENCODED, Everything, PASSWORD, is_clean};

const OFFERS: [&str; 3] =
    ["PIPELINING", "STARTTLS", "AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER X-FIRST X-ANSWER"];

/// Who could see a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Clear,
    Unverified,
    Verified,
}

/// The trace and the observed lines of a session.
struct Watch {
    traced: Everything,
    seen: Arc<Mutex<String>>,
    _guard: tracing::subscriber::DefaultGuard,
}

impl Watch {
    fn new() -> (Self, Server) {
        let traced = Everything::default();
        let guard = traced.listen();
        let seen = Arc::new(Mutex::new(String::new()));
        let observed = Arc::clone(&seen);
        let server = server().observer(move |event: &Event<'_>| {
            let _ = writeln!(observed.lock().expect("one thread"), "{event:?}");
        });
        (Self { traced, seen, _guard: guard }, server)
    }

    /// The session is over: `sent` says whether the secret must have been sent, or must not.
    fn end(self, peer: &Peer, sent: bool, what: &str, shown: &dyn Debug) {
        let written = String::from_utf8_lossy(&peer.written()).into_owned();
        let found = ENCODED.iter().chain([&PASSWORD]).any(|form| written.contains(form));
        assert_eq!(found, sent, "{what}: {written}");
        is_clean(what, &format!("{shown:?}"));
        is_clean(what, &self.traced.0.lock().expect("one thread"));
        is_clean(what, &self.seen.lock().expect("one thread"));
    }
}

/// The lines of a way that is sent, or of one that is not; then the session is as before.
fn dialogue(sent: bool, lines: &str) -> String {
    let lines = if sent { lines } else { "" };
    format!("{lines}C: NOOP\nS: 250 ok")
}

async fn clear(server: &Server, dialogue: &str) -> (Connection<Greeted>, Peer) {
    let (stream, peer) = Script::new(&hello(&OFFERS)).then(dialogue).start();
    (Connection::from_stream(stream, server).await.expect("EHLO"), peer)
}

async fn in_tls(server: &Server, way: Way, dialogue: &str) -> (Connection<Tls>, Peer) {
    let script = Script::new("-- tls --").then(&hello(&OFFERS)).then(dialogue);
    let (stream, peer) = script.start();
    let tls = match way {
        Way::Verified => trust(&peer),
        _ => TlsConfig::builder().dangerous().accept_any_certificate().build().expect("a config"),
    };
    (Connection::from_tls_stream(stream, server, &tls).await.expect("TLS"), peer)
}

/// Logs in by what reveals nothing, so that the secret of the way is the only one.
fn login(dialogue: &str) -> String {
    format!("C: AUTH PLAIN *\nS: 235 ok\n{dialogue}")
}

/// Runs `$body` in each state between transactions, in each way.
macro_rules! everywhere {
    ($lines:expr, |$connection:ident, $sent:ident, $what:ident| $body:expr) => {
        for way in [Way::Clear, Way::Unverified, Way::Verified] {
            let $sent = way == Way::Verified;
            let lines = dialogue($sent, $lines);
            if way == Way::Clear {
                let $what = format!("{way:?} Greeted");
                let (watch, server) = Watch::new();
                let ($connection, peer) = clear(&server, &lines).await;
                let shown = $body;
                watch.end(&peer, $sent, &$what, &shown);
            } else {
                let $what = format!("{way:?} Tls");
                let (watch, server) = Watch::new();
                let ($connection, peer) = in_tls(&server, way, &lines).await;
                let shown = $body;
                watch.end(&peer, $sent, &$what, &shown);
            }
            let $what = format!("{way:?} Authed");
            let (watch, server) = Watch::new();
            let ($connection, peer) = authed(&server, way, &login(&lines)).await;
            let shown = $body;
            watch.end(&peer, $sent, &$what, &shown);
        }
    };
}

async fn authed(server: &Server, way: Way, dialogue: &str) -> (Connection<Authed>, Peer) {
    // Another password: it is not the one that is looked for.
    let mut plain = Plain::new("me", "other");
    if way == Way::Clear {
        let (connection, peer) = clear(server, dialogue).await;
        (connection.dangerous().authenticate(&mut plain).await.expect("a login"), peer)
    } else {
        let (connection, peer) = in_tls(server, way, dialogue).await;
        (connection.dangerous().authenticate(&mut plain).await.expect("a login"), peer)
    }
}

/// The session goes on: a refusal has sent nothing.
async fn goes_on<H: Idle>(mut connection: Connection<H>) {
    connection.send(Noop).await.expect("the session goes on");
    is_clean("a connection", &format!("{connection:?}"));
}

/// The result of the call as text: a refusal that says what to do, where one is due.
fn told(result: Result<(), Error>, sent: bool, what: &str) -> String {
    match result {
        Ok(()) => {
            assert!(sent, "{what}: it was sent");
            String::new()
        }
        Err(error) => {
            let text = format!("{error}");
            assert!(!sent, "{what}: {text}");
            assert!(text.contains("TLS with verification"), "{what}: {text}");
            assert!(matches!(error, Error::Refused(_)), "{what}: {error:?}");
            format!("{error:?} {text}")
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_derived_command_sent_alone() {
    for index in 0..derived().len() {
        everywhere!("C: X-SECRET *\nS: 250 ok\n", |connection, sent, what| {
            let mut connection = connection;
            let command = derived().swap_remove(index);
            let what = format!("{what} {command:?}");
            is_clean("a command", &what);
            let result = connection.send(command).await.map(drop);
            let told = told(result, sent, &what);
            goes_on(connection).await;
            told
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_written_by_hand_sent_alone() {
    for command in BY_HAND {
        everywhere!("C: X-HAND *\nS: 250 ok\n", |connection, sent, what| {
            let mut connection = connection;
            let result = connection.send(command).await.map(drop);
            let told = told(result, sent, &format!("{what} {command:?}"));
            goes_on(connection).await;
            told
        });
    }
}

/// A line that fails after its secret was written is forgotten whole.
#[tokio::test(start_paused = true)]
async fn a_line_that_fails_leaves_nothing() {
    let (watch, server) = Watch::new();
    let (mut connection, peer) = in_tls(&server, Way::Verified, "C: NOOP\nS: 250 ok").await;
    let failed = connection.send(ByHand::Failing).await.expect_err("X-MISSING is not offered");
    goes_on(connection).await;
    watch.end(&peer, false, "a line that fails", &failed);
}

async fn moved<H: Idle>(
    result: Result<Connection<H>, TransitionError<H>>,
    sent: bool,
    what: &str,
) -> String {
    match result {
        Ok(connection) => {
            goes_on(connection).await;
            told(Ok(()), sent, what)
        }
        Err(TransitionError::Refused(refused)) => {
            goes_on(refused.connection).await;
            told(Err(Error::Refused(refused.refusal)), sent, what)
        }
        Err(TransitionError::Lost(lost)) => panic!("{what}: {lost}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_leads_somewhere() {
    everywhere!("C: X-MOVE *\nS: 250 ok\n", |connection, sent, what| {
        let result = connection.transition(Move(secret())).await;
        moved(result.map(|(connection, _)| connection), sent, &what).await
    });
}

#[tokio::test(start_paused = true)]
async fn a_command_that_takes_the_connection_over() {
    for way in [Way::Clear, Way::Unverified, Way::Verified] {
        let sent = way == Way::Verified;
        let lines = if sent { "C: X-TAKE *\nS: 250 ok" } else { "C: NOOP\nS: 250 ok" };
        let (watch, server) = Watch::new();
        let (connection, peer) = authed(&server, way, &login(lines)).await;
        let result = connection.into_stream(Take(secret())).await;
        let what = format!("{way:?} into_stream");
        let shown = match result {
            Ok(_) => told(Ok(()), sent, &what),
            Err(TransitionError::Refused(refused)) => {
                goes_on(refused.connection).await;
                told(Err(Error::Refused(refused.refusal)), sent, &what)
            }
            Err(TransitionError::Lost(lost)) => panic!("{what}: {lost}"),
        };
        watch.end(&peer, sent, &what, &shown);
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_begins_a_handshake() {
    let (watch, server) = Watch::new();
    let (connection, peer) = clear(&server, "C: NOOP\nS: 250 ok").await;
    let tls = trust(&peer);
    let Err(TransitionError::Refused(refused)) = connection.upgrade(Handshake, &tls).await else {
        panic!("it is in clear");
    };
    goes_on(refused.connection).await;
    let shown = told(Err(Error::Refused(refused.refusal)), false, "upgrade");
    watch.end(&peer, false, "upgrade", &shown);
}

#[tokio::test(start_paused = true)]
async fn a_command_that_asks() {
    everywhere!("C: X-ASK *\nS: 250 ok\n", |connection, sent, what| {
        let mut connection = connection;
        let mut answers = Answers(Response::Line);
        let result = connection.exchange(Ask(Some(secret())), &mut answers).await;
        let told = told(result.map(drop), sent, &what);
        goes_on(connection).await;
        told
    });
    everywhere!("C: X-ASK *\nS: 250 ok\n", |connection, sent, what| {
        let mut answers = Answers(Response::Line);
        let result = connection.exchange_into(AskInto(Some(secret())), &mut answers).await;
        moved(result.map(|(connection, _)| connection), sent, &what).await
    });
}

/// An answer that is a secret closes a connection that is not verified: there is no way to refuse.
#[tokio::test(start_paused = true)]
async fn an_answer() {
    for turn in [Response::Line, Response::Base64] {
        for way in [Way::Clear, Way::Unverified, Way::Verified] {
            let sent = way == Way::Verified;
            let after = if sent { "\nC: *\nS: 250 ok\nC: NOOP\nS: 250 ok" } else { "" };
            let lines = login(&format!("C: X-ASK\nS: 334 what?{after}"));
            let (watch, server) = Watch::new();
            let (mut connection, peer) = authed(&server, way, &lines).await;
            let result = connection.exchange(Ask(None), &mut Answers(turn)).await;
            let what = format!("{way:?} answer");
            let shown = match result {
                Ok(_) => {
                    goes_on(connection).await;
                    told(Ok(()), sent, &what)
                }
                Err(Error::Lost(lost)) => {
                    assert!(
                        !sent && lost.to_string().contains("dangerous_mut()"),
                        "{what}: {lost}"
                    );
                    assert!(
                        matches!(lost.fault(), smtp::error::Fault::Answer(_)),
                        "{what}: {lost:?}"
                    );
                    assert_eq!(lost.blame(), smtp::error::Blame::Caller, "{what}");
                    assert!(!lost.is_transient(), "{what}");
                    assert!(peer.is_closed(), "{what}");
                    format!("{lost:?} {lost}")
                }
                Err(error) => panic!("{what}: {error}"),
            };
            watch.end(&peer, sent, &what, &shown);
        }
    }
}

/// Members of groups: those after a refused one are sent.
#[tokio::test(start_paused = true)]
async fn a_member_of_a_group() {
    for index in 0..derived().len() {
        everywhere!("C: X-SECRET *\nS: 250 ok\n", |connection, sent, what| {
            let command = derived().swap_remove(index);
            let (connection, (first, last)) = connection.pipeline().send(command).last(Noop).await;
            connection.expect("a connection");
            assert!(last.is_accepted(), "{what}");
            told(
                first.refusal().cloned().map_or(Ok(()), |why| Err(Error::Refused(why))),
                sent,
                &what,
            )
        });
    }
    everywhere!("C: X-HAND *\nS: 250 ok\nC: X-SECRET *\nS: 250 ok\n", |connection, sent, what| {
        let group = connection.pipeline().each([ByHand::Argument]);
        let (connection, (each, second, last)) =
            group.send(Derived::Argument(secret())).last(Noop).await;
        connection.expect("a connection");
        assert!(last.is_accepted(), "{what}");
        let refusals = [each[0].refusal(), second.refusal()];
        let told = refusals.map(|refusal| {
            told(refusal.cloned().map_or(Ok(()), |why| Err(Error::Refused(why))), sent, &what)
        });
        told.concat()
    });
}

#[tokio::test(start_paused = true)]
async fn the_last_of_a_group() {
    everywhere!("C: X-SECRET *\nS: 250 ok\n", |connection, sent, what| {
        let (connection, (last,)) = connection.pipeline().last(Derived::Argument(secret())).await;
        goes_on(connection.expect("a connection")).await;
        told(last.refusal().cloned().map_or(Ok(()), |why| Err(Error::Refused(why))), sent, &what)
    });
    everywhere!("C: X-MOVE *\nS: 250 ok\n", |connection, sent, what| {
        let (connection, (last,)) = connection.pipeline().last_transition(Move(secret())).await;
        drop(connection);
        told(last.refusal().cloned().map_or(Ok(()), |why| Err(Error::Refused(why))), sent, &what)
    });
    everywhere!("C: X-OPEN *\nS: 250 ok\n", |connection, sent, what| {
        let (connection, (open,)) = connection.pipeline().transition(Open(secret())).await;
        drop(connection);
        told(open.refusal().cloned().map_or(Ok(()), |why| Err(Error::Refused(why))), sent, &what)
    });
}

/// Within a transaction, alone and in front of the message.
#[tokio::test(start_paused = true)]
async fn in_a_transaction() {
    for way in [Way::Clear, Way::Unverified, Way::Verified] {
        let sent = way == Way::Verified;
        let what = format!("{way:?} InTransaction");
        let begin = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\n";
        let then = if sent {
            "C: X-SECRET *\nS: 250 ok\nC: X-DATA *\nS: 354 go\nC: x\nC: .\nS: 250 ok\n"
        } else {
            "C: RSET\nS: 250 ok\n"
        };
        let lines = login(&format!("{begin}{then}C: NOOP\nS: 250 ok"));
        let (watch, server) = Watch::new();
        let (connection, peer) = authed(&server, way, &lines).await;
        let mail = smtp::command::Mail::from("a@b.example".parse::<smtp::Mailbox>().expect("one"));
        let rcpt = smtp::command::Rcpt::to("a@b.example".parse::<smtp::Mailbox>().expect("one"));
        let mut connection = connection.mail(mail).await.expect("MAIL");
        connection.rcpt(rcpt).await.expect("RCPT");
        let alone = connection.send(Derived::Argument(secret())).await.map(drop);
        let mut shown = told(alone, sent, &what);
        match connection.content(Content(secret()), "x\r\n").await {
            Ok((connection, _)) => goes_on(connection).await,
            Err(smtp::connection::DataError::Refused(refused)) => {
                let _ = write!(shown, "{refused:?}");
                assert!(!sent && shown.contains("Secret"), "{what}: {shown}");
                goes_on(refused.connection).await;
            }
            Err(error) => panic!("{what}: {error}"),
        }
        watch.end(&peer, sent, &what, &shown);
    }
}

#[tokio::test(start_paused = true)]
async fn a_mechanism() {
    for index in 0..mechanisms().len() {
        for way in [Way::Clear, Way::Unverified, Way::Verified] {
            let sent = way == Way::Verified;
            let name = mechanisms()[index].name().to_owned();
            let lines = match name.as_str() {
                "LOGIN" => "C: AUTH LOGIN\nS: 334 a\nC: *\nS: 334 b\nC: *\nS: 235 ok\n",
                "X-ANSWER" => "C: AUTH X-ANSWER\nS: 334 a\nC: *\nS: 235 ok\n",
                _ => "C: AUTH *\nS: 235 ok\n",
            };
            let lines = dialogue(sent, lines);
            let (watch, server) = Watch::new();
            let what = format!("{way:?} {name}");
            let mut mechanism = mechanisms().into_iter().nth(index).expect("a mechanism");
            let (shown, peer) = if way == Way::Clear {
                let (mut connection, peer) = clear(&server, &lines).await;
                connection.send(Noop).await.expect("there is no `authenticate` in clear");
                (String::new(), peer)
            } else {
                let (connection, peer) = in_tls(&server, way, &lines).await;
                let shown = match connection.authenticate(&mut *mechanism).await {
                    Ok(connection) => {
                        goes_on(connection).await;
                        told(Ok(()), sent, &what)
                    }
                    Err(TransitionError::Refused(refused)) => {
                        goes_on(refused.connection).await;
                        told(Err(Error::Refused(refused.refusal)), sent, &what)
                    }
                    Err(TransitionError::Lost(lost)) => panic!("{what}: {lost}"),
                };
                (shown, peer)
            };
            watch.end(&peer, sent, &what, &shown);
        }
    }
}

/// Every call of the door, and one beside it.
async fn walk<H: Idle>(mut connection: Connection<H>) -> String
where
    Move: Transition<H, Next = H>,
    Ask: smtp::state::ExchangeIn<H>,
    AskInto: smtp::state::ExchangeInto<H, Next = H>,
{
    let door = connection.dangerous_mut().send(Derived::Argument(secret()));
    door.await.expect("through the door");
    let mut answers = Answers(Response::Line);
    let door = connection.dangerous_mut().exchange(Ask(Some(secret())), &mut answers);
    door.await.expect("through the door");
    let shut = connection.send(Derived::Argument(secret())).await.map(drop);
    let shown = told(shut, false, "after the door");
    connection.send(Noop).await.expect("NOOP");
    let door = connection.dangerous().transition(Move(secret()));
    let (connection, _) = door.await.expect("through the door");
    let door = connection.dangerous().exchange_into(AskInto(Some(secret())), &mut answers);
    let (connection, _) = door.await.expect("through the door");
    goes_on(connection).await;
    shown
}

/// The door lets each call through, and only that one: the next is refused again. Nothing is shown.
#[tokio::test(start_paused = true)]
async fn through_the_door() {
    let lines = "C: X-SECRET *\nS: 250 ok\nC: X-ASK *\nS: 334 what?\nC: *\nS: 250 ok\n\
                 C: NOOP\nS: 250 ok\nC: X-MOVE *\nS: 250 ok\nC: X-ASK *\nS: 334 what?\nC: *\n\
                 S: 250 ok\nC: NOOP\nS: 250 ok";
    let (watch, server) = Watch::new();
    let (connection, peer) = clear(&server, lines).await;
    watch.end(&peer, true, "Greeted", &walk(connection).await);
    let (watch, server) = Watch::new();
    let (connection, peer) = in_tls(&server, Way::Unverified, lines).await;
    watch.end(&peer, true, "Tls", &walk(connection).await);
    for way in [Way::Clear, Way::Unverified] {
        let (watch, server) = Watch::new();
        let (connection, peer) = authed(&server, way, &login(lines)).await;
        watch.end(&peer, true, "Authed", &walk(connection).await);
    }
}

/// STARTTLS decides anew: in clear a secret is refused, after a verified handshake it is sent.
#[tokio::test(start_paused = true)]
async fn after_starttls() {
    let lines =
        "C: STARTTLS\nS: 220 go\n-- tls --\nC: EHLO *\nS: 250 mail\nC: X-SECRET *\nS: 250 ok";
    let (watch, server) = Watch::new();
    let (mut connection, peer) = clear(&server, lines).await;
    let refused = connection.send(Derived::Argument(secret())).await.map(drop);
    let shown = told(refused, false, "before STARTTLS");
    let mut connection = connection.starttls(&trust(&peer)).await.expect("TLS");
    connection.send(Derived::Argument(secret())).await.expect("verified");
    watch.end(&peer, true, "STARTTLS", &shown);
}

/// An answer that is no secret is sent in clear, and traced.
#[tokio::test(start_paused = true)]
async fn an_open_answer() {
    let (watch, server) = Watch::new();
    let lines = "C: X-ASK\nS: 334 what?\nC: blue\nS: 250 ok";
    let (mut connection, peer) = clear(&server, lines).await;
    let mut answers = Answers(|_| Response::Text("blue".to_owned()));
    connection.exchange(Ask(None), &mut answers).await.expect("answered");
    peer.finish();
    assert!(watch.seen.lock().expect("one thread").contains("Sent(\"blue\")"));
    watch.end(&peer, false, "an open answer", &answers);

    let (mut connection, peer) = clear(&server, "C: X-ASK\nS: 334 what?").await;
    let mut forged = Answers(|_| Response::Text("blue\r\nQUIT".to_owned()));
    connection.exchange(Ask(None), &mut forged).await.expect_err("two lines");
    assert!(peer.written().ends_with(b"X-ASK\r\n"), "nothing of it was sent");
}
