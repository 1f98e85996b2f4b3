//! Eager messages: the call ends with a command whose reply shows that all others were in step.

use smtp::command::Noop;
use smtp::error::ProtocolError;
use smtp::testing::Script;
use smtp::{Error, Lost, Transfer};
use tests::{Fate as _, greeted, hello};

use super::{CHUNKING, NOTHING, connect, deliver_all, envelope};

const EAGER: &str = "C: MAIL *\nC: RCPT *\nC: BDAT 3 LAST\n";
const TAKEN: &str = "S: 250 mail\nS: 250 rcpt\nS: 250 taken\n";

fn is_out_of_step(lost: &Lost) -> bool {
    matches!(lost.protocol(), Some(ProtocolError::OutOfStep(_) | ProtocolError::Surplus))
}

/// Replies to HELP of servers that know it, and of those that do not.
#[tokio::test(start_paused = true)]
async fn a_good_fence_ends_the_call_and_the_session_goes_on() {
    for reply in ["214-a\nS: 214 b", "211 status", "500 what?", "502 no", "504 no"] {
        let fence = format!("C: HELP\nS: {reply}\nC: NOOP\nS: 250 ok");
        for dialogue in [
            format!("{EAGER}C: 0\n{TAKEN}{fence}"),
            format!(
                "{EAGER}C: 0\nS: 250 ok\nS: 550 no\nS: 503 no\n{}",
                fence.replace("NOOP", "RSET\nC: NOOP\nS: 250 reset")
            ),
        ] {
            let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
            let result = connection.deliver(&envelope(&["a"]), "0\r\n").await;
            let expected = if dialogue.contains("550") {
                "Refused permanent Server 550 | 550:550"
            } else {
                "Delivered 250 | 250:ok"
            };
            assert_eq!(result.fate(), expected, "{dialogue}");
            connection.send(Noop).await.expect("the session goes on");
            peer.finish();
        }
    }
}

/// A surplus reply has shifted the others: the client cannot know which messages they answer.
#[tokio::test(start_paused = true)]
async fn a_message_that_was_answered_twice_is_unknown() {
    let pause = "-- wait 1ms --\n";
    for replies in [
        format!("{TAKEN}S: 250 taken again\n"),
        format!("{TAKEN}{pause}S: 250 taken again\n"),
        format!("{TAKEN}S: 250 taken again\nS: 214 help"),
        format!("{TAKEN}S: 250 taken again\n{pause}S: 214 help"),
        format!("S: 250 mail\nS: 250 mail\nS: 250 rcpt\n{pause}S: 250 taken\nS: 214 help"),
        format!("{TAKEN}S: 214 help\nS: 250 one more"),
        format!("{TAKEN}S: 354 go"),
        format!("{TAKEN}S: 550 no"),
        format!("{TAKEN}S: 503 no\nC: HELP\nS: 250 taken again"),
        format!("{TAKEN}S: 503 no\nC: HELP\nS: 503 no"),
        format!("{TAKEN}S: 503 no\nC: HELP\nS: 214 help\nS: 250 more"),
        format!("{TAKEN}S: bogus"),
    ] {
        let dialogue = format!("{EAGER}C: 0\nC: HELP\n{replies}");
        let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
        let result = connection.deliver(&envelope(&["a"]), "0\r\n").await;
        assert_eq!(result.fate(), "Unknown permanent Server - | 250:unknown", "{dialogue}");
        assert!(connection.send(Noop).await.is_err(), "{dialogue}");
        assert!(peer.is_closed());
    }
}

