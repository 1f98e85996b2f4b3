//! Replies to a message that is still being sent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use smtp::command::{Mail, Noop, Rcpt};
use smtp::connection::DataError;
use smtp::error::Fault;
use smtp::state::{Greeted, InTransaction};
use smtp::testing::Script;
use smtp::{Connection, Envelope, Mailbox, Transfer};
use tests::{Fate as _, greeted, in_transaction, script, server};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, timeout};

use super::{BODY, CHUNKING, ENDS, NOTHING, PIPELINING, WRITES, at_once, chunks, envelope};

const OPENED: &str = "C: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\n";

const LARGE: &[u8] = &[b'x'; 1 << 20];

fn you() -> Rcpt {
    Rcpt::to("you@example.org".parse::<Mailbox>().expect("an address"))
}

/// Messages, and how much a write takes: one of many pieces, and one whose end is queued when its
/// first byte leaves.
pub(super) const LEAVING: [(&[u8], usize); 2] = [(LARGE, 4096), (b"xxxxxxxxx", 1)];

/// The server refuses the message when it has had its first byte, and the connection ends.
fn early(offers: &[&str], said: &str, end: &str, write: usize) -> Script {
    let opened = format!("C: MAIL *\nS: 250 ok\n{OPENED}");
    let script = script(offers, &opened).client_raw(*b"x");
    script.then(&format!("S: {said}\n{end}")).write_limit(write)
}

/// Replies that come while the content leaves, and the fate of the message then.
const EARLY: [(&str, &str); 5] = [
    ("552 5.3.4 too large", "Lost permanent Server 552 | 250:552"),
    ("452 4.3.1 full", "Lost transient Server 452 | 250:452"),
    ("421 4.3.2 closing", "Lost transient Server 421 | 250:421"),
    // That is no answer to half a message.
    ("250 thanks", "Lost transient Server - | 250:unsent"),
    ("354 go on", "Lost transient Server - | 250:unsent"),
];

#[tokio::test(start_paused = true)]
async fn a_message_is_refused_while_it_leaves() {
    let ends = || ENDS.iter().flat_map(|end| LEAVING.map(|(body, write)| (end, body, write)));
    for ((said, expected), (end, body, write)) in
        EARLY.iter().flat_map(|row| ends().map(move |end| (row, end)))
    {
        for offers in [NOTHING, PIPELINING] {
            let (mut connection, peer) = greeted(early(offers, said, end, write)).await;
            let result = connection.deliver(&envelope(1), body).await;
            assert_eq!(result.fate(), *expected, "{said} {end} {write}");
            assert!(!peer.written().ends_with(b"\r\n.\r\n"), "{said}");

            let (connection, _) = greeted(early(offers, said, end, write)).await;
            let sender: Mailbox = "me@example.com".parse().expect("an address");
            let mut transaction = connection.mail(Mail::from(sender)).await.expect("MAIL");
            transaction.rcpt(you()).await.expect("RCPT");
            let sent = transaction.data(body).await;
            assert_eq!(sent.fate(), *expected, "{said} {end} {write}");
        }
    }
}

/// A transaction with a recipient, over a connection that goes on with this dialogue.
async fn transaction(
    offers: &[&str],
    dialogue: &str,
    write: usize,
) -> Connection<InTransaction<Greeted>> {
    let mail = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\n";
    let script = script(offers, &format!("{mail}{dialogue}")).write_limit(write);
    let (mut connection, _) = greeted(script).await;
    connection.set_transfer(chunks());
    let sender: Mailbox = "me@example.com".parse().expect("an address");
    let mut transaction = connection.mail(Mail::from(sender)).await.expect("MAIL");
    transaction.rcpt(you()).await.expect("RCPT");
    transaction
}

#[tokio::test(start_paused = true)]
async fn a_chunk_of_a_transaction_is_refused() {
    for (end, write) in ENDS.iter().flat_map(|end| WRITES.map(|write| (end, write))) {
        for (code, how) in [(552, "permanent"), (452, "transient")] {
            let dialogue = format!("C: BDAT 3\nC: a\nS: {code} no\n{end}");
            let result = transaction(CHUNKING, &dialogue, write).await.bdat(BODY).await;
            assert_eq!(
                result.fate(),
                format!("Lost {how} Server {code} | 250:{code}"),
                "{dialogue}"
            );
            // One at a time nothing is due after the refusal.
            let result = transaction(&["CHUNKING"], &dialogue, write).await.bdat(BODY).await;
            let expected = format!("Refused {how} Server {code} | 250:{code}");
            assert_eq!(at_once(&result.fate(), end), expected, "{dialogue}");
        }
    }
}

