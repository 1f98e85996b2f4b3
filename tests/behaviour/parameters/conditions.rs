//! Parameters that depend on the server's limits, and on each other.

use smtp::command::{Mail, Noop, Rcpt, encode};
use smtp::error::Refusal;
use smtp::extension::{
    DateTime, DeliverBy, EnvelopeId, HoldFor, HoldUntil, NotifyBy, Optional, OriginalRecipient,
    Priority, Tracking,
};
use smtp::grammar::{Capabilities, ReplyCode, ReversePath};
use smtp::{DeliverError, Envelope, Error, Reply};
use tests::support::mailbox;
use tests::{greeted, script};

fn offering(lines: &[&str]) -> Capabilities {
    let lines = ["mail.example.test"].iter().chain(lines);
    Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines))
}

fn mail() -> Mail {
    Mail::from(ReversePath::Null)
}

fn hold_for(seconds: u32) -> HoldFor {
    HoldFor::seconds(seconds).expect("a time")
}

fn hold_until(time: &str) -> HoldUntil {
    HoldUntil::new(time.parse().expect("a time"))
}

fn by(seconds: u32) -> DeliverBy {
    DeliverBy::seconds(seconds).expect("a time")
}

fn notify_by(seconds: i32) -> NotifyBy {
    NotifyBy::seconds(seconds).expect("a time")
}

fn id(id: &str) -> EnvelopeId {
    EnvelopeId::new(id).expect("printable")
}

const TRACKING: Tracking = Tracking::new([0; 20]);

