//! Bodies that are made for each transaction, when the server has accepted its recipients.

mod choices;
mod faults;

use std::convert::Infallible;

use smtp::command::{Mail, Noop, Rcpt};
use smtp::connection::DataError;
use smtp::message::Transaction;
use smtp::testing::Script;
use smtp::{Body, Connection, Envelope, Mailbox, Transfer};
use tests::{Fate as _, Mta, greeted, script, server, slow};

const NAMES: [&str; 3] = ["a@example.org", "b@example.org", "c@example.org"];

fn envelope(count: usize) -> Envelope {
    Envelope::new("me@example.com", NAMES[..count].iter().copied()).expect("addresses")
}

/// A message that names the recipients of its transaction.
#[expect(clippy::unnecessary_wraps, reason = "a function that makes a body may fail")]
fn made(transaction: &Transaction<'_>) -> Result<String, Infallible> {
    let mailboxes = transaction.recipients().filter_map(|path| path.mailbox());
    let recipients: Vec<_> = mailboxes.map(ToString::to_string).collect();
    Ok(format!("for {}\r\n", recipients.join(" ")))
}

fn mailbox(address: &str) -> Mailbox {
    address.parse().expect("an address")
}

const NAMED: &str = "C: MAIL FROM:<me@example.com>
                     C: RCPT TO:<a@example.org>\nC: RCPT TO:<b@example.org>\nC: RCPT TO:<c@example.org>
                     S: 250 ok\nS: 250 ok\nS: 550 no\nS: 251 elsewhere\n";
const CONTENT: &str = "for a@example.org c@example.org";

/// The content that follows the recipients; `extra` is what a server of LMTP says besides.
fn sent(chunks: bool, extra: &str) -> String {
    if chunks {
        let bytes = CONTENT.len() + 2;
        return format!("C: BDAT {bytes} LAST\nC: {CONTENT}\nS: 250 taken\n{extra}");
    }
    format!("C: DATA\nS: 354 go\nC: {CONTENT}\nC: .\nS: 250 taken\n{extra}")
}

