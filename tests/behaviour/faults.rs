//! Each fault once, through the real driver: what is told of the messages is true, nothing is
//! written afterwards, and the connection can be used exactly when its state is known.
//!
//! `smtp/src/exchange/matrix` has every fault at every step, without a driver.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use smtp::command::{Mail, Noop, Rcpt};
use smtp::connection::DataError;
use smtp::error::Fault;
use smtp::message::BodySource;
use smtp::state::{Greeted, InTransaction};
use smtp::testing::{Peer, Script, ScriptedStream};
use smtp::{Body, Connection, DeliverError, Envelope, Lost, Mailbox, Transfer};
use tests::{Fate as _, greeted, hello, server};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const ALL: &[&str] = &["PIPELINING", "CHUNKING"];
const BODY: &str = "Subject: hi\r\n\r\nhi\r\n";

/// The server's action instead of its reply to a message that it has whole.
struct Row {
    name: &'static str,
    strike: fn(Script) -> Script,
    /// The fate of the message.
    fate: &'static str,
    /// And of the one that has left with it, in an eager window.
    next: &'static str,
    usable: bool,
}

const TAKEN: &str = "Delivered 250 | 250:ok";
const UNKNOWN: &str = "Unknown permanent Network - | 250:unknown";
const BROKEN: &str = "Unknown permanent Server - | 250:unknown";
/// The replies to its commands were not read.
const NEXT: &str = "Unknown permanent Network - | -:unknown";
const NEXT_421: &str = "Lost transient Server 421 | -:unsent";
const NEXT_BROKEN: &str = "Unknown permanent Server - | -:unknown";

const TWICE: &str = "twice";

#[rustfmt::skip]
const ROWS: [Row; 22] = [
    Row { name: "4yz", strike: |script| script.then("S: 450 no"),
        fate: "Refused transient Server 450 | 250:450", next: TAKEN, usable: true },
    Row { name: "5yz", strike: |script| script.then("S: 550 no"),
        fate: "Refused permanent Server 550 | 250:550", next: TAKEN, usable: true },
    Row { name: "421", strike: |script| script.then("S: 421 no\n-- silence --"),
        fate: "Lost transient Server 421 | 250:421", next: NEXT_421, usable: false },
    Row { name: "421, end", strike: |script| script.then("S: 421 no\n-- close --"),
        fate: "Lost transient Server 421 | 250:421", next: NEXT_421, usable: false },
    Row { name: "221", strike: |script| script.then("S: 221 bye\n-- silence --"),
        fate: "Unknown permanent Server 221 | 250:unknown",
        next: "Unknown permanent Server 221 | -:unknown", usable: false },
    Row { name: "end", strike: |script| script.then("-- close --"),
        fate: UNKNOWN, next: NEXT, usable: false },
    Row { name: "reset", strike: |script| script.then("-- reset --"),
        fate: UNKNOWN, next: NEXT, usable: false },
    Row { name: "half a line, end", strike: |script| script.server_raw("250 o").then("-- close --"),
        fate: UNKNOWN, next: NEXT, usable: false },
    Row { name: "half a line", strike: |script| script.server_raw("250 o").then("-- silence --"),
        fate: UNKNOWN, next: NEXT, usable: false },
    Row { name: "garbage", strike: |script| script.then("S: bogus\n-- silence --"),
        fate: BROKEN, next: NEXT_BROKEN, usable: false },
    Row { name: "wrong class", strike: |script| script.then("S: 150 wait\n-- silence --"),
        fate: BROKEN, next: NEXT_BROKEN, usable: false },
    Row { name: "3yz", strike: |script| script.then("S: 354 more\n-- silence --"),
        fate: BROKEN, next: NEXT_BROKEN, usable: false },
    Row { name: "other code", strike: |script| script.then("S: 250-a\nS: 251 b\n-- silence --"),
        fate: BROKEN, next: NEXT_BROKEN, usable: false },
    Row { name: "bare LF", strike: |script| script.server_raw("250 ok\n").then("-- silence --"),
        fate: BROKEN, next: NEXT_BROKEN, usable: false },
    Row { name: "long line", strike: |script| script.server_raw([b"250 ".as_slice(), &[b'x'; 3000]].concat()),
        fate: BROKEN, next: NEXT_BROKEN, usable: false },
    Row { name: "endless", strike: |script| script.endless("250-and\r\n"),
        fate: BROKEN, next: NEXT_BROKEN, usable: false },
    // In a window it is found only by what follows the last message; the report before may be
    // wrong.
    Row { name: TWICE, strike: |script| script.server_raw("250 ok\r\n250 ok\r\n"),
        fate: TAKEN, next: TAKEN, usable: false },
    Row { name: "reply, 421", strike: |script| script.server_raw("250 ok\r\n421 bye\r\n"),
        fate: TAKEN, next: NEXT_421, usable: false },
    Row { name: "deadline", strike: |script| script.then("-- silence --"),
        fate: UNKNOWN, next: NEXT, usable: false },
    Row { name: "reply, end", strike: |script| script.then("S: 250 ok\n-- close --"),
        fate: TAKEN, next: NEXT, usable: false },
    Row { name: "5yz, end", strike: |script| script.then("S: 550 no\n-- close --"),
        fate: "Refused permanent Server 550 | 250:550", next: NEXT, usable: false },
    Row { name: "4yz, reset", strike: |script| script.then("S: 450 no\n-- reset --"),
        fate: "Refused transient Server 450 | 250:450", next: NEXT, usable: false },
];

