//! Sources that are slow, fail or never end: while one is waited for, the connection lives.

mod messages;

use std::time::Duration;

use smtp::command::{Mail, Rcpt};
use smtp::connect::Timeouts;
use smtp::error::Fault;
use smtp::testing::Script;
use smtp::{Body, Connection, Envelope, Error, Lost, Mailbox, Server, Transfer};
use tests::{Fate as _, Mta, Piece, hello, server, slow};
use tokio::time::Instant;

/// The ways of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Data,
    Chunks,
    Eager,
    /// The calls of a transaction.
    TypedData,
    TypedBdat,
    Group,
}

const WAYS: [Way; 6] =
    [Way::Data, Way::Chunks, Way::Eager, Way::TypedData, Way::TypedBdat, Way::Group];

const OFFERS: &[&str] = &["PIPELINING", "CHUNKING"];

impl Way {
    fn is_counted(self) -> bool {
        matches!(self, Self::Chunks | Self::Eager | Self::TypedBdat)
    }

    /// The dialogue before the content, without what opens it.
    fn named(self) -> &'static str {
        match self {
            Self::TypedData | Self::TypedBdat => "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\n",
            _ => "C: MAIL *\nC: RCPT *\nS: 250 ok\nS: 250 ok\n",
        }
    }

    /// The dialogue up to the first piece of the content, of so many bytes.
    fn opened(self, bytes: usize) -> String {
        let named = self.named();
        if self.is_counted() {
            format!("{named}C: BDAT {bytes}\n")
        } else if matches!(self, Self::Data) {
            "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n".to_owned()
        } else {
            format!("{named}C: DATA\nS: 354 go\n")
        }
    }

    /// Sends a message: what became of it.
    async fn send(
        self,
        stream: impl smtp::transport::Transport,
        server: &Server,
        body: Body<'_>,
    ) -> (String, Option<Lost>) {
        let mut connection = Connection::from_stream(stream, server).await.expect("EHLO");
        connection.set_transfer(match self {
            Self::Chunks | Self::TypedBdat => Transfer::chunks(),
            Self::Eager => Transfer::eager(),
            _ => Transfer::data(),
        });
        let mailbox = |address: &str| address.parse::<Mailbox>().expect("an address");
        let mail = Mail::from(mailbox("me@example.com"));
        let rcpt = Rcpt::to(mailbox("you@example.org"));
        match self {
            Self::Data | Self::Chunks | Self::Eager => {
                let envelope = Envelope::new("me@example.com", ["you@example.org"]);
                let result = connection.deliver(&envelope.expect("addresses"), body).await;
                let fate = result.fate();
                (fate, result.err().and_then(|error| error.lost().cloned()))
            }
            Self::TypedData | Self::TypedBdat => {
                let mut transaction = connection.mail(mail).await.expect("MAIL");
                transaction.rcpt(rcpt).await.expect("RCPT");
                let sent = if self == Self::TypedData {
                    transaction.data(body).await
                } else {
                    transaction.bdat(body).await
                };
                let fate = sent.fate();
                let lost = sent.err().map(Error::from);
                (
                    fate,
                    lost.and_then(
                        |error| if let Error::Lost(lost) = error { Some(lost) } else { None },
                    ),
                )
            }
            Self::Group => {
                let group = connection.pipeline().mail(mail).rcpt(rcpt).data(body);
                let (connection, (_, _, message)) = group.await;
                (message.end.fate(), connection.err())
            }
        }
    }
}

const LINE: &str = "0123456789\r\n";

/// Twelve bytes a second, for a quarter of an hour.
fn dripping() -> Body<'static> {
    slow((0..900).map(|_| (1000, Some(LINE))))
}

#[tokio::test(start_paused = true)]
async fn bytes_leave_when_the_source_has_no_more_at_once() {
    for way in WAYS {
        let mut dialogue = way.opened(12);
        if way.is_counted() {
            let line = "C: 0123456789\nS: 250 ok\n";
            dialogue = format!(
                "{dialogue}{line}C: BDAT 12\n{line}C: BDAT 12\nC: 0123456789\n-- silence --"
            );
        } else {
            dialogue += "-- silence --";
        }
        let (stream, peer) = Script::new(&hello(OFFERS)).then(&dialogue).start();
        let task = tokio::spawn(async move { way.send(stream, &server(), dripping()).await });
        tokio::time::sleep(Duration::from_millis(10_500)).await;
        let written = String::from_utf8(peer.written()).expect("text");
        let lines = written.matches("0123456789").count();
        // The chunk without an answer is followed by none that is small.
        assert!(lines >= if way.is_counted() { 3 } else { 10 }, "{way:?}: {lines} in\n{written}");
        task.abort();
    }
}