/// A server that refuses what follows a message in its flight is asked once more, alone.
#[tokio::test(start_paused = true)]
async fn a_refused_fence_is_sent_again_alone() {
    let again = "S: 503 wait\nC: HELP\nS: 214 help\n";
    let next = format!("{EAGER}C: 0\n{TAKEN}C: HELP\nS: 214 help\n");
    let dialogue = format!("{EAGER}C: 0\nC: HELP\n{TAKEN}{again}{next}C: NOOP\nS: 250 ok");
    let script = Script::new(&hello(CHUNKING)).then(&dialogue).lockstep();
    let (mut connection, peer) = greeted(script).await;
    connection.set_transfer(Transfer::eager());
    for _ in 0..2 {
        // The second one is alone from the beginning.
        let result = connection.deliver(&envelope(&["a"]), "0\r\n").await;
        assert_eq!(result.fate(), "Delivered 250 | 250:ok");
    }
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

/// A reply to the message stands where the connection ends in another way.
#[tokio::test(start_paused = true)]
async fn a_receipt_stands_without_the_reply_to_the_fence() {
    for end in ["-- close --", "-- reset --", "-- silence --", "S: 421 closing", "S: 221 bye"] {
        let dialogue = format!("{EAGER}C: 0\nC: HELP\n{TAKEN}{end}");
        let (mut connection, _) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
        let result = connection.deliver(&envelope(&["a"]), "0\r\n").await;
        assert_eq!(result.fate(), "Delivered 250 | 250:ok", "{end}");
        assert!(connection.send(Noop).await.is_err(), "{end}");
    }
}

/// It comes after a good fence, and is seen before the next command is written.
#[tokio::test(start_paused = true)]
async fn a_reply_too_many_after_the_call_ends_the_next() {
    let dialogue = format!("{EAGER}C: 0\nC: HELP\n{TAKEN}S: 214 help\n-- wait 1ms --\nS: 250 more");
    let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
    let result = connection.deliver(&envelope(&["a"]), "0\r\n").await;
    assert_eq!(result.fate(), "Delivered 250 | 250:ok");
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    let written = peer.written();
    let Err(Error::Lost(lost)) = connection.send(Noop).await else {
        panic!("the session is over");
    };
    assert!(is_out_of_step(&lost), "{lost}");
    assert_eq!(peer.written(), written);
}

/// The messages of a stream, of which the second is answered twice. Without the fence the client
/// would not see it.
#[tokio::test(start_paused = true)]
async fn a_stream_whose_replies_have_shifted_ends_its_connection() {
    let window = format!("{EAGER}C: 1\nC: RSET\n{EAGER}C: 2\nC: HELP\n");
    let shifted = format!("{TAKEN}S: 250 again\nS: 250 reset\n{TAKEN}S: 214 help");
    let dialogue = format!("{EAGER}C: 0\n{TAKEN}{window}{shifted}");
    let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
    let envelope = envelope(&["a"]);
    let messages: Vec<_> = (0..3).map(|number| (&envelope, format!("{number}\r\n"))).collect();
    let (result, fates) = deliver_all(&mut connection, messages).await;
    assert!(is_out_of_step(&result.expect_err("out of step")));
    assert_eq!(fates.len(), 3);
    // The first two were told when their replies came.
    assert_eq!(fates[..2], ["Delivered 250 | 250:ok"; 2]);
    assert!(connection.send(Noop).await.is_err());
    peer.finish();
}

/// Nothing is out of step in other ways of sending: they have no fence.
#[tokio::test(start_paused = true)]
async fn there_is_no_fence_where_replies_are_waited_for() {
    let data =
        "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: 0\nC: .\nS: 250 ok\n";
    let chunks = "C: MAIL *\nC: RCPT *\nS: 250 ok\nS: 250 ok\nC: BDAT 3 LAST\nC: 0\nS: 250 ok\n";
    let step = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: BDAT 3 LAST\nC: 0\nS: 250 ok\n";
    for (transfer, offers, dialogue) in [
        (Transfer::data(), CHUNKING, data),
        (Transfer::eager(), &CHUNKING[..1], data),
        (Transfer::chunks(), CHUNKING, chunks),
        (Transfer::eager(), &["CHUNKING"][..], step),
        (Transfer::data(), NOTHING, "C: MAIL *\nS: 550 no\n"),
    ] {
        let script = Script::new(&hello(offers)).then(dialogue).then("C: NOOP\nS: 250 ok");
        let (mut connection, peer) = greeted(script.lockstep()).await;
        connection.set_transfer(transfer);
        let _ = connection.deliver(&envelope(&["a"]), "0\r\n").await;
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();
    }
}

/// After 354 no reply can have been another command's: the receipt stands, and the session ends.
#[tokio::test(start_paused = true)]
async fn a_receipt_after_data_stands_whatever_follows_it() {
    let dialogue = "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: 0\nC: .\nS: 250 taken\n";
    for surplus in ["S: 250 more", "S: bogus", "S: 421 closing", "-- close --"] {
        let dialogue = format!("{dialogue}{surplus}");
        let (mut connection, _) = connect(Transfer::data(), CHUNKING, &dialogue).await;
        let result = connection.deliver(&envelope(&["a"]), "0\r\n").await;
        assert_eq!(result.fate(), "Delivered 250 | 250:ok", "{surplus}");
        assert!(connection.send(Noop).await.is_err(), "{surplus}");
    }
}

/// Only a message that the server has taken in chunks opens the window: a message sent with DATA
/// does not show how the server answers chunks that come unasked.
#[tokio::test(start_paused = true)]
async fn a_message_sent_with_data_opens_no_window() {
    let data =
        "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: 0\nC: .\nS: 250 ok\n";
    let dialogue = format!(
        "{data}{EAGER}C: 0\n{TAKEN}{EAGER}C: 1\nC: RSET\n{EAGER}C: 2\nC: HELP\n{TAKEN}S: 250 reset
         {TAKEN}S: 214 help"
    );
    let script = Script::new(&hello(CHUNKING)).then(&dialogue).lockstep();
    let (mut connection, peer) = greeted(script).await;
    let envelope = envelope(&["a"]);
    connection.deliver(&envelope, "0\r\n").await.expect("delivered");
    connection.set_transfer(Transfer::eager());
    let messages = (0..3).map(|number| (&envelope, format!("{number}\r\n")));
    let (result, fates) = deliver_all(&mut connection, messages).await;
    result.expect("a session");
    assert_eq!(fates, ["Delivered 250 | 250:ok"; 3]);
    peer.finish();
}