/// The name of a case, a line of EHLO, MAIL, and what is wrong with it.
type Case = (&'static str, &'static [&'static str], Mail, Option<&'static str>);

const HOLD: &[&str] = &["FUTURERELEASE 3600 2030-01-01T00:00:00Z", "DELIVERBY 60"];

fn cases() -> Vec<Case> {
    let too_long = Some("HOLDFOR: the server holds a message for 3600 seconds at most");
    let too_late = Some("HOLDUNTIL: the server holds a message until 2030-01-01T00:00:00Z at most");
    let both = Some("HOLDUNTIL: HOLDFOR is given too");
    let before = Some("HOLDFOR: the message is to be delivered (BY) before it is released");
    let short = Some("BY: the server takes no time below 60 seconds");
    let unnamed = Some("MTRK: it needs ENVID");
    let nowhere = Some("MTRK: ENVID has not the form local@host");
    vec![
        ("at the limit", HOLD, mail().with(hold_for(3600)), None),
        ("beyond it", HOLD, mail().with(hold_for(3601)), too_long),
        ("limits unknown", &["FUTURERELEASE"], mail().with(hold_for(999_999_999)), None),
        ("limits unreadable", &["FUTURERELEASE 0 soon"], mail().with(hold_for(3601)), None),
        ("until the limit", HOLD, mail().with(hold_until("2030-01-01T00:00:00Z")), None),
        ("a second later", HOLD, mail().with(hold_until("2030-01-01T00:00:01Z")), too_late),
        ("both", HOLD, mail().with(hold_for(1)).with(hold_until("2029-01-01T00:00:00Z")), both),
        ("released before", HOLD, mail().with(hold_for(99)).with(by(100)), None),
        ("released at once", HOLD, mail().with(hold_for(100)).with(by(100)), before),
        ("late by N", HOLD, mail().with(notify_by(-1)).with(hold_for(1)), before),
        (
            "late by an N that is left out",
            &["FUTURERELEASE"],
            mail().with(Optional(notify_by(-1))).with(hold_for(1)),
            None,
        ),
        ("as short as allowed", HOLD, mail().with(by(60)), None),
        ("shorter", HOLD, mail().with(by(59)), short),
        ("N has no such limit", HOLD, mail().with(notify_by(1)), None),
        ("no limit", &["DELIVERBY"], mail().with(by(1)), None),
        ("no name", &["MTRK", "DSN"], mail().with(TRACKING), unnamed),
        ("a bare name", &["MTRK", "DSN"], mail().with(id("17")).with(TRACKING), nowhere),
        ("no host", &["MTRK", "DSN"], mail().with(id("17@")).with(TRACKING), nowhere),
        ("a name", &["MTRK", "DSN"], mail().with(TRACKING).with(id("17@a.example")), None),
        (
            "a name that is left out, and so both are",
            &["MTRK"],
            mail().with(Optional(TRACKING)).with(Optional(id("17@a.example"))),
            None,
        ),
        (
            "a name that is left out",
            &["MTRK"],
            mail().with(TRACKING).with(Optional(id("17@a.example"))),
            Some("MTRK: ENVID is left out"),
        ),
        ("optional without a name", &["MTRK"], mail().with(Optional(TRACKING)), unnamed),
    ]
}

#[test]
fn each_is_checked_before_it_is_sent() {
    for (name, offers, mail, wrong) in cases() {
        match (encode(&mail, &offering(offers)), wrong) {
            (Ok(_), None) => {}
            (Err(error), Some(wrong)) => {
                let text = error.to_string();
                assert!(text.starts_with(wrong), "{name}: {text}");
                assert_eq!(error.missing_keyword(), None, "{name}");
            }
            (result, wrong) => panic!("{name}: {result:?}, not {wrong:?}"),
        }
    }
}

/// The same by `deliver`: nothing is sent, and the session goes on.
#[tokio::test(start_paused = true)]
async fn a_message_is_refused_before_anything_is_sent() {
    for (name, offers, mail, wrong) in cases() {
        let Some(wrong) = wrong else {
            continue;
        };
        let rcpt = Rcpt::to(mailbox("you@example.test"));
        let envelope = Envelope::from_mail(mail)
            .recipient(rcpt.with(Optional(OriginalRecipient::new(mailbox("you@example.test")))));
        let (mut connection, peer) = greeted(script(offers, "C: NOOP\nS: 250 ok")).await;
        match connection.deliver(&envelope, "x").await {
            Err(DeliverError::Refused(undelivered)) => {
                let text = undelivered.refusal().to_string();
                assert!(text.contains(wrong), "{name}: {text}");
                assert!(undelivered.refusal().is_local(), "{name}");
                assert!(undelivered.recipients()[0].refusal().is_some(), "{name}");
            }
            result => panic!("{name}: {result:?}"),
        }
        connection.send(Noop).await.expect(name);
        peer.finish();
    }
}

/// One of a stream is refused, and the others arrive.
#[tokio::test(start_paused = true)]
async fn one_message_of_a_stream_is_refused() {
    let message = |hold: u32| {
        let rcpt = Rcpt::to(mailbox("you@example.test"));
        Envelope::from_mail(mail().with(hold_for(hold))).recipient(rcpt)
    };
    let dialogue = "C: MAIL FROM:<> HOLDFOR=1\nC: RCPT TO:<you@example.test>\nC: DATA\nS: 250 a\n\
                    S: 250 b\nS: 354 go\nC: x\nC: .\nC: RSET\nC: RSET\n\
                    C: MAIL FROM:<> HOLDFOR=3\nC: RCPT TO:<you@example.test>\nC: DATA\n\
                    S: 250 taken\nS: 250 reset\nS: 250 reset\nS: 250 a\nS: 250 b\nS: 354 go\n\
                    C: x\nC: .\nS: 250 taken\n";
    let (mut connection, peer) =
        greeted(script(&["PIPELINING", "FUTURERELEASE 60"], dialogue)).await;
    let mut results = Vec::new();
    let messages = [1, 61, 3].map(|hold| (message(hold), "x"));
    let delivered = connection.deliver_all(messages, |_, result| results.push(result.is_ok()));
    delivered.await.expect("a session");
    assert_eq!(results, [true, false, true]);
    peer.finish();
}

/// Each recipient of a message that is tracked needs its first address (RFC 3885 §4).
#[tokio::test(start_paused = true)]
async fn tracking_needs_a_parameter_of_each_recipient() {
    let you = || mailbox("you@example.test");
    let lacks = || Rcpt::to(you());
    let has = || Rcpt::to(you()).with(OriginalRecipient::new(you()));
    let tracked = || mail().with(id("17@a.example")).with(TRACKING);
    let untracked = |refusal: &Refusal| {
        let text = refusal.to_string();
        assert!(refusal.is_local() && text.contains("ORCPT: the recipient lacks it"), "{text}");
    };
    let offers = ["MTRK", "DSN"];
    let mail_line =
        "C: MAIL FROM:<> ENVID=17@a.example MTRK=AAAAAAAAAAAAAAAAAAAAAAAAAAA\nS: 250 m\n";
    let rcpt_line = "C: RCPT TO:<you@example.test> ORCPT=rfc822;you@example.test\nS: 250 r\n";
    let content = "C: DATA\nS: 354 go\nC: x\nC: .\nS: 250 taken\n";
    let plain = "C: MAIL FROM:<>\nS: 250 m\nC: RCPT TO:<you@example.test>\nS: 250 r\n";

    // A delivery: nothing is sent for the one recipient, and another one gets the message.
    let dialogue = format!("{mail_line}{rcpt_line}{content}{plain}{content}");
    let (mut connection, peer) = greeted(script(&offers, &dialogue)).await;
    let alone = Envelope::from_mail(tracked()).recipient(lacks());
    match connection.deliver(&alone, "x").await {
        Err(DeliverError::Refused(undelivered)) => untracked(undelivered.refusal()),
        result => panic!("{result:?}"),
    }
    let two = Envelope::from_mail(tracked()).recipient(has()).recipient(lacks());
    let receipt = connection.deliver(&two, "x").await.expect("one gets it");
    untracked(receipt.recipients()[1].refusal().expect("a refusal"));
    let next = Envelope::from_mail(mail()).recipient(lacks());
    connection.deliver(&next, "x").await.expect("the next message is not tracked");
    drop(connection);
    peer.finish();

    // One command at a time, and in a group.
    let dialogue = format!("{mail_line}{rcpt_line}{content}{mail_line}{rcpt_line}{content}");
    let (connection, peer) = greeted(script(&offers, &dialogue)).await;
    let mut transaction = connection.mail(tracked()).await.expect("MAIL");
    match transaction.rcpt(lacks()).await {
        Err(Error::Refused(refusal)) => untracked(&refusal),
        result => panic!("{result:?}"),
    }
    transaction.rcpt(has()).await.expect("RCPT");
    let (connection, _) = transaction.data("x").await.expect("taken");
    let group = connection.pipeline().mail(tracked()).each([lacks(), has()]).data("x");
    let (connection, (_, rcpts, message)) = group.await;
    assert!(format!("{:?}", rcpts[0]).contains("the recipient lacks it"), "{rcpts:?}");
    assert!(message.end.is_accepted(), "{message:?}");
    drop(connection);
    peer.finish();
}

#[test]
fn values_beyond_their_range_cannot_be_built() {
    assert!(HoldFor::seconds(0).is_none() && HoldFor::seconds(1_000_000_000).is_none());
    let time = |seconds| DateTime::from_unix_seconds(seconds).expect("a time");
    let until = |then, now| HoldFor::until(time(then), time(now));
    assert_eq!(until(170, 100), Some(hold_for(70)));
    assert!(until(100, 100).is_none() && until(99, 100).is_none());
    assert!(until(1_000_000_100, 100).is_none() && until(999_999_999, 0).is_some());
    assert!(DeliverBy::seconds(0).is_none() && DeliverBy::seconds(1_000_000_000).is_none());
    assert!(NotifyBy::seconds(-1_000_000_000).is_none() && NotifyBy::seconds(0).is_some());
    assert!(Priority::new(-10).is_none() && Priority::new(10).is_none());
    assert!(TRACKING.timeout(0).is_none() && TRACKING.timeout(1_000_000_000).is_none());
}

/// MAIL does not leave for a recipient whose RCPT cannot be written.
#[tokio::test(start_paused = true)]
async fn the_condition_of_a_recipient_is_checked_before_mail() {
    let (mut connection, peer) = greeted(script(&["DSN"], "C: NOOP\nS: 250 ok")).await;
    let long = OriginalRecipient::other("x400", &"a".repeat(500)).expect("printable");
    let rcpt = Rcpt::to(mailbox("you@example.test")).with(long);
    let result = connection.deliver(&Envelope::from_mail(mail()).recipient(rcpt), "x").await;
    let text = result.expect_err("505 bytes").to_string();
    assert!(text.contains("ORCPT: the address is longer than 500 bytes"), "{text}");
    connection.send(Noop).await.expect("the session");
    peer.finish();
}
