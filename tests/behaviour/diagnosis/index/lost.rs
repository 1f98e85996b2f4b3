//! Connections that are lost, in every way.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use smtp::auth::MechanismError;
use smtp::command::Noop;
use smtp::connect::{Limits, Timeouts};
use smtp::testing::{Certificate, Script};
use smtp::transport::{Clock, NoTimer};
use smtp::{Connection, Envelope, Error, Server, SmtpCommand, SmtpReply, TlsConfig, Transfer};
use tests::{Again, Ask, FixedAnswer, error, greeted, hello, script, server, slow, trust};

use super::Seen;

/// The error of a NOOP that is answered by these lines.
async fn noop(lines: &str) -> Seen {
    noop_of(server(), Script::new(&hello(&[])).then("C: NOOP").then(lines)).await
}

async fn noop_of(server: Server, script: Script) -> Seen {
    let (stream, _peer) = script.start();
    let mut connection = Connection::from_stream(stream, &server).await.expect("EHLO");
    Seen::of(error(connection.send(Noop).await))
}

async fn raw(bytes: &[u8]) -> Seen {
    noop_of(server(), script(&[], "C: NOOP").server_raw(bytes)).await
}

fn envelope() -> Envelope {
    Envelope::new("me@example.com", ["you@example.org"]).expect("addresses")
}

/// A clock whose timers are missing.
#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn timer(&self, _: Instant) -> Result<Pin<Box<dyn Future<Output = ()> + Send>>, NoTimer> {
        Err(NoTimer::new("there is none"))
    }
}

/// Asks without a proof of who is asked.
struct Quiet;

impl smtp::command::CommandExchange for Quiet {
    fn answer(
        &mut self,
        _: usize,
        _: &smtp::Reply,
    ) -> Result<smtp::command::Response, MechanismError> {
        Ok(smtp::command::Response::Line("secret".into()))
    }
}

pub(super) async fn seen() -> Vec<Seen> {
    let mut seen = vec![
        noop("-- reset --").await,
        noop("-- close --").await,
        noop("S: 421 4.3.2 bye").await,
        noop("S: 221 bye").await,
        noop("-- silence --").await,
        raw(b"250-half").await,
    ];
    let mut timeouts = Timeouts::default();
    timeouts.total = Some(Duration::from_secs(9));
    let silent = || script(&[], "C: NOOP\n-- silence --");
    seen.push(noop_of(server().timeouts(timeouts), silent()).await);

    let (stream, _peer) = Script::new("-- silence --").start();
    seen.push(Seen::of(error(Connection::from_stream(stream, &server()).await)));
    let (stream, _peer) = Script::new("-- silence --").start();
    let server = server().clock(Stopped);
    seen.push(Seen::of(error(Connection::from_stream(stream, &server).await)));

    let (mut connection, _peer) = greeted(script(&[], "C: X-ASK\nS: 350 colour?")).await;
    seen.push(Seen::of(error(connection.exchange(Ask, &mut Quiet).await)));

    let (mut connection, _peer) = greeted(silent()).await;
    let mut call = Box::pin(connection.send(Noop));
    assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(call);
    seen.push(Seen::of(error(connection.send(Noop).await)));
    seen.push(Seen::of(error(connection.send(Noop).await)));

    let (mut connection, _peer) = greeted(script(&[], "C: NOOP\n-- close --")).await;
    error(connection.send(Noop).await);
    seen.push(Seen::of(error(connection.send(Noop).await)));

    let refused = "C: X-AGAIN\nS: 220 hi\nC: EHLO *\nS: 550 no\nC: QUIT";
    let (connection, _peer) = greeted(script(&[], refused)).await;
    seen.push(Seen::of(error(connection.transition(Again).await)));
    let old = "S: 220 hi\nC: EHLO *\nS: 502 what?\nC: HELO *\n-- close --";
    let (stream, _peer) = Script::new(old).start();
    seen.push(Seen::of(error(Connection::from_stream(stream, &tests::server()).await)));
    seen
}

#[derive(SmtpReply)]
#[expect(dead_code, reason = "it is never read")]
enum Number {
    #[smtp(code(220))]
    Of(u32),
}

#[derive(SmtpCommand)]
#[smtp(verb = "X-MOVE", reply = Number, accepts(220), transition(Greeted => Greeted))]
struct Move;