fn envelope(number: usize) -> Envelope {
    Envelope::new("me@example.com", [format!("you{number}@example.org")]).expect("addresses")
}

/// A command afterwards: it is answered, or nothing of it leaves.
async fn probe(connection: &mut Connection<Greeted>, peer: &Peer, usable: bool, name: &str) {
    assert_eq!(connection.send(Noop).await.is_ok(), usable, "{name}");
    let said = peer.dialogue().contains("NOOP");
    assert_eq!(said, usable, "{name}: {}", peer.dialogue());
    assert_eq!(peer.is_closed(), !usable, "{name}");
}

/// The dialogue after a fault that leaves the session usable: a refused message may have left its
/// transaction open.
fn rest(row: &Row, reset: &str) -> String {
    if row.usable { format!("{reset}C: NOOP\nS: 250 ok\n") } else { String::new() }
}

const RESET: &str = "C: RSET\nS: 250 ok\n";
const OPENED: &str = "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n";
const SENT: &str = "C: Subject: hi\nC:\nC: hi\nC: .\n";

#[tokio::test(start_paused = true)]
async fn one_message() {
    for row in ROWS {
        let script = Script::new(&hello(ALL)).then(OPENED).then(SENT);
        let script = (row.strike)(script).then(&rest(&row, RESET));
        let (mut connection, peer) = greeted(script).await;
        let result = connection.deliver(&envelope(0), BODY).await;
        assert_eq!(result.fate(), row.fate, "{}", row.name);
        probe(&mut connection, &peer, row.usable, row.name).await;
    }
}

/// The commands of an eager message, and the message.
fn eager(number: usize) -> String {
    let commands = format!("C: MAIL *\nC: RCPT TO:<you{number}@example.org>\nC: BDAT 19 LAST\n");
    commands + "C: Subject: hi\nC:\nC: hi\n"
}

/// Three messages, of which the second and the third leave together.
async fn deliver_eagerly(connection: &mut Connection<Greeted>) -> (Vec<String>, bool) {
    connection.set_transfer(Transfer::eager());
    let mut fates = vec![String::new(); 3];
    let messages = (0..3).map(|number| (envelope(number), BODY));
    let result = connection.deliver_all(messages, |number, result| {
        assert_eq!(fates[number], "", "it was told twice");
        fates[number] = result.fate();
    });
    let kept = result.await.is_ok();
    (fates, kept)
}

const YES: &str = "S: 250 ok\n";

fn window() -> Script {
    let first = eager(0) + &YES.repeat(3);
    let flight = eager(1) + "C: RSET\n" + &eager(2) + "C: HELP\n";
    Script::new(&hello(ALL)).then(&first).then(&flight).then(&YES.repeat(2))
}

#[tokio::test(start_paused = true)]
async fn an_eager_window() {
    for row in ROWS {
        let goes_on = row.usable || row.name == TWICE;
        let others = if goes_on { YES.repeat(4) + "S: 214 help\n" } else { String::new() };
        let script = (row.strike)(window()).then(&others).then(&rest(&row, ""));
        let (mut connection, peer) = greeted(script).await;
        let (fates, kept) = deliver_eagerly(&mut connection).await;
        assert_eq!(kept, row.usable, "{}", row.name);
        assert_eq!(fates, [TAKEN, row.fate, row.next], "{}", row.name);
        probe(&mut connection, &peer, row.usable, row.name).await;
    }
}

/// A transaction with one recipient.
async fn transaction(script: Script) -> (Connection<InTransaction<Greeted>>, Peer) {
    let (connection, peer) = greeted(script).await;
    (begin(connection).await, peer)
}