/// Each piece that leaves is progress: no timeout of the client ends it either.
#[tokio::test(start_paused = true)]
async fn a_message_may_take_its_time() {
    for way in WAYS {
        let (stream, inbox) = Mta::offering(OFFERS).start();
        let began = Instant::now();
        let (fate, lost) = way.send(stream, &server(), dripping()).await;
        assert!(lost.is_none(), "{way:?}: {lost:?}");
        assert!(fate == "ok" || fate == "Delivered 250 | 250:ok", "{way:?}: {fate}");
        assert_eq!(began.elapsed().as_secs(), 900, "{way:?}");
        let inbox = inbox.await.expect("a server");
        assert_eq!(inbox.messages[0].1, LINE.repeat(900), "{way:?}");
    }
}

/// The first piece at once or never, and then nothing for hours.
fn stalled() -> [(bool, fn() -> Body<'static>); 2] {
    const HOURS: u64 = 10 * 3600 * 1000;
    [
        (true, || slow([(0, Some("a\r\n")), (HOURS, Some("b\r\n"))])),
        (false, || slow([(HOURS, Some("b\r\n"))])),
    ]
}

/// Sends a message whose source stalls, to a server that goes on like this: what became of it, how
/// the connection was lost, and after how long.
async fn stall(way: Way, begun: bool, body: Body<'_>, then: &str) -> (String, Lost, Duration) {
    let opened = if begun { way.opened(3) + "C: a\n" } else { way.named().to_owned() };
    let (stream, peer) = Script::new(&hello(OFFERS)).then(&opened).then(then).start();
    let mut timeouts = Timeouts::default();
    timeouts.total = Some(Duration::from_secs(60));
    let start = Instant::now();
    let (fate, lost) = way.send(stream, &server().timeouts(timeouts), body).await;
    assert!(peer.is_closed(), "{way:?}");
    let lost = lost.unwrap_or_else(|| panic!("{way:?} {begun}: {fate}"));
    (fate, lost, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn the_deadline_passes_while_a_source_is_waited_for() {
    for (way, (begun, body)) in WAYS.iter().flat_map(|way| stalled().map(|body| (*way, body))) {
        let (fate, lost, took) = stall(way, begun, body(), "-- silence --").await;
        assert!(fate == "Lost" || fate.starts_with("Lost transient"), "{way:?} {begun}: {fate}");
        // A chunk without an answer may run into the deadline of its reply.
        assert!(matches!(lost.fault(), Fault::DeadlineExceeded), "{way:?} {begun}: {lost}");
        assert_eq!(took.as_secs(), 60, "{way:?} {begun}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_server_is_heard_while_a_source_is_waited_for() {
    for (way, (begun, body)) in WAYS.iter().flat_map(|way| stalled().map(|body| (*way, body))) {
        for (end, code) in [
            ("S: 421 4.3.2 closing", Some(421)),
            ("-- close --", None),
            ("-- reset --", None),
            ("S: 552 5.3.4 no", Some(552)),
        ] {
            let chunk = begun && way.is_counted();
            if code == Some(552) && (!begun || chunk) {
                // That is an answer to the chunk, or to nothing.
                continue;
            }
            let then = if chunk { "S: 250 ok\n-- wait 10s --\n" } else { "-- wait 10s --\n" };
            let (fate, lost, took) = stall(way, begun, body(), &format!("{then}{end}")).await;
            let case = format!("{way:?} {begun} {end}: {fate}");
            assert_eq!(took.as_secs(), 10, "{case}");
            assert_eq!(lost.reply().map(|reply| reply.code().value()), code, "{case}");
            assert!(!fate.contains("nknown"), "{case}");
        }
    }
}

/// A source that fails: before anything of it was announced, or in chunks, only the message is
/// given up.
#[tokio::test(start_paused = true)]
async fn a_source_that_fails_ends_its_message_and_not_always_its_session() {
    let rows: [(&[(u64, Piece)], bool); 4] = [
        (&[(0, None)], true),
        (&[(1000, None)], true),
        (&[(0, Some("a\r\n")), (1000, None)], false),
        (&[(1000, Some("a\r\n")), (1000, Some("b\r\n")), (1000, None)], false),
    ];
    for (way, (pieces, first)) in WAYS.iter().flat_map(|way| rows.map(|row| (*way, row))) {
        let (stream, inbox) = Mta::offering(OFFERS).start();
        let (fate, lost) = way.send(stream, &server(), slow(pieces.to_vec())).await;
        let case = format!("{way:?} {pieces:?}: {fate} {lost:?}");
        if first || way.is_counted() {
            assert!(fate == "local" || fate.starts_with("Refused permanent Caller"), "{case}");
            assert!(lost.is_none(), "{case}");
        } else {
            assert!(fate == "Lost" || fate.starts_with("Lost permanent Caller"), "{case}");
            assert!(matches!(lost.expect("closed").fault(), Fault::Body(_)));
        }
        let inbox = inbox.await.expect("a server");
        assert!(inbox.messages.is_empty(), "{case}");
    }
}
