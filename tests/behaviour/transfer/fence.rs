//! The end of a call whose messages have left before the replies to their commands were read: HELP,
//! whose reply cannot be taken for that of MAIL, RCPT or BDAT.

use smtp::command::Noop;
use smtp::error::ProtocolError;
use smtp::{DeliverError, Fault, RecipientOutcome, Stopped, Transfer};

use super::{CHUNKING, connect, deliver_all, eager, fate, message};

const TAKEN: &str = "S: 250 ok\nS: 250 ok\nS: 250 taken\n";

/// A server may know HELP or not.
#[tokio::test(start_paused = true)]
async fn a_call_ends_when_its_replies_are_known_to_be_in_step() {
    for reply in ["214 help", "211-so\nS: 211 so", "500 what?", "502 no", "504 no"] {
        let dialogue = format!("{}C: HELP\n{TAKEN}S: {reply}\nC: NOOP\nS: 250 ok", eager(0));
        let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
        let (envelope, body) = message(0);
        connection.deliver(&envelope, body).await.expect(reply);
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();
    }
}

/// A server that refuses what it gets before it has answered a message is asked alone.
#[tokio::test(start_paused = true)]
async fn a_fence_that_may_not_follow_a_message_goes_alone() {
    let dialogue = format!(
        "{}C: HELP\n{TAKEN}S: 503 not now\nC: HELP\nS: 214 help\n{}{TAKEN}C: HELP\nS: 214 help",
        eager(0),
        eager(1)
    );
    let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
    for number in 0..2 {
        let (envelope, body) = message(number);
        connection.deliver(&envelope, body).await.expect("taken");
    }
    peer.finish();
}

/// Where only the source knows that it has ended, the fence follows the last replies.
#[tokio::test(start_paused = true)]
async fn the_fence_goes_where_the_end_is_known() {
    let dialogue = format!("{}{TAKEN}C: HELP\nS: 214 help", eager(0));
    let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
    let mut fates = Vec::new();
    let messages = (0..3).map(message).filter(|_| true).take_while(|(_, body)| body == "0\r\n");
    let stopped = connection.deliver_all(messages, |_, result| fates.push(fate(result))).await;
    assert_eq!(stopped.expect("the connection stays"), Stopped::Exhausted);
    assert_eq!(fates, ["taken"]);
    peer.finish();
}

/// What never left needs no fence.
#[tokio::test(start_paused = true)]
async fn nothing_is_fenced_that_was_not_sent() {
    let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, "C: NOOP\nS: 250 ok").await;
    let (envelope, _) = message(0);
    let refused = connection.deliver(&envelope, "a\0\r\n").await;
    assert!(matches!(refused, Err(DeliverError::Refused(_))), "{refused:?}");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

/// A command that is answered twice shifts all replies after it: the one to HELP is another's.
#[tokio::test(start_paused = true)]
async fn a_reply_too_many_is_seen_at_the_fence() {
    let is_shifted = |error: &ProtocolError| match error {
        ProtocolError::OutOfStep(reply) => matches!(reply.code().value(), 250 | 503 | 550),
        ProtocolError::Surplus => true,
        _ => false,
    };
    for replies in [
        "S: 250 ok\nS: 250 ok\nS: 250 taken\nS: 250 taken\nS: 214 help\n",
        "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 250 taken\nS: 214 help\n",
        "S: 250 ok\nS: 250 ok\nS: 250 taken\nS: 503 what?\nC: HELP\nS: 503 what?\n",
        "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 550 no\nS: 214 help\n",
        "S: 250 ok\nS: 250 ok\nS: 250 taken\nS: 214 help\nS: 214 help\n",
    ] {
        let dialogue = format!("{}C: HELP\n{replies}", eager(0));
        let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
        let (envelope, body) = message(0);
        match connection.deliver(&envelope, body).await {
            Err(DeliverError::Unknown(unknown)) => {
                assert!(unknown.lost().protocol().is_some_and(is_shifted), "{replies}: {unknown}");
                assert_eq!(unknown.recipients()[0].outcome(), RecipientOutcome::Unknown);
            }
            other => panic!("{replies}: {other:?}"),
        }
        assert!(peer.is_closed(), "{replies}");
    }
}

/// What was reported stands; the call says that its replies cannot be relied on.
#[tokio::test(start_paused = true)]
async fn a_shift_inside_a_stream_ends_it() {
    let window = format!("{}C: RSET\n{}C: HELP\n", eager(1), eager(2));
    let dialogue =
        format!("{}{TAKEN}{window}{TAKEN}S: 250 taken\nS: 250 reset\n{TAKEN}S: 214 help", eager(0));
    let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
    let (result, fates) = deliver_all(&mut connection, 3).await;
    let lost = result.expect_err("the replies are out of step");
    assert!(matches!(lost.protocol(), Some(ProtocolError::OutOfStep(_))), "{lost}");
    assert_eq!(fates, [(0, "taken"), (1, "taken"), (2, "taken")]);
    assert!(peer.is_closed());
}

/// It may also come later: the next call sees it before it says anything.
#[tokio::test(start_paused = true)]
async fn a_late_reply_too_many_ends_the_next_call() {
    let dialogue = format!("{}C: HELP\n{TAKEN}S: 214 help\n-- wait 1s --\nS: 250 taken", eager(0));
    let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
    let (envelope, body) = message(0);
    connection.deliver(&envelope, body).await.expect("taken");
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let written = peer.written();
    let (envelope, body) = message(1);
    let Err(error @ DeliverError::NotSent(_)) = connection.deliver(&envelope, body).await else {
        panic!("nothing is sent to a server that is out of step");
    };
    let surplus = error.lost().and_then(|lost| lost.protocol());
    assert_eq!(surplus, Some(&ProtocolError::Surplus));
    assert_eq!(peer.written(), written);
}

/// The replies had come, so they decide.
#[tokio::test(start_paused = true)]
async fn a_server_that_goes_before_the_fence_has_taken_what_it_took() {
    let dialogue = format!("{}C: HELP\n{TAKEN}-- close --", eager(0));
    let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
    let (envelope, body) = message(0);
    connection.deliver(&envelope, body).await.expect("taken");
    let (result, fates) = deliver_all(&mut connection, 1).await;
    assert!(matches!(result.expect_err("it is gone").fault(), Fault::Ended));
    assert_eq!(fates, []);
    peer.finish();
}