/// DATA, and the first chunk, wait for the last reply to RCPT, in every way to send a message.
#[tokio::test(start_paused = true)]
async fn a_body_is_made_for_the_recipients_that_were_accepted() {
    let fate = "Delivered 250 | 250:ok 550:550 251:ok";
    for (transfer, chunks) in
        [(Transfer::data(), false), (Transfer::chunks(), true), (Transfer::eager(), true)]
    {
        let dialogue = format!("{NAMED}{}C: NOOP\nS: 250 ok", sent(chunks, ""));
        let script = script(&["PIPELINING", "CHUNKING"], &dialogue).lockstep();
        let (mut connection, peer) = greeted(script).await;
        connection.set_transfer(transfer);
        let result = connection.deliver(&envelope(3), Body::each(made)).await;
        assert_eq!(result.fate(), fate);
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn the_calls_of_a_transaction_make_it_too() {
    for chunks in [false, true] {
        let dialogue = format!(
            "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: RCPT *\nS: 550 no\nC: RCPT *
             S: 251 elsewhere\n{}",
            sent(chunks, "")
        );
        let script = script(&["PIPELINING", "CHUNKING"], &dialogue).lockstep();
        let (connection, peer) = greeted(script).await;
        let mail = Mail::from(mailbox("me@example.com"));
        let mut transaction = connection.mail(mail).await.expect("MAIL");
        for name in NAMES {
            let _ = transaction.rcpt(Rcpt::to(mailbox(name))).await;
        }
        let body = Body::each(made);
        let result =
            if chunks { transaction.bdat(body).await } else { transaction.data(body).await };
        assert_eq!(result.fate(), "Delivered 250 | 250:ok 550:550 251:ok");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_makes_it_before_data() {
    let dialogue = format!("{NAMED}{}", sent(false, ""));
    let (connection, peer) = greeted(script(&["PIPELINING"], &dialogue).lockstep()).await;
    let rcpts = NAMES.map(|name| Rcpt::to(mailbox(name)));
    let group = connection.pipeline().mail(Mail::from(mailbox("me@example.com"))).each(rcpts);
    let (connection, (_, _, message)) = group.data(Body::each(made)).await;
    connection.expect("the session goes on");
    assert!(message.end.accepted().is_some(), "{message:?}");
    peer.finish();

    let refused = NAMED.replace("S: 250 ok\nS: 250 ok", "S: 250 ok\nS: 550 no");
    let dialogue = format!(
        "{}C: RSET\nC: NOOP\nS: 250 reset\nS: 250 ok",
        refused.replace("251 elsewhere", "550 no")
    );
    let (connection, peer) = greeted(script(&["PIPELINING"], &dialogue)).await;
    let rcpts = NAMES.map(|name| Rcpt::to(mailbox(name)));
    let group = connection.pipeline().mail(Mail::from(mailbox("me@example.com"))).each(rcpts);
    let body = Body::each(|_| -> Result<String, Infallible> { panic!("there are no recipients") });
    let (connection, (_, _, message)) = group.data(body).await;
    let mut connection = connection.expect("the session goes on");
    connection.send(Noop).await.expect("NOOP");
    assert!(message.end.accepted().is_none());
    peer.finish();
}

/// Each transaction of a message has a body of its own, also one that can be read once only.
#[tokio::test(start_paused = true)]
async fn each_transaction_has_its_own() {
    for limited in [false, true] {
        let offers: &'static [&'static str] =
            if limited { &["PIPELINING", "LIMITS RCPTMAX=2"] } else { &["PIPELINING"] };
        let (stream, inbox) = Mta { most_recipients: 2, ..Mta::offering(offers) }.start();
        let mut connection = Connection::from_stream(stream, &server()).await.expect("EHLO");
        let mut last = None;
        let body = Body::each(|transaction| {
            let text = made(transaction)?;
            Ok::<_, Infallible>(Body::stream(Once(Some(text.into()))))
        })
        .progress(|sent, total| last = Some((sent, total)));
        let result = connection.deliver(&envelope(3), body).await;
        assert_eq!(result.fate(), "Delivered 250 | 250:ok 250:ok 250:ok");
        assert_eq!(last, Some((33, Some(33))), "the progress of the first is reported");
        drop(connection);
        let messages = inbox.await.expect("a server").messages;
        let contents: Vec<_> = messages.iter().map(|(_, content)| content.as_str()).collect();
        let expected = ["for a@example.org b@example.org\r\n", "for c@example.org\r\n"];
        assert_eq!(contents, expected, "{limited}");
    }
}

/// A source of one piece.
struct Once(Option<bytes::Bytes>);

impl smtp::message::BodySource for Once {
    fn poll_piece(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<std::io::Result<bytes::Bytes>>> {
        std::task::Poll::Ready(self.0.take().map(Ok))
    }
}

/// MAIL leaves before the body is made, and says what the caller has said of it.
#[tokio::test(start_paused = true)]
async fn what_mail_declares() {
    type Make = fn() -> Body<'static>;
    let table: &[(&[&str], Make, &str)] = &[
        (&["8BITMIME", "SIZE"], || Body::each(|_| Ok::<_, Infallible>("x")), " BODY=8BITMIME"),
        (
            &["8BITMIME", "SIZE"],
            || Body::each(|_| Ok::<_, Infallible>("x")).length(1),
            " SIZE=1 BODY=8BITMIME",
        ),
        (&[], || Body::each(|_| Ok::<_, Infallible>("x")), ""),
    ];
    for (offers, body, declared) in table {
        let dialogue = format!(
            "C: MAIL FROM:<me@example.com>{declared}\nS: 250 ok\nC: RCPT *\nS: 250 ok
             C: DATA\nS: 354 go\nC: x\nC: .\nS: 250 taken"
        );
        let (mut connection, peer) = greeted(script(offers, &dialogue)).await;
        connection.deliver(&envelope(1), body()).await.expect("taken");
        peer.finish();
    }
}

/// A recipient that the transaction does not know would be missing in a signature.
#[tokio::test(start_paused = true)]
async fn a_body_is_not_made_for_a_part_of_the_recipients() {
    let dialogue = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: RCPT *\nS: 250 ok
                    C: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok";
    let mut limits = smtp::connect::Limits::default();
    limits.recipients_kept = 1;
    let (stream, peer) = script(&[], dialogue).start();
    let connection = Connection::from_stream(stream, &server().limits(limits)).await;
    let mail = Mail::from(mailbox("me@example.com"));
    let mut transaction = connection.expect("EHLO").mail(mail).await.expect("MAIL");
    for name in &NAMES[..2] {
        transaction.rcpt(Rcpt::to(mailbox(name))).await.expect("RCPT");
    }
    let Err(DataError::Refused(refused)) = transaction.data(Body::each(made)).await else {
        panic!("a message was sent");
    };
    let (mut connection, refusal) = (refused.connection, refused.refusal);
    assert!(refusal.to_string().contains("`Limits::recipients_kept`"), "{refusal}");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

/// In LMTP each of them has a reply to it.
#[tokio::test(start_paused = true)]
async fn in_lmtp() {
    for (transfer, chunks) in [(Transfer::data(), false), (Transfer::chunks(), true)] {
        let dialogue = format!("{NAMED}{}", sent(chunks, "S: 452 full\n"));
        let hello = tests::hello(&["PIPELINING", "CHUNKING"]).replace("EHLO", "LHLO");
        let (stream, peer) = Script::new(&hello).then(&dialogue).lockstep().start();
        let connection = Connection::lmtp_from_stream(stream, &server()).await;
        let mut connection = connection.expect("LHLO");
        connection.set_transfer(transfer);
        let result = connection.deliver(&envelope(3), Body::each(made)).await;
        assert_eq!(result.fate(), "Delivered 250 | 250:ok 550:550 251:452");
        peer.finish();
    }
}

/// In a stream of messages the next one follows the final dot as always.
#[tokio::test(start_paused = true)]
async fn in_a_stream_and_in_a_feed() {
    let (stream, inbox) = Mta::offering(&["PIPELINING", "CHUNKING"]).start();
    let mut connection = Connection::from_stream(stream, &server()).await.expect("EHLO");
    connection.set_transfer(Transfer::eager());
    let messages = [(1, Body::each(made)), (2, "x\r\n".into()), (3, Body::each(made))];
    let messages = messages.map(|(count, body)| (envelope(count), body));
    let mut taken = 0;
    let report = |_, result: Result<smtp::Receipt, _>| taken += usize::from(result.is_ok());
    connection.deliver_all(messages, report).await.expect("the connection stays");
    assert_eq!(taken, 3);
    let (feed, running) = connection.feed();
    let running = tokio::spawn(running);
    feed.deliver(envelope(2), Body::each(made)).await.expect("taken");
    drop(feed);
    drop(running.await.expect("a task"));
    let messages = inbox.await.expect("a server").messages;
    let contents: Vec<_> = messages.into_iter().map(|(_, content)| content).collect();
    assert_eq!(
        contents,
        [
            "for a@example.org\r\n",
            "x\r\n",
            "for a@example.org b@example.org c@example.org\r\n",
            "for a@example.org b@example.org\r\n",
        ]
    );
}

/// A slow source begins when its recipients are known, and DATA waits for its first piece.
#[tokio::test(start_paused = true)]
async fn data_waits_for_the_first_piece() {
    let dialogue = format!("{NAMED}{}", sent(false, ""));
    let (mut connection, peer) = greeted(script(&["PIPELINING"], &dialogue).lockstep()).await;
    let body = Body::each(|_| {
        let pieces = [(5000, Some("for a@example.org ")), (5000, Some("c@example.org\r\n"))];
        Ok::<_, Infallible>(slow(pieces))
    });
    connection.deliver(&envelope(3), body).await.expect("taken");
    peer.finish();
}