/// The server knows how many bytes follow and may refuse them unseen: they leave all the same, and
/// the session goes on.
#[tokio::test(start_paused = true)]
async fn a_chunk_is_refused_before_all_of_it_has_left() {
    let stepwise: &[&str] = &["CHUNKING"];
    let last = "C: BDAT 8 LAST\nS: 552 no\nC: ab\nC: cd\n";
    let two = "C: BDAT 4\nS: 552 no\nC: ab\nC: BDAT 4 LAST\nC: cd\nS: 503 no\n";
    let one = "C: BDAT 4\nS: 552 no\nC: ab\n";
    // A write takes the line of BDAT and nothing of its bytes.
    let rows: [(&[&str], &str, usize, usize); 4] = [
        (CHUNKING, last, 8, 13),
        (stepwise, last, 8, 13),
        (CHUNKING, two, 4, 8),
        (stepwise, one, 4, 8),
    ];
    for (offers, dialogue, chunk, write) in rows {
        let mail = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\n";
        let after = "C: RSET\nS: 250 reset\nC: NOOP\nS: 250 ok";
        let script = || script(offers, &format!("{mail}{dialogue}{after}")).write_limit(write);
        let (mut connection, peer) = greeted(script()).await;
        connection.set_transfer(Transfer::chunks().chunk_size(chunk));
        let result = connection.deliver(&envelope(1), "ab\r\ncd\r\n").await;
        assert_eq!(result.fate(), "Refused permanent Server 552 | 250:552", "{dialogue}");
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();

        let (mut connection, peer) = greeted(script()).await;
        connection.set_transfer(Transfer::chunks().chunk_size(chunk));
        let sender: Mailbox = "me@example.com".parse().expect("an address");
        let mut transaction = connection.mail(Mail::from(sender)).await.expect("MAIL");
        transaction.rcpt(you()).await.expect("RCPT");
        let sent = transaction.bdat("ab\r\ncd\r\n").await;
        assert_eq!(sent.fate(), "Refused permanent Server 552 | 250:552", "{dialogue}");
        let Err(DataError::Refused(mut refused)) = sent else {
            panic!("{dialogue}");
        };
        refused.connection.send(Noop).await.expect("the session goes on");
        peer.finish();
    }
}

/// Any other reply to bytes that have not left is none.
#[tokio::test(start_paused = true)]
async fn a_chunk_is_not_taken_before_all_of_it_has_left() {
    let mail = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\n";
    for dialogue in ["C: BDAT 8 LAST\nS: 250 ok", "C: BDAT 8 LAST\nS: 354 go"] {
        let script = script(CHUNKING, &format!("{mail}{dialogue}")).write_limit(13);
        let (mut connection, _) = greeted(script).await;
        connection.set_transfer(Transfer::chunks());
        let result = connection.deliver(&envelope(1), "ab\r\ncd\r\n").await;
        assert_eq!(result.fate(), "Lost transient Server - | 250:unsent", "{dialogue}");
    }
}