pub(super) async fn protocol() -> Vec<Seen> {
    let long = [b"250 ".as_slice(), &[b'x'; 4096]].concat();
    let wide = [b"250-".as_slice(), &[b'x'; 2000], b"\r\n"].concat().repeat(40);
    let mut seen = vec![
        raw(b"SIZE\r\n").await,
        raw(b"250=SIZE\r\n").await,
        raw(b"250-a\r\n550 b\r\n").await,
        raw(b"250 ok\n").await,
        raw(&long).await,
        raw(&b"250-a\r\n".repeat(200)).await,
        raw(&wide).await,
        raw(b"354 go\r\n").await,
    ];
    let (stream, _peer) = Script::new("S: 250 welcome").start();
    seen.push(Seen::of(error(Connection::from_stream(stream, &server()).await)));

    let surplus = script(&[], "C: NOOP\nS: 250 ok\nS: 250 again");
    let (mut connection, _peer) = greeted(surplus).await;
    connection.send(Noop).await.expect("NOOP");
    seen.push(Seen::of(error(connection.send(Noop).await)));

    let eager = "C: MAIL *\nC: RCPT *\nC: BDAT 3 LAST\nC: x\nS: 250 a\nS: 250 b\nS: 250 c\n\
                 C: HELP\nS: 250 again";
    seen.push(deliver(&["PIPELINING", "CHUNKING"], eager, Transfer::eager()).await);

    let reset = "C: MAIL *\nS: 250 a\nC: RCPT *\nS: 250 b\nC: DATA\nS: 354 go\nC: x\nC: .\n\
                 S: 550 no\nC: RSET\nS: 550 never";
    let (mut connection, _peer) = greeted(script(&[], reset)).await;
    error(connection.deliver(&envelope(), "x").await);
    seen.push(Seen::of(error(connection.send(Noop).await)));

    let (connection, peer) =
        greeted(script(&["STARTTLS"], "C: STARTTLS").server_raw(*b"220 go\r\n250 x\r\n")).await;
    seen.push(Seen::of(error(connection.starttls(&trust(&peer)).await)));

    let other = Certificate::new(&["other.example.test"]);
    let tls = TlsConfig::builder().root_pem(other.authority_pem()).build().expect("a root");
    let (stream, _peer) = Script::new("-- tls --").start();
    seen.push(Seen::of(error(Connection::from_tls_stream(stream, &server(), &tls).await)));

    let (connection, _peer) = greeted(script(&[], "C: X-MOVE\nS: 220 many")).await;
    seen.push(Seen::of(error(connection.transition(Move).await)));

    let dialogue = format!("C: X-ASK\n{}", "S: 350 colour?\nC: blue\n".repeat(3));
    let mut limits = Limits::default();
    limits.challenges = 2;
    let (stream, _peer) = script(&[], &dialogue).start();
    let server = server().limits(limits);
    let mut connection = Connection::from_stream(stream, &server).await.expect("EHLO");
    seen.push(Seen::of(error(connection.exchange(Ask, &mut FixedAnswer).await)));
    seen
}

async fn deliver(offers: &[&str], dialogue: &str, transfer: Transfer) -> Seen {
    let (stream, _peer) = script(offers, dialogue).start();
    let server = server().transfer(transfer);
    let mut connection = Connection::from_stream(stream, &server).await.expect("EHLO");
    let failed = connection.deliver(&envelope(), "x\r\n").await.expect_err("it must fail");
    Seen::of_message(&failed)
}

/// Messages whose connection is lost while they are on their way.
pub(super) async fn of_messages() -> Vec<Seen> {
    let opened = "C: MAIL *\nS: 250 a\nC: RCPT *\nS: 250 b\nC: DATA\nS: 354 go\n";
    let mut seen = vec![
        deliver(&[], &format!("{opened}C: x\nC: .\n-- close --"), Transfer::data()).await,
        deliver(&[], &format!("{opened}S: 250 taken"), Transfer::data()).await,
        deliver(&[], &format!("{opened}C: x\nC: .\n-- silence --"), Transfer::data()).await,
        deliver(
            &["PIPELINING"],
            "C: MAIL *\nC: RCPT *\nC: DATA\nS: 550 a\nS: 250 b\nS: 354 c",
            Transfer::data(),
        )
        .await,
    ];
    for pieces in [vec![(0, Some("a\r\n")), (0, None)], vec![(0, Some("a\r\n")), (0, Some("\0"))]] {
        let (mut connection, _peer) = greeted(script(&[], opened)).await;
        let failed = connection.deliver(&envelope(), slow(pieces)).await;
        seen.push(Seen::of_message(&failed.expect_err("it must fail")));
    }
    let (mut connection, _peer) = greeted(script(&[], "-- close --")).await;
    let unsent = connection.deliver(&envelope(), "x").await.expect_err("it must fail");
    seen.push(Seen::of_message(&unsent));

    // The server has asked for a piece that does not come in the time set for it all.
    let mut timeouts = Timeouts::default();
    timeouts.auth = Duration::from_secs(9);
    seen.push(never("-- silence --", timeouts, Poll::Pending).await);
    let lie = "C: AUTH SCRAM-SHA-256 *\nS: 334 cj1vdGhlcixzPWM=";
    let script = Script::new("-- tls --").then(&hello(&["AUTH SCRAM-SHA-256"])).then(lie);
    let (stream, peer) = script.start();
    let connection = Connection::from_tls_stream(stream, &server(), &trust(&peer)).await;
    let mut scram = smtp::auth::ScramSha256::new("me", "pencil");
    let lied = connection.expect("EHLO").authenticate(&mut scram).await.map_err(Error::from);
    seen.push(Seen::of(error(lied)));
    let early = "C: AUTH X-NEVER\nS: 235 welcome";
    seen.push(never(early, Timeouts::default(), Poll::Ready(Ok(()))).await);
    seen
}

/// A mechanism that never comes to its end, and may not even begin.
struct Never(Poll<Result<(), MechanismError>>);

impl smtp::Mechanism for Never {
    fn name(&self) -> &'static str {
        "X-NEVER"
    }

    fn reveals_secret(&self) -> bool {
        false
    }

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), MechanismError>> {
        self.0.clone()
    }

    fn is_complete(&self) -> bool {
        false
    }

    fn initial_response(&mut self) -> Result<Option<smtp::Secret>, MechanismError> {
        Ok(None)
    }

    fn respond(
        &mut self,
        _: smtp::auth::Challenge<'_>,
    ) -> Result<smtp::auth::Step, MechanismError> {
        Ok(smtp::auth::Step::Wait)
    }
}

async fn never(
    dialogue: &str,
    timeouts: Timeouts,
    ready: Poll<Result<(), MechanismError>>,
) -> Seen {
    let script = Script::new("-- tls --").then(&hello(&["AUTH X-NEVER"])).then(dialogue);
    let (stream, peer) = script.start();
    let server = server().timeouts(timeouts);
    let connection = Connection::from_tls_stream(stream, &server, &trust(&peer)).await;
    let connection = connection.expect("EHLO");
    let late: Result<_, Error> =
        connection.authenticate(&mut Never(ready)).await.map_err(Error::from);
    Seen::of(error(late))
}
