//! Messages that are refused as a whole: by a policy, or because nothing of them can be written.

use std::sync::{Arc, Mutex};

use smtp::command::Noop;
use smtp::extension::Notify;
use smtp::{Envelope, Policy, Transfer};
use tests::{Fate as _, Mta, each, greeted, script};

use super::{CHUNKING, NOTHING, PIPELINING, connect, deliver_all, deliver_to, envelope};

/// A policy forbids a message for now, as long as one of its recipients may be accepted later.
#[tokio::test(start_paused = true)]
async fn a_policy_refuses_for_good_only_what_the_server_does() {
    let rows = [
        ([250, 450], "Refused transient Server - | 250:local 450:450"),
        ([450, 250], "Refused transient Server - | 450:450 250:local"),
        ([250, 550], "Refused permanent Server - | 250:local 550:550"),
        ([450, 550], "Refused transient Server 450 | 450:450 550:550"),
        ([550, 450], "Refused transient Server 450 | 550:550 450:450"),
        ([550, 551], "Refused permanent Server 551 | 550:550 551:551"),
    ];
    let all = || {
        Policy::decide(|recipients| recipients.iter().all(smtp::message::Recipient::is_accepted))
    };
    for (codes, expected) in rows {
        let [one, two] = codes;
        let flight =
            format!("C: MAIL *\nC: RCPT *\nC: RCPT *\nS: 250 ok\nS: {one} a\nS: {two} b\n");
        let steps = format!("C: MAIL *\nS: 250 ok\nC: RCPT *\nS: {one} a\nC: RCPT *\nS: {two} b\n");
        for (offers, dialogue) in [(PIPELINING, &flight), (CHUNKING, &flight), (NOTHING, &steps)] {
            for transfer in [Transfer::data(), Transfer::chunks(), Transfer::eager()] {
                for policy in [Policy::AllOrNothing, all()] {
                    let reset = if offers.is_empty() {
                        "C: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok"
                    } else {
                        "C: RSET\nC: NOOP\nS: 250 ok\nS: 250 ok"
                    };
                    let dialogue = format!("{dialogue}{reset}");
                    let (mut connection, peer) = connect(transfer.clone(), offers, &dialogue).await;
                    let envelope = envelope(&["a", "b"]).policy(policy);
                    let result = connection.deliver(&envelope, "x\r\n").await;
                    assert_eq!(result.fate(), expected, "{transfer:?} {offers:?} {codes:?}");
                    connection.send(Noop).await.expect("the session goes on");
                    peer.finish();
                }
            }
        }
    }
}

/// Without a recipient that can be written nothing is sent, and it will never be.
#[tokio::test(start_paused = true)]
async fn an_envelope_that_cannot_be_written_costs_nothing() {
    let strange = || Envelope::new("me@example.com", ["é@example.com"]).expect("an address");
    let two =
        || Envelope::new("me@example.com", ["é@example.com", "ü@example.com"]).expect("addresses");
    let notify = || envelope(&["a"]).with_each(&Notify::SUCCESS);
    let sender = || Envelope::new("é@example.com", ["a@example.com"]).expect("addresses");
    let rows: [(Envelope, &str); 4] = [
        (strange(), "Refused permanent Caller - | -:local"),
        (two(), "Refused permanent Caller - | -:local -:local"),
        (notify(), "Refused permanent Caller - | -:local"),
        (sender(), "Refused permanent Caller - | -:local"),
    ];
    for (envelope, expected) in rows {
        for offers in [NOTHING, PIPELINING, CHUNKING] {
            for transfer in [Transfer::data(), Transfer::chunks(), Transfer::eager()] {
                let dialogue = "C: NOOP\nS: 250 ok";
                let (mut connection, peer) = connect(transfer, offers, dialogue).await;
                let result = connection.deliver(&envelope, "x\r\n").await;
                assert_eq!(result.fate(), expected, "{envelope:?}");
                connection.send(Noop).await.expect("the session goes on");
                peer.finish();
            }
        }
    }
}