/// The connection ends while content leaves: no recipient can have got it.
#[tokio::test(start_paused = true)]
async fn a_message_that_had_not_left_is_lost() {
    for end in ["-- close --", "-- reset --", "-- silence --"] {
        for offers in [CHUNKING, NOTHING, PIPELINING] {
            // One byte of the content has left, or all but the end of the dot.
            for (body, left) in [(LARGE, &b"x"[..]), (b"x\r\n", b"x\r\n.\r")] {
                let opened = format!("C: MAIL *\nS: 250 ok\n{OPENED}");
                let script = script(offers, &opened).client_raw(left).then(end).write_limit(1);
                // Silence lets all of it leave, so it is not known what it did with it.
                let late = end == "-- silence --";
                let expected = if late {
                    "Unknown permanent Network - | 250:unknown"
                } else {
                    "Lost transient Network - | 250:unsent"
                };
                if late && body.len() > 3 {
                    continue;
                }
                let (connection, _) = greeted(script).await;
                let sender: Mailbox = "me@example.com".parse().expect("an address");
                let mut transaction = connection.mail(Mail::from(sender)).await.expect("MAIL");
                transaction.rcpt(you()).await.expect("RCPT");
                assert_eq!(transaction.data(body).await.fate(), expected, "{end}");
            }
        }
        if end != "-- silence --" {
            for (dialogue, write) in [("C: BDAT 8 LAST\n", 13), ("C: BDAT 8 LAST\nC: ab\n", 1)] {
                let mail = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\n";
                let dialogue = format!("{mail}{dialogue}{end}");
                let (connection, _) = greeted(script(CHUNKING, &dialogue).write_limit(write)).await;
                let sender: Mailbox = "me@example.com".parse().expect("an address");
                let mut transaction = connection.mail(Mail::from(sender)).await.expect("MAIL");
                transaction.rcpt(you()).await.expect("RCPT");
                let sent = transaction.bdat("ab\r\ncd\r\n").await;
                assert_eq!(sent.fate(), "Lost transient Network - | 250:unsent", "{dialogue}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_ends_with_its_last_reply() {
    for end in ENDS {
        for (dialogue, code) in [
            ("C: DATA\nS: 451 not now", 451),
            ("C: DATA\nS: 354 go\nC: a\nC: b\nC: c\nC: .\nS: 451 no", 451),
        ] {
            let dialogue = format!("C: RCPT *\nS: 250 ok\n{dialogue}\n{end}");
            let (mut transaction, _) = in_transaction(NOTHING, &dialogue).await;
            transaction.rcpt(you()).await.expect("RCPT");
            let expected = format!("Refused transient Server {code} | 250:{code}");
            let fate = transaction.data(BODY).await.fate();
            assert_eq!(at_once(&fate, end), expected, "{dialogue}");
        }
    }
}

/// A stream that fails to be written to once the server has had this many bytes, and from which
/// the rest of what the server says comes after a time, or never.
struct Unwritable {
    left: usize,
    says: Vec<(Duration, &'static str)>,
    started: Instant,
    sleep: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl AsyncRead for Unwritable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(&(after, line)) = self.says.first() else {
            return Poll::Pending;
        };
        let until = self.started + after;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        std::task::ready!(sleep.as_mut().poll(cx));
        self.sleep = None;
        self.says.remove(0);
        buffer.put_slice(line.as_bytes());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Unwritable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.left == 0 {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let count = bytes.len().min(self.left);
        self.left -= count;
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// After writing has failed the server has a moment to say why, and no more.
#[tokio::test(start_paused = true)]
async fn a_reply_has_a_moment_after_a_failed_write() {
    let hello = ["EHLO client.example.test\r\n", "MAIL FROM:<me@example.com>\r\n"].concat().len();
    let second = Duration::from_secs;
    let rows: [(Option<u64>, &str, u64); 3] = [
        (Some(1), "Lost permanent Server 550 | -:550", 3),
        (Some(10), "Lost transient Network - | -:unsent", 2),
        (None, "Lost transient Network - | -:unsent", 2),
    ];
    for (after, expected, most) in rows {
        let mut says =
            vec![(second(0), "220 hi\r\n"), (second(0), "250-mail\r\n250 PIPELINING\r\n")];
        says.extend(after.map(|after| (second(after), "550 5.7.1 list\r\n")));
        let started = Instant::now();
        let stream = Unwritable { left: hello, says, started, sleep: None };
        let mut connection = Connection::from_stream(stream, &server()).await.expect("EHLO");
        // The reply must not be there before the call.
        let envelope = Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
        let result = timeout(second(60), connection.deliver(&envelope, "x\r\n")).await;
        let result = result.expect("it does not wait for ever");
        assert_eq!(result.fate(), expected, "{after:?}");
        let took = started.elapsed();
        assert!(took <= second(most) + Duration::from_millis(10), "{after:?}: {took:?}");
        if let Err(error) = &result {
            let fault = error.lost().expect("lost").fault();
            assert!(matches!(fault, Fault::Io(error) if error.kind() == io::ErrorKind::BrokenPipe));
        }
    }
}
