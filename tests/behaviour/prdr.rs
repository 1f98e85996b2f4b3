//! PRDR: after 353 a reply to the message for each recipient, then one for the message.

use smtp::command::{Mail, Noop, Rcpt};
use smtp::extension::Prdr;
use smtp::pipeline::Outcome;
use smtp::{Envelope, Mailbox, Policy, Transfer};
use tests::{Fate, greeted, script};

const OFFERS: &[&str] = &["PRDR"];
const PIPELINED: &[&str] = &["PRDR", "PIPELINING"];

fn envelope(recipients: &[&str]) -> Envelope {
    let addresses = recipients.iter().map(|name| format!("{name}@example.org"));
    Envelope::new("me@example.com", addresses).expect("addresses")
}

const COMMANDS: &str = "C: MAIL FROM:<me@example.com> PRDR\nS: 250 ok
                        C: RCPT *\nS: 250 a\nC: RCPT *\nS: 250 b\nC: DATA\nS: 354 go\n";

/// The replies to the message, what comes then, and the fate.
const ROWS: &[(&str, &str, &str)] = &[
    ("353 250 250 250", "", "Delivered 250 | 250:ok 250:ok"),
    ("353 250 552 250", "", "Delivered 250 | 250:ok 250:552"),
    ("353 452 250 251", "", "Delivered 251 | 250:452 250:ok"),
    // The last reply decides.
    ("353 250 250 550", "RSET", "Refused permanent Server 550 | 250:550 250:550"),
    ("353 250 552 451", "RSET", "Refused transient Server 451 | 250:451 250:552"),
    // No recipient is left, whatever the last reply says.
    ("353 552 452 250", "RSET", "Refused transient Server 452 | 250:552 250:452"),
    ("353 550 552 550", "RSET", "Refused permanent Server 552 | 250:550 250:552"),
    // One reply, as without PRDR.
    ("250", "", "Delivered 250 | 250:ok 250:ok"),
    ("451", "RSET", "Refused transient Server 451 | 250:451 250:451"),
    ("554", "RSET", "Refused permanent Server 554 | 250:554 250:554"),
    // Only the last reply moves the responsibility to the server.
    ("353 250 250", "-- close --", "Unknown permanent Network - | 250:unknown 250:unknown"),
    ("353 250 552", "-- close --", "Unknown permanent Network - | 250:unknown 250:552"),
    ("353 552", "-- close --", "Unknown permanent Network - | 250:552 250:unknown"),
    ("353 552 452", "-- close --", "Lost transient Server 452 | 250:552 250:452"),
    ("353", "-- close --", "Unknown permanent Network - | 250:unknown 250:unknown"),
    ("353 250", "S: 421 closing", "Lost transient Server 421 | 250:421 250:421"),
    ("353 552 250", "S: 421 closing", "Lost transient Server 421 | 250:552 250:421"),
    // 353 comes once.
    ("353 353", "", "Unknown permanent Server - | 250:unknown 250:unknown"),
];

fn dialogue(replies: &str, then: &str) -> (String, bool) {
    let replies = replies.split(' ').fold(String::new(), |said, code| said + "S: " + code + "\n");
    let then = match then {
        "RSET" => "C: RSET\nS: 250 ok\n",
        then => then,
    };
    (format!("{COMMANDS}C: x\nC: .\n{replies}{then}"), then.is_empty() || then.starts_with("C:"))
}

#[tokio::test(start_paused = true)]
async fn each_reply_and_the_last() {
    for &(replies, then, fate) in ROWS {
        let (dialogue, lives) = dialogue(replies, then);
        let lives = lives && !fate.starts_with("Unknown");
        let noop = if lives { "\nC: NOOP\nS: 250 ok" } else { "" };
        let (mut connection, peer) = greeted(script(OFFERS, &(dialogue.clone() + noop))).await;
        let result = connection.deliver(&envelope(&["a", "b"]), "x\r\n").await;
        assert_eq!(result.fate(), fate, "{dialogue}");
        assert_eq!(connection.send(Noop).await.is_ok(), lives, "{dialogue}");
        if lives {
            peer.finish();
        }
    }
}

fn address(name: &str) -> Mailbox {
    name.parse().expect("an address")
}