async fn begin(connection: Connection<Greeted>) -> Connection<InTransaction<Greeted>> {
    let address = |text: &str| text.parse::<Mailbox>().expect("an address");
    let mail = Mail::from(address("me@example.com"));
    let mut transaction = connection.mail(mail).await.expect("MAIL");
    transaction.rcpt(Rcpt::to(address("you@example.org"))).await.expect("RCPT");
    transaction
}

const STEPS: &str = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\n";

#[tokio::test(start_paused = true)]
async fn a_transaction() {
    for row in ROWS {
        let script = Script::new(&hello(ALL)).then(STEPS).then(SENT);
        let script = (row.strike)(script).then(&rest(&row, RESET));
        let (transaction, peer) = transaction(script).await;
        let result = transaction.data(BODY).await;
        assert_eq!(result.fate(), row.fate, "{}", row.name);
        match result {
            Ok((mut connection, _)) => probe(&mut connection, &peer, row.usable, row.name).await,
            Err(DataError::Refused(mut refused)) => {
                probe(&mut refused.connection, &peer, row.usable, row.name).await;
            }
            Err(_) => assert!(!row.usable && peer.is_closed(), "{}", row.name),
        }
    }
}

/// The reply comes before the message has left: with the 354, or with the reply to MAIL.
#[tokio::test(start_paused = true)]
async fn a_reply_too_early() {
    let early = "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\n";
    let script = Script::new(&hello(ALL)).then(early);
    let (mut connection, peer) = greeted(script.server_raw("354 go\r\n250 ok\r\n")).await;
    let fate = connection.deliver(&envelope(0), BODY).await.fate();
    assert_eq!(fate, "Lost transient Server - | 250:unsent");
    probe(&mut connection, &peer, false, "deliver").await;

    // A write takes so little that the message has not left.
    let script = Script::new(&hello(ALL)).then(&(eager(0) + &YES.repeat(3))).then("C: MAIL *");
    let script = script.server_raw("250 ok\r\n250 ok\r\n250 ok\r\n").write_limit(16);
    let (mut connection, peer) = greeted(script).await;
    let (fates, kept) = deliver_eagerly(&mut connection).await;
    assert!(!kept);
    let next = "NotSent transient Server - | -:unsent";
    assert_eq!(fates, [TAKEN, "Lost transient Server - | -:unsent", next]);
    probe(&mut connection, &peer, false, "eager").await;

    let steps = STEPS.strip_suffix("S: 354 go\n").expect("DATA is answered");
    let script = Script::new(&hello(ALL)).then(steps).server_raw("354 go\r\n250 ok\r\n");
    let (transaction, peer) = transaction(script).await;
    let fate = transaction.data(BODY).await.fate();
    assert_eq!(fate, "Lost transient Server - | 250:unsent");
    assert!(peer.is_closed());
}

/// Gives a piece, and fails.
struct Fails(bool);

impl BodySource for Fails {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        Poll::Ready(Some(if std::mem::replace(&mut self.0, true) {
            Err(io::Error::other("the disk is gone"))
        } else {
            Ok(Bytes::from_static(BODY.as_bytes()))
        }))
    }
}

/// In chunks only the message is abandoned; after DATA the connection is.
#[tokio::test(start_paused = true)]
async fn a_source_of_a_body() {
    let script = Script::new(&hello(ALL)).then(OPENED);
    let (mut connection, peer) = greeted(script).await;
    let result = connection.deliver(&envelope(0), Body::stream(Fails(false))).await;
    assert_eq!(result.fate(), "Lost permanent Caller - | 250:unsent");
    probe(&mut connection, &peer, false, "deliver").await;

    let commands = "C: MAIL *\nC: RCPT *\nS: 250 ok\nS: 250 ok\n";
    let next = format!("{RESET}{}{}", eager(1), YES.repeat(3));
    let script = Script::new(&hello(ALL)).then(commands).then(&next);
    let script = script.then("C: HELP\nS: 214 help\nC: NOOP\nS: 250 ok");
    let (mut connection, peer) = greeted(script).await;
    connection.set_transfer(Transfer::eager());
    let messages = [(envelope(0), Body::stream(Fails(false))), (envelope(1), Body::from(BODY))];
    let mut fates = Vec::new();
    let result = connection.deliver_all(messages, |_, result| fates.push(result.fate())).await;
    result.expect("the connection is kept");
    assert_eq!(fates, ["Refused permanent Caller - | 250:local", TAKEN]);
    probe(&mut connection, &peer, true, "eager").await;

    let (transaction, peer) = transaction(Script::new(&hello(ALL)).then(STEPS)).await;
    let result = transaction.data(Body::stream(Fails(false))).await;
    assert_eq!(result.fate(), "Lost permanent Caller - | 250:unsent");
    assert!(peer.is_closed());
}