/// As one of a stream it takes part in nothing.
#[tokio::test(start_paused = true)]
async fn a_message_of_a_stream_that_cannot_be_written_is_left_out() {
    let strange = Envelope::new("me@example.com", ["é@example.com"]).expect("an address");
    let good = envelope(&["a"]);
    let group = "C: MAIL *\nC: RCPT *\nC: DATA\n";
    let opened = "S: 250 ok\nS: 250 ok\nS: 354 go\n";
    let eager = "C: MAIL *\nC: RCPT *\nC: BDAT 3 LAST\n";
    let taken = "S: 250 ok\nS: 250 ok\nS: 250 ok\n";
    for (transfer, offers, dialogue) in [
        (
            Transfer::data(),
            PIPELINING,
            format!(
                "{group}{opened}C: 1\nC: .\nC: RSET\n{group}S: 250 ok\nS: 250 ok\n{opened}
                 C: 3\nC: .\nS: 250 ok"
            ),
        ),
        (
            Transfer::eager(),
            CHUNKING,
            format!("{eager}C: 1\n{taken}{eager}C: 3\n{taken}C: HELP\nS: 214 help"),
        ),
        (
            Transfer::data(),
            NOTHING,
            ["1", "3"].map(|n| format!("C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: {n}\nC: .\nS: 250 ok\n")).concat(),
        ),
    ] {
        let (mut connection, peer) = connect(transfer, offers, &dialogue).await;
        let messages = (0..5).map(|number| {
            (if number % 2 == 0 { &strange } else { &good }, format!("{number}\r\n"))
        });
        let (result, fates) = deliver_all(&mut connection, messages).await;
        result.expect("a session");
        let (left_out, taken) = ("Refused permanent Caller - | -:local", "Delivered 250 | 250:ok");
        assert_eq!(fates, [left_out, taken, left_out, taken, left_out], "{dialogue}");
        peer.finish();
    }
}

/// Some recipients can be written: the message goes to them.
#[tokio::test(start_paused = true)]
async fn the_recipients_that_can_be_written_get_the_message() {
    let envelope =
        Envelope::new("me@example.com", ["é@example.com", "a@example.com", "ü@x.example"]);
    let envelope = envelope.expect("addresses");
    let dialogue = "C: MAIL *\nC: RCPT TO:<a@*\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: x\nC: .\nS: 250 ok";
    let (mut connection, peer) = greeted(script(PIPELINING, dialogue)).await;
    let result = connection.deliver(&envelope, "x\r\n").await;
    assert_eq!(result.fate(), "Delivered 250 | -:local 250:ok -:local");
    peer.finish();
}

/// A policy sees every recipient, also those that were not asked.
#[tokio::test(start_paused = true)]
async fn a_policy_sees_the_recipients_that_were_not_asked() {
    let names = ["é@example.com", "a@example.com", "ü@example.com", "b@example.com"];
    for offers in [PIPELINING, CHUNKING, NOTHING] {
        for (transfer, says) in [Transfer::data(), Transfer::chunks(), Transfer::eager()]
            .into_iter()
            .flat_map(|transfer| [(transfer.clone(), true), (transfer, false)])
        {
            let seen = Arc::new(Mutex::new(Vec::new()));
            let log = Arc::clone(&seen);
            let policy = Policy::decide(move |recipients| {
                log.lock().expect("one thread").push(each(recipients));
                says
            });
            let envelope =
                Envelope::new("me@example.com", names).expect("addresses").policy(policy);
            let mta = Mta { refuses: &[("<b@", "450 later")], ..Mta::offering(offers) };
            let messages = [(envelope, "x\r\n".to_owned())];
            let (result, fates, inbox) = deliver_to(mta, transfer.clone(), messages).await;
            result.expect("a session");
            let all = "-:local 250:unsent -:local 450:450";
            assert_eq!(*seen.lock().expect("one thread"), [all], "{transfer:?} {offers:?}");
            let (fate, taken) = if says {
                ("Delivered 250 | -:local 250:ok -:local 450:450", 1)
            } else {
                ("Refused transient Server - | -:local 250:local -:local 450:450", 0)
            };
            assert_eq!(
                (&*fates[0], inbox.messages.len()),
                (fate, taken),
                "{transfer:?} {offers:?}"
            );
            let rcpts = inbox.commands.iter().filter(|line| line.starts_with("RCPT")).count();
            assert_eq!(rcpts, 2, "{transfer:?} {offers:?}");
        }
    }
}

/// All or nothing: one that was not asked is enough for nothing.
#[tokio::test(start_paused = true)]
async fn all_or_nothing_counts_the_recipients_that_were_not_asked() {
    for offers in [PIPELINING, CHUNKING, NOTHING] {
        let envelope = Envelope::new("me@example.com", ["a@example.com", "é@example.com"]);
        let envelope = envelope.expect("addresses").policy(Policy::AllOrNothing);
        let messages = [(envelope, "x\r\n".to_owned())];
        let (_, fates, inbox) = deliver_to(Mta::offering(offers), Transfer::data(), messages).await;
        assert_eq!(fates, ["Refused permanent Server - | 250:local -:local"]);
        assert!(inbox.messages.is_empty());
    }
}
