//! Replies that have arrived decide the outcome of each command of a group.

use smtp::command::{Mail, Rcpt};
use smtp::testing::Script;
use smtp::{Lost, Mailbox};
use tests::{Fate as _, greeted, script};

use super::content::LEAVING;
use super::{ENDS, PIPELINING, WRITES};

fn mailbox(address: &str) -> Mailbox {
    address.parse().expect("an address")
}

/// Sends a transaction with two recipients and a message: how the connection was lost, if it was,
/// and the outcome of MAIL, of both RCPT, of DATA, and of the message.
async fn group(script: Script, body: &[u8]) -> (Option<Lost>, String) {
    let (connection, _) = greeted(script).await;
    let rcpt = |name: &str| Rcpt::to(mailbox(&format!("{name}@example.org")));
    let mail = Mail::from(mailbox("me@example.com"));
    let group = connection.pipeline().mail(mail).each([rcpt("a"), rcpt("b")]).data(body);
    let (connection, (mail, rcpts, message)) = group.await;
    let mut outcomes = vec![mail.fate()];
    outcomes.extend(rcpts.iter().map(tests::Fate::fate));
    outcomes.extend([message.opening.fate(), message.end.fate()]);
    (connection.err(), outcomes.join(" "))
}

/// The commands that were answered before the connection ended; the rest got no answer or did not
/// leave.
#[tokio::test(start_paused = true)]
async fn an_outcome_that_was_read_stays() {
    let flight = "C: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA\n";
    let rows = [
        ("S: 550 list", "550"),
        ("S: 450 later\nS: 503 no", "450 503"),
        ("S: 250 ok\nS: 450 later", "ok 450"),
        ("S: 250 ok\nS: 450 later\nS: 550 who?", "ok 450 550"),
        ("S: 250 ok\nS: 250 ok\nS: 550 who?", "ok ok 550"),
    ];
    for (replies, expected) in rows {
        for end in ENDS {
            let dialogue = format!("{flight}{replies}\n{end}");
            let (lost, outcomes) = group(script(PIPELINING, &dialogue), b"x\r\n").await;
            let begin: String = format!("{expected} ");
            assert!(outcomes.starts_with(&begin), "{dialogue}: {outcomes}");
            // Nothing of the message has left.
            assert!(outcomes.ends_with(" Lost"), "{dialogue}: {outcomes}");
            lost.unwrap_or_else(|| panic!("{dialogue}: the connection is gone"));
        }
    }
}

/// The first reply comes while the commands after it still leave.
#[tokio::test(start_paused = true)]
async fn an_outcome_is_read_though_writing_has_failed() {
    for (end, write) in ENDS.iter().flat_map(|end| WRITES.map(|write| (end, write))) {
        let dialogue = format!("C: MAIL *\nS: 550 list\n{end}");
        let script = script(PIPELINING, &dialogue).write_limit(write);
        let (lost, outcomes) = group(script, b"x\r\n").await;
        assert!(outcomes.starts_with("550 "), "{dialogue}: {outcomes}");
        assert!(lost.is_some(), "{dialogue}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_of_a_group_is_refused_while_it_leaves() {
    let flight =
        "C: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA\nS: 250 m\nS: 250 a\nS: 550 b\nS: 354 go\n";
    for (said, expected) in [("552 too large", "552"), ("452 full", "452"), ("250 thanks", "Lost")]
    {
        for (end, (body, write)) in ENDS.iter().flat_map(|end| LEAVING.map(|body| (end, body))) {
            let script = script(PIPELINING, flight).client_raw(*b"x");
            let script = script.then(&format!("S: {said}\n{end}")).write_limit(write);
            let (lost, outcomes) = group(script, body).await;
            assert_eq!(outcomes, format!("ok ok 550 ok {expected}"), "{said} {end}");
            assert!(lost.is_some(), "{said} {end}");
        }
    }
}

/// Nothing is due after these replies, so the group has ended before the connection does.
#[tokio::test(start_paused = true)]
async fn a_group_ends_with_its_last_reply() {
    let flight = "C: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA\n";
    let both = "S: 250 m\nS: 450 4.7.1 greylisted\nS: 550 5.1.1 unknown\n";
    let rows = [
        (format!("{both}S: 554 nobody"), "ok 450 550 554 AfterRefused"),
        (format!("{both}S: 354 go\nC: .\nS: 554 nobody"), "ok 450 550 ok NoRecipients"),
        (
            "S: 250 m\nS: 250 a\nS: 250 b\nS: 354 go\nC: x\nC: .\nS: 554 no".into(),
            "ok ok ok ok 554",
        ),
    ];
    for (replies, expected) in rows {
        for end in ENDS {
            let dialogue = format!("{flight}{replies}\n{end}");
            let (lost, outcomes) = group(script(PIPELINING, &dialogue), b"x\r\n").await;
            if end.starts_with("S: ") {
                // It comes in one read with the last reply: the message is not sent all the same.
                let (commands, _) = expected.rsplit_once(' ').expect("outcomes");
                assert!(outcomes.starts_with(commands), "{dialogue}: {outcomes}");
                assert!(!outcomes.ends_with("unknown"), "{dialogue}: {outcomes}");
            } else {
                assert_eq!(outcomes, expected, "{dialogue}");
                assert!(lost.is_none(), "{dialogue}: {lost:?}");
            }
        }
    }
}