/// In a transaction of one's own, and in a group, it is asked for as a parameter.
#[tokio::test(start_paused = true)]
async fn in_a_transaction_and_in_a_group() {
    let mail = || Mail::from(address("me@example.com")).with(Prdr);
    let rcpts = || ["a@example.org", "b@example.org"].map(|name| Rcpt::to(address(name)));
    for &(replies, then, fate) in ROWS {
        let (dialogue, _) = dialogue(replies, then);
        let (connection, _peer) = greeted(script(OFFERS, &dialogue)).await;
        let mut transaction = connection.mail(mail()).await.expect("MAIL");
        for rcpt in rcpts() {
            transaction.rcpt(rcpt).await.expect("RCPT");
        }
        assert_eq!(transaction.data("x\r\n").await.fate(), fate, "{dialogue}");

        let (connection, _peer) = greeted(script(OFFERS, &dialogue)).await;
        let group = connection.pipeline().mail(mail()).each(rcpts()).data("x\r\n");
        let (_, (_, _, message)) = group.await;
        let (_, each) = fate.split_once(" | ").expect("recipients");
        let recipients = match &message.end {
            Outcome::Accepted(receipt) => receipt.recipients(),
            _ => &message.recipients,
        };
        assert_eq!(tests::each(recipients), each, "{dialogue}");
    }
}

/// The commands of the next message follow the message before 353 has come.
#[tokio::test(start_paused = true)]
async fn a_stream_costs_one_round_trip_for_each_message() {
    for (offers, transfer) in
        [(PIPELINED, Transfer::data()), (&["PRDR", "PIPELINING", "CHUNKING"], Transfer::eager())]
    {
        let eager = transfer == Transfer::eager();
        let commands = "C: MAIL FROM:<me@example.com> PRDR\nC: RCPT *\nC: RCPT *\n";
        let first = "S: 353 0\nS: 250 a\nS: 552 b\nS: 250 0\n";
        let second = "S: 353 1\nS: 250 a\nS: 250 b\nS: 250 1\n";
        let opened = "S: 250 ok\nS: 250 a\nS: 250 b\n";
        let dialogue = if eager {
            let chunk = "C: BDAT 3 LAST\nC: x\n";
            format!(
                "{commands}{chunk}{opened}{first}{commands}{chunk}C: RSET\n{commands}{chunk}
                 C: HELP\n{opened}{second}S: 250 reset\n{opened}{second}S: 214 help"
            )
        } else {
            format!(
                "{commands}C: DATA\n{opened}S: 354 go\nC: x\nC: .\nC: RSET\n{commands}C: DATA
                 {first}S: 250 reset\n{opened}S: 354 go\nC: x\nC: .\nC: RSET\n{commands}C: DATA
                 {second}S: 250 reset\n{opened}S: 354 go\nC: x\nC: .\n{second}"
            )
        };
        let (mut connection, peer) = greeted(script(offers, &dialogue)).await;
        connection.set_transfer(transfer);
        let mut fates = Vec::new();
        let messages = (0..3).map(|_| (envelope(&["a", "b"]), "x\r\n"));
        let report = |_, result: Result<_, _>| fates.push(result.fate());
        connection.deliver_all(messages, report).await.expect("a session");
        let all = "Delivered 250 | 250:ok 250:ok";
        assert_eq!(fates, ["Delivered 250 | 250:ok 250:552", all, all]);
        peer.finish();
    }
}

/// It is asked for where it can make a difference, and where the caller leaves the choice.
#[tokio::test(start_paused = true)]
async fn when_it_is_asked_for() {
    let two = || envelope(&["a", "b"]);
    let rows = [
        (OFFERS, two(), true),
        (&["SIZE"], two(), false),
        (OFFERS, envelope(&["a"]), false),
        (OFFERS, two().policy(Policy::AllOrNothing), false),
        (OFFERS, two().policy(Policy::decide(|_| true)), false),
        // The parameter of the envelope is not written a second time.
        (OFFERS, two().with(Prdr), true),
        (OFFERS, envelope(&["a"]).with(Prdr), true),
    ];
    for (offers, envelope, asks) in rows {
        let (mut connection, peer) = greeted(script(offers, "C: MAIL *\nS: 550 no")).await;
        connection.deliver(&envelope, "x\r\n").await.expect_err("MAIL is refused");
        let written = String::from_utf8_lossy(&peer.written()).into_owned();
        assert_eq!(written.matches(" PRDR").count(), usize::from(asks), "{offers:?} {written}");
    }
    let envelope = envelope(&["a"]).with(Prdr);
    let (mut connection, _peer) = greeted(script(&[], "")).await;
    let refused = connection.deliver(&envelope, "x\r\n").await;
    assert!(refused.expect_err("it is not offered").to_string().contains("PRDR"));
}

/// A server that was not asked for it must not answer so.
#[tokio::test(start_paused = true)]
async fn unasked_it_is_no_reply_to_a_message() {
    let dialogue =
        "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 a\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 353 no";
    let (mut connection, _peer) = greeted(script(OFFERS, dialogue)).await;
    let result = connection.deliver(&envelope(&["a"]), "x\r\n").await;
    assert_eq!(result.fate(), "Unknown permanent Server - | 250:unknown");
}
