//! Sources of messages: a message that was sent whole is answered, also when the source fails or
//! waits after it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use smtp::connection::Stopped;
use smtp::error::Fault;
use smtp::message::BodySource;
use smtp::{Body, Connection, DeliverError, Envelope, Transfer};
use tests::{Fate as _, Mta, greeted, script, server, slow};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::OFFERS;

const HOUR: u64 = 3600 * 1000;

fn envelope() -> Envelope {
    Envelope::new("me@example.com", ["you@example.org"]).expect("addresses")
}

/// Ways of sending, with what the server must offer.
fn ways() -> Vec<(Transfer, &'static [&'static str])> {
    let all: [&[&str]; 4] = [OFFERS, &["PIPELINING"], &["CHUNKING"], &[]];
    let transfers = || [Transfer::data(), Transfer::chunks(), Transfer::eager()];
    all.into_iter().flat_map(|offers| transfers().map(|way| (way, offers))).collect()
}

async fn connect(
    transfer: Transfer,
    mta: Mta,
) -> (Connection<smtp::state::Greeted>, tokio::task::JoinHandle<tests::Inbox>) {
    let (stream, inbox) = mta.start();
    let mut connection = Connection::from_stream(stream, &server()).await.expect("EHLO");
    connection.set_transfer(transfer);
    (connection, inbox)
}

#[tokio::test(start_paused = true)]
async fn whole_messages_are_answered_before_a_slow_source_is() {
    for (transfer, offers) in ways() {
        let (mut connection, inbox) = connect(transfer.clone(), Mta::offering(offers)).await;
        let began = Instant::now();
        let mut told = Vec::new();
        let envelope = envelope();
        let bodies = (0..4).map(|number| match number {
            3 => slow([(HOUR, Some("late\r\n"))]),
            _ => Body::from(format!("{number}\r\n")),
        });
        let report = |index, result: Result<_, _>| {
            told.push((index, result.fate(), began.elapsed().as_secs()));
        };
        let messages = bodies.map(|body| (&envelope, body));
        connection.deliver_all(messages, report).await.expect("a session");
        let fate = || "Delivered 250 | 250:ok".to_owned();
        let expected = [(0, fate(), 0), (1, fate(), 0), (2, fate(), 0), (3, fate(), 3600)];
        assert_eq!(told, expected, "{transfer:?} {offers:?}");
        drop(connection);
        assert_eq!(inbox.await.expect("a server").messages.len(), 4);
    }
}

/// A body that is there once something else was told.
struct After(Arc<Notify>, Option<std::pin::Pin<Box<dyn Future<Output = ()> + Send>>>, bool);

