//! A connection that is lost between the replies for the recipients: those that came stand.

use std::time::Duration;

use smtp::command::{Mail, Noop, Rcpt, Stage};
use smtp::pipeline::Outcome;
use smtp::{DeliverError, Mailbox};
use tests::Fate;
use tokio::time::Instant;

use super::{MODES, commands, connected, content, envelope, finals};

const THREE: [(&str, u16); 3] = [("a", 250), ("b", 250), ("c", 250)];

/// The replies that came, the end, and the fate.
const ROWS: &[(&[u16], &str, &str)] = &[
    (&[], "-- close --", "Unknown permanent Network - | 250:unknown 250:unknown 250:unknown"),
    (&[250], "-- close --", "Unknown permanent Network - | 250:ok 250:unknown 250:unknown"),
    (&[552], "-- close --", "Unknown permanent Network - | 250:552 250:unknown 250:unknown"),
    (&[250, 452], "-- reset --", "Unknown permanent Network - | 250:ok 250:452 250:unknown"),
    (&[552, 452], "-- silence --", "Unknown permanent Network - | 250:552 250:452 250:unknown"),
    // 421 is said to one recipient, and nothing of those that follow: they may have the message.
    (&[], "S: 421 closing", "Unknown permanent Server 421 | 250:421 250:unknown 250:unknown"),
    (&[250], "S: 421 closing", "Unknown permanent Server 421 | 250:ok 250:421 250:unknown"),
    (&[250, 250], "S: 421 closing", "Delivered 250 | 250:ok 250:ok 250:421"),
    (&[550, 550], "S: 421 closing", "Lost transient Server 421 | 250:550 250:550 250:421"),
    // No reply to a message.
    (&[250], "S: 354 what", "Unknown permanent Server - | 250:ok 250:unknown 250:unknown"),
    (&[250], "S: hello", "Unknown permanent Server - | 250:ok 250:unknown 250:unknown"),
];

#[tokio::test(start_paused = true)]
async fn the_replies_that_came_stand() {
    for mode in MODES {
        for &(replies, end, fate) in ROWS {
            let dialogue = commands(&THREE, mode) + &content(replies) + end;
            let (mut connection, peer) = connected(mode, &dialogue).await;
            let result = connection.deliver(&envelope(&["a", "b", "c"]), "x\r\n").await;
            assert_eq!(result.fate(), fate, "{dialogue}");
            connection.send(Noop).await.expect_err("the connection is gone");
            assert!(peer.written().ends_with(b"x\r\n.\r\n"), "nothing follows");
        }
    }
}

/// The same of a message whose recipients were named one at a time, and of one in a group.
#[tokio::test(start_paused = true)]
async fn in_a_transaction_and_in_a_group() {
    let mail = || Mail::from("me@example.com".parse::<Mailbox>().expect("an address"));
    let rcpt =
        |name| Rcpt::to(format!("{name}@example.org").parse::<Mailbox>().expect("an address"));
    for &(replies, end, fate) in ROWS {
        let dialogue = commands(&THREE, &[]) + &content(replies) + end;
        let (connection, _peer) = connected(&[], &dialogue).await;
        let mut transaction = connection.mail(mail()).await.expect("MAIL");
        for (name, _) in THREE {
            transaction.rcpt(rcpt(name)).await.expect("RCPT");
        }
        let sent = transaction.data("x\r\n").await;
        assert_eq!(sent.fate(), fate, "{dialogue}");

        let (connection, _peer) = connected(&[], &dialogue).await;
        let group = connection.pipeline().mail(mail()).each(["a", "b", "c"].map(rcpt));
        let (connection, (_, _, message, noop)) = group.data("x\r\n").last(Noop).await;
        let (_, each) = fate.split_once(" | ").expect("recipients");
        match &message.end {
            Outcome::Accepted(receipt) => assert_eq!(tests::each(receipt.recipients()), each),
            other => {
                assert_eq!(tests::each(&message.recipients), each, "{dialogue}");
                assert_eq!(matches!(other, Outcome::Unknown), fate.starts_with("Unknown"));
            }
        }
        assert!(!noop.is_accepted(), "{noop}");
        connection.expect_err("the connection is gone");
    }
}

/// A server that sends too few replies, as one that forgets a recipient that was named twice: the
/// wait for each is ten minutes, from the reply before it.
#[tokio::test(start_paused = true)]
async fn too_few_replies() {
    let minute = Duration::from_secs(60);
    let dialogue = commands(&THREE, &[])
        + "C: x\nC: .\n-- wait 9m --\nS: 250 a\n-- wait 9m --\nS: 250 b\n-- silence --";
    let (mut connection, _peer) = connected(&[], &dialogue).await;
    let began = Instant::now();
    let result = connection.deliver(&envelope(&["a", "b", "c"]), "x\r\n").await;
    assert_eq!(result.fate(), "Unknown permanent Network - | 250:ok 250:ok 250:unknown");
    let Err(DeliverError::Unknown(unknown)) = result else {
        panic!("it is unknown");
    };
    assert_eq!(unknown.lost().timed_out(), Some(Stage::EndOfData));
    assert_eq!(finals(unknown.recipients()), [Some(250), Some(250), None]);
    assert!(began.elapsed() >= 28 * minute && began.elapsed() < 29 * minute);
}

/// A reply more than there are recipients ends the connection, and is no other command's.
#[tokio::test(start_paused = true)]
async fn too_many_replies() {
    for mode in MODES {
        let dialogue = commands(&THREE[..2], mode) + &content(&[250, 550, 250]);
        let (mut connection, peer) = connected(mode, &dialogue).await;
        let result = connection.deliver(&envelope(&["a", "b"]), "x\r\n").await;
        assert_eq!(result.fate(), "Delivered 250 | 250:ok 250:550");
        connection.send(Noop).await.expect_err("a reply was not asked for");
        peer.finish();
    }
}

/// A message that the server refuses before it has all of it is refused for each recipient.
#[tokio::test(start_paused = true)]
async fn refused_while_it_is_sent() {
    let dialogue = commands(&THREE, &[]) + "S: 452 4.3.1 full\n-- close --";
    let (mut connection, _peer) = connected(&[], &dialogue).await;
    let body = "x\r\n".repeat(1 << 20);
    let result = connection.deliver(&envelope(&["a", "b", "c"]), body).await;
    assert_eq!(result.fate(), "Lost transient Server 452 | 250:452 250:452 250:452");
}