/// A message that cannot be sent costs no other. A source of messages has no other way to fail.
#[tokio::test(start_paused = true)]
async fn a_source_of_messages() {
    let nobody = || Envelope::new("me@example.com", [""; 0]).expect("an address");
    let script = Script::new(&hello(ALL)).then("C: NOOP\nS: 250 ok");
    let (mut connection, peer) = greeted(script).await;
    let fate = connection.deliver(&nobody(), BODY).await.fate();
    assert_eq!(fate, "Refused permanent Caller - | ");
    probe(&mut connection, &peer, true, "deliver").await;

    let others = eager(0) + &YES.repeat(3) + &eager(1) + &YES.repeat(3);
    let script = Script::new(&hello(ALL)).then(&others);
    let script = script.then("C: HELP\nS: 214 help\nC: NOOP\nS: 250 ok");
    let (mut connection, peer) = greeted(script).await;
    connection.set_transfer(Transfer::eager());
    let messages = [envelope(0), nobody(), envelope(1)].map(|envelope| (envelope, BODY));
    let mut fates = vec![String::new(); 3];
    let result = connection.deliver_all(messages, |index, result| fates[index] = result.fate());
    result.await.expect("the connection is kept");
    assert_eq!(fates, [TAKEN, "Refused permanent Caller - | ", TAKEN]);
    probe(&mut connection, &peer, true, "eager").await;
}

/// A stream that cannot be written to after so many bytes.
struct Unwritable(ScriptedStream, usize);

impl AsyncRead for Unwritable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Unwritable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let count = bytes.len().min(self.1);
        if count == 0 {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let written = Pin::new(&mut self.0).poll_write(cx, &bytes[..count]);
        if let Poll::Ready(Ok(written)) = written {
            self.1 -= written;
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Writing fails in the last byte of a message: it cannot have arrived.
#[tokio::test(start_paused = true)]
async fn a_write() {
    let bytes = |lines: &str| -> usize {
        let client = lines.lines().filter_map(|line| line.strip_prefix("C:"));
        client.map(|line| line.trim_start().len() + 2).sum()
    };
    let hello = hello(ALL);
    let mail = "C: MAIL FROM:<me@example.com>\nC: RCPT TO:<you0@example.org>\nC: DATA\n";
    let left = bytes(&hello) + bytes(mail) + bytes(SENT) - 1;
    let (stream, peer) = Script::new(&hello).then(OPENED).then("-- silence --").start();
    let connection = Connection::from_stream(Unwritable(stream, left), &server()).await;
    let mut connection = connection.expect("a greeting and EHLO");
    let result = connection.deliver(&envelope(0), BODY).await;
    assert_eq!(result.fate(), "Lost transient Network - | 250:unsent");
    let lost = result.as_ref().err().and_then(DeliverError::lost).map(Lost::fault);
    assert!(matches!(lost, Some(Fault::Io(_))), "{lost:?}");
    probe(&mut connection, &peer, false, "deliver").await;

    let mail = "C: MAIL FROM:<me@example.com>\n".to_owned();
    let flight = |number| mail.clone() + eager(number).split_once('\n').expect("MAIL").1;
    let left = bytes(&hello) + bytes(&flight(0)) + bytes(&flight(1)) - 1;
    let first = eager(0) + &YES.repeat(3) + "C: MAIL *\nC: RCPT *\n-- silence --";
    let (stream, peer) = Script::new(&hello).then(&first).start();
    let connection = Connection::from_stream(Unwritable(stream, left), &server()).await;
    let mut connection = connection.expect("a greeting and EHLO");
    let (fates, kept) = deliver_eagerly(&mut connection).await;
    assert!(!kept);
    let lost = "Lost transient Network - | -:unsent";
    assert_eq!(fates, [TAKEN, lost, "NotSent transient Network - | -:unsent"]);
    probe(&mut connection, &peer, false, "eager").await;

    let rcpt = "C: RCPT TO:<you@example.org>\n";
    let left = [&hello, &mail, rcpt, "C: DATA\n", SENT].map(bytes).iter().sum::<usize>() - 1;
    let (stream, peer) = Script::new(&hello).then(STEPS).then("-- silence --").start();
    let connection = Connection::from_stream(Unwritable(stream, left), &server()).await;
    let transaction = begin(connection.expect("a greeting and EHLO")).await;
    let result = transaction.data(BODY).await;
    assert_eq!(result.fate(), "Lost transient Network - | 250:unsent");
    assert!(peer.is_closed());
}