impl BodySource for After {
    fn poll_piece(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<std::io::Result<Bytes>>> {
        let notify = Arc::clone(&self.0);
        let wait = self.1.get_or_insert_with(|| Box::pin(async move { notify.notified().await }));
        std::task::ready!(wait.as_mut().poll(cx));
        self.1 = Some(Box::pin(std::future::ready(())));
        let piece =
            (!std::mem::replace(&mut self.2, true)).then(|| Ok(Bytes::from_static(b"x\r\n")));
        std::task::Poll::Ready(piece)
    }
}

/// Each body waits until the message before it was reported.
#[tokio::test(start_paused = true)]
async fn a_body_may_depend_on_the_report_of_the_message_before() {
    for (transfer, offers) in ways() {
        let (mut connection, _) = connect(transfer.clone(), Mta::offering(offers)).await;
        let reported: Vec<_> = (0..5).map(|_| Arc::new(Notify::new())).collect();
        reported[0].notify_one();
        let envelope = envelope();
        let messages: Vec<_> = (0..4)
            .map(|number| {
                (&envelope, Body::stream(After(Arc::clone(&reported[number]), None, false)))
            })
            .collect();
        let report = |index: usize, result: Result<_, DeliverError>| {
            result.expect("delivered");
            reported[index + 1].notify_one();
        };
        let run = timeout(Duration::from_secs(60), connection.deliver_all(messages, report));
        run.await.unwrap_or_else(|_| panic!("{transfer:?} {offers:?}")).expect("a session");
    }
}

/// A message that is fed is answered although the connection cannot know whether another will come.
#[tokio::test(start_paused = true)]
async fn a_feed_answers_while_it_waits_for_more() {
    for (transfer, offers) in ways() {
        let (connection, inbox) = connect(transfer.clone(), Mta::offering(offers)).await;
        let (feed, running) = connection.feed();
        let running = tokio::spawn(running);
        for number in 0..3 {
            let sent = feed.deliver(envelope(), format!("{number}\r\n"));
            let sent = timeout(Duration::from_secs(1), sent).await;
            let fate = sent.unwrap_or_else(|_| panic!("{transfer:?} {offers:?} {number}")).fate();
            assert_eq!(fate, "Delivered 250 | 250:ok", "{transfer:?} {offers:?}");
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        drop(feed);
        drop(running.await.expect("no panic").expect("a session"));
        assert_eq!(inbox.await.expect("a server").messages.len(), 3);
    }
}

/// In chunks, and before the first piece also with DATA, only the message that fails is given up.
#[tokio::test(start_paused = true)]
async fn a_source_that_fails_after_whole_messages() {
    let rows: [(&[_], bool); 3] = [
        (&[(0, None)], true),
        (&[(500, None)], true),
        (&[(0, Some("a\r\n")), (500, Some("b\r\n")), (500, None)], false),
    ];
    for ((transfer, offers), (pieces, first)) in
        ways().into_iter().flat_map(|way| rows.map(|row| (way.clone(), row)))
    {
        let case = format!("{transfer:?} {offers:?} {pieces:?}");
        let (mut connection, inbox) = connect(transfer.clone(), Mta::offering(offers)).await;
        let envelope = envelope();
        let mut messages = (0..4).map(|number| match number {
            2 => (&envelope, slow(pieces.to_vec())),
            _ => (&envelope, Body::from(format!("{number}\r\n"))),
        });
        let mut told = Vec::new();
        let report =
            |index: usize, result: Result<_, _>| told.push((index, result.fate(), result.err()));
        let result = connection.deliver_all(&mut messages, report).await;
        told.sort_by_key(|(index, ..)| *index);
        let fates: Vec<&str> = told.iter().map(|(_, fate, _)| &**fate).collect();
        let (taken, left) = ("Delivered 250 | 250:ok", messages.count());
        let data = transfer == Transfer::data() || !offers.contains(&"CHUNKING");
        if data && !first {
            let lost = "Lost permanent Caller - | 250:unsent";
            assert_eq!(fates, [taken, taken, lost], "{case}");
            assert!(matches!(result.expect_err("closed").fault(), Fault::Body(_)), "{case}");
            assert_eq!(left, 1, "{case}");
        } else {
            assert_eq!(result.expect("a session"), Stopped::Exhausted, "{case}");
            assert_eq!(fates.len(), 4, "{case}");
            assert_eq!((fates[0], fates[1], fates[3]), (taken, taken, taken), "{case}");
            assert!(fates[2].starts_with("Refused permanent Caller - | "), "{case}: {fates:?}");
            let Some(DeliverError::Refused(refused)) = &told[2].2 else {
                panic!("{case}: {told:?}");
            };
            assert!(refused.refusal().body_error().is_some(), "{case}");
        }
        drop(connection);
        let contents = inbox.await.expect("a server").messages;
        assert!(contents.iter().all(|(_, content)| !content.contains('a')), "{case}");
    }
}

/// MAILMAX: what was not sent stays in the iterator, however long that is.
#[tokio::test(start_paused = true)]
async fn a_full_connection_stops_an_endless_source() {
    let limited: [&[&str]; 3] = [
        &["PIPELINING", "CHUNKING", "LIMITS MAILMAX=3"],
        &["PIPELINING", "LIMITS MAILMAX=3"],
        &["LIMITS MAILMAX=3"],
    ];
    for offers in limited {
        for transfer in [Transfer::data(), Transfer::chunks(), Transfer::eager()] {
            let (mut connection, inbox) = connect(transfer.clone(), Mta::offering(offers)).await;
            let envelope = envelope();
            let mut pulled = 0..;
            let mut told = Vec::new();
            let messages = pulled.by_ref().map(|number| (&envelope, format!("{number}\r\n")));
            let report = |index, result: Result<_, _>| told.push((index, result.fate()));
            let stopped = connection.deliver_all(messages, report).await.expect("a session");
            assert_eq!(stopped, Stopped::ServerLimit, "{transfer:?}");
            let taken = || "Delivered 250 | 250:ok".to_owned();
            assert_eq!(told, [(0, taken()), (1, taken()), (2, taken())], "{transfer:?}");
            assert_eq!(pulled.next(), Some(3), "{transfer:?}");
            // Another call says the same of its messages, and sends nothing.
            let fate = connection.deliver(&envelope, "x\r\n").await.fate();
            assert_eq!(fate, "NotSent transient Server - | -:unsent", "{transfer:?}");
            let again = connection.deliver_all([(&envelope, "x\r\n")], |_, _| panic!("none")).await;
            assert_eq!(again.expect("a session"), Stopped::ServerLimit, "{transfer:?}");
            drop(connection);
            assert_eq!(inbox.await.expect("a server").messages.len(), 3);
        }
    }
}

/// A source that never ends, of messages that are all refused before they are sent, leaves other
/// tasks their turn, and is ended with the call.
#[tokio::test(start_paused = true)]
async fn an_endless_source_of_messages_that_cannot_be_sent_lets_others_run() {
    let (mut connection, _) = connect(Transfer::data(), Mta::offering(&["PIPELINING"])).await;
    let nobody = Envelope::new("me@example.com", Vec::<String>::new()).expect("a sender");
    let mut told = 0;
    {
        let messages = std::iter::repeat((&nobody, "x\r\n"));
        let mut running = std::pin::pin!(connection.deliver_all(messages, |_, result| {
            result.expect_err("it has no recipients");
            told += 1;
        }));
        for _ in 0..3 {
            let polled =
                std::future::poll_fn(|cx| std::task::Poll::Ready(running.as_mut().poll(cx)));
            assert!(polled.await.is_pending());
        }
    }
    assert!((3..=3 * 200).contains(&told), "{told} messages in three turns");
}

/// A message for which the last transaction was too few recipients is told what it has.
#[tokio::test(start_paused = true)]
async fn a_full_connection_ends_a_message_that_needs_more() {
    let offers: &[&str] = &["PIPELINING", "CHUNKING", "LIMITS RCPTMAX=1 MAILMAX=2"];
    for transfer in [Transfer::data(), Transfer::chunks(), Transfer::eager()] {
        let (mut connection, _) = connect(transfer.clone(), Mta::offering(offers)).await;
        let three = Envelope::new("me@example.com", ["a@x.example", "b@x.example", "c@x.example"]);
        let result = connection.deliver(&three.expect("addresses"), "x\r\n").await;
        assert_eq!(result.fate(), "Delivered 250 | 250:ok 250:ok -:unsent", "{transfer:?}");
        let receipt = result.expect("taken by two");
        assert_eq!(receipt.refused().count(), 0, "it was never named");
    }
}

/// A recipient that was one too many is refused for now: there is no transaction left to name it
/// in.
#[tokio::test(start_paused = true)]
async fn a_full_connection_has_no_room_for_those_that_were_too_many() {
    let offers: &[&str] = &["PIPELINING", "CHUNKING", "LIMITS MAILMAX=2"];
    for transfer in [Transfer::data(), Transfer::chunks(), Transfer::eager()] {
        let mta = Mta { most_recipients: 1, ..Mta::offering(offers) };
        let (mut connection, _) = connect(transfer.clone(), mta).await;
        let three = Envelope::new("me@example.com", ["a@x.example", "b@x.example", "c@x.example"]);
        let result = connection.deliver(&three.expect("addresses"), "x\r\n").await;
        assert_eq!(result.fate(), "Delivered 250 | 250:ok 250:ok 452:local", "{transfer:?}");
        let receipt = result.expect("taken by two");
        let (_, refusal) = receipt.refused().next().expect("one too many");
        assert!(refusal.is_transient() && refusal.to_string().contains("RFC 9422"), "{refusal}");
    }
}

/// Messages that cannot be sent are told at once, while another waits for its reply.
#[tokio::test(start_paused = true)]
async fn messages_that_cannot_be_sent_wait_for_nothing() {
    const MANY: usize = 50_000;
    let strange = Envelope::new("me@example.com", ["é@example.org"]).expect("an address");
    let strange_sender = Envelope::new("é@example.org", ["a@example.org"]).expect("addresses");
    for strange in [&strange, &strange_sender] {
        let dialogue = "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: x\nC: .
                        -- wait 10s --\nS: 250 taken";
        let (mut connection, peer) = greeted(script(&["PIPELINING"], dialogue)).await;
        let (good, began) = (envelope(), Instant::now());
        let messages =
            (0..=MANY).map(|number| (if number == 0 { &good } else { strange }, "x\r\n"));
        let at_once = Mutex::new(0);
        let report = |index, result: Result<_, DeliverError>| {
            if index == 0 {
                assert_eq!((result.is_ok(), began.elapsed().as_secs()), (true, 10));
                return;
            }
            assert_eq!(began.elapsed(), Duration::ZERO);
            assert!(matches!(result, Err(DeliverError::Refused(_))));
            *at_once.lock().expect("one thread") += 1;
        };
        connection.deliver_all(messages, report).await.expect("a session");
        assert_eq!(*at_once.lock().expect("one thread"), MANY);
        peer.finish();
    }
}
