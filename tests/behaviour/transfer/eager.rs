//! Messages that leave with their commands: the window, and the fate of its messages when one of
//! them is refused, fails or is lost.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use smtp::command::Noop;
use smtp::connection::Stopped;
use smtp::error::Blame;
use smtp::message::{BodySource, RecipientOutcome};
use smtp::testing::Script;
use smtp::{Body, DeliverError, Envelope, Policy, Transfer};
use tests::{greeted, hello};

use super::{CHUNKING, connect, deliver_all, eager, fate, group, message};

const TAKEN: &str = "S: 250 ok\nS: 250 ok\nS: 250 taken\n";
const RESET: &str = "S: 250 reset\n";
/// The end of each call: its replies are in step.
const FENCE: &str = "S: 214 help\n";

/// A window of three messages after the first, up to the end of the call.
fn window() -> String {
    format!("{}C: RSET\n{}C: RSET\n{}C: HELP\n", eager(1), eager(2), eager(3))
}

#[tokio::test(start_paused = true)]
async fn the_first_eager_message_goes_alone_and_then_the_window_opens() {
    let dialogue = format!(
        "{}{TAKEN}{}C: RSET\n{}C: RSET\n{}{TAKEN}C: RSET\n{}C: HELP
         {RESET}{TAKEN}{RESET}{TAKEN}{RESET}{TAKEN}{FENCE}",
        eager(0),
        eager(1),
        eager(2),
        eager(3),
        eager(4),
    );
    // A window of three: the fifth message waits for a reply to the second.
    let transfer = Transfer::eager().window(3, 1 << 20);
    let script = Script::new(&hello(CHUNKING)).then(&dialogue).lockstep();
    let (mut connection, peer) = greeted(script).await;
    connection.set_transfer(transfer);
    let (stopped, fates) = deliver_all(&mut connection, 5).await;
    assert_eq!(stopped.expect("the connection stays"), Stopped::Exhausted);
    assert_eq!(fates, [0, 1, 2, 3, 4].map(|index| (index, "taken")));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn the_bytes_in_flight_are_bounded_too() {
    let one = |number| format!("{}{TAKEN}", eager(number));
    let dialogue =
        (0..3).map(one).collect::<String>() + &format!("{}C: HELP\n{TAKEN}{FENCE}", eager(3));
    let script = Script::new(&hello(CHUNKING)).then(&dialogue).lockstep();
    let (mut connection, peer) = greeted(script).await;
    connection.set_transfer(Transfer::eager().window(8, 3));
    let (_, fates) = deliver_all(&mut connection, 4).await;
    assert_eq!(fates, [0, 1, 2, 3].map(|index| (index, "taken")));
    peer.finish();
}

/// In a window of three, one message is refused in each way there is: the others are taken, and
/// the server forgets the refused one before it hears of the next.
#[tokio::test(start_paused = true)]
async fn a_refused_message_of_a_window_does_not_touch_the_others() {
    for (refused, opened) in [
        ("S: 550 no\nS: 503 no\nS: 503 no\n", false),
        ("S: 250 ok\nS: 550 no\nS: 503 no\n", true),
        ("S: 250 ok\nS: 550 no\nS: 250 taken for nobody\n", true),
        ("S: 250 ok\nS: 250 ok\nS: 554 no\n", true),
    ] {
        for index in 1..4 {
            let answer = |number| if number == index { refused } else { TAKEN };
            // A RSET precedes the next call if no other message has reset the transaction.
            let reset = if opened && index == 3 { "C: RSET\nS: 250 ok\n" } else { "" };
            let dialogue = [
                &eager(0),
                TAKEN,
                &window(),
                answer(1),
                RESET,
                answer(2),
                RESET,
                answer(3),
                FENCE,
                reset,
                "C: NOOP\nS: 250 ok",
            ];
            let (mut connection, peer) =
                connect(Transfer::eager(), CHUNKING, &dialogue.concat()).await;
            let (stopped, fates) = deliver_all(&mut connection, 4).await;
            let fate = |number| (number, if number == index { "refused" } else { "taken" });
            assert_eq!(fates, [0, 1, 2, 3].map(fate), "{refused}");
            assert_eq!(stopped.expect("the connection stays"), Stopped::Exhausted);
            connection.send(Noop).await.expect("the session goes on");
            peer.finish();
        }
    }
}

/// A message that had left whole may have arrived, unless the server says that it closes.
#[tokio::test(start_paused = true)]
async fn a_window_of_a_lost_connection() {
    for (answers, end, expected) in [
        ("", "-- close --", ["unknown", "unknown", "unknown"]),
        ("S: 250 ok\nS: 250 ok\n", "-- close --", ["unknown"; 3]),
        ("S: 250 ok\nS: 550 no\n", "-- close --", ["lost", "unknown", "unknown"]),
        (TAKEN, "-- close --", ["taken", "unknown", "unknown"]),
        (TAKEN, "S: 421 closing", ["taken", "lost", "lost"]),
        ("", "S: 421 closing", ["lost", "lost", "lost"]),
    ] {
        let dialogue = format!("{}{TAKEN}{}{answers}{end}", eager(0), window());
        let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
        let (lost, fates) = deliver_all(&mut connection, 4).await;
        lost.expect_err("the connection is gone");
        let [one, two, three] = expected;
        assert_eq!(fates, [(0, "taken"), (1, one), (2, two), (3, three)], "{answers}{end}");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn recipients_without_an_answer_may_have_got_a_message_that_had_left() {
    let dialogue = format!("{}C: HELP\nS: 250 ok\n-- close --", eager(0));
    let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
    let (envelope, body) = message(0);
    match connection.deliver(&envelope, body).await {
        Err(DeliverError::Unknown(unknown)) => {
            assert_eq!(unknown.recipients()[0].outcome(), RecipientOutcome::Unknown);
        }
        other => panic!("{other:?}"),
    }
    peer.finish();
}

/// Once a RSET is refused, no command overtakes a message any more over this connection.
#[tokio::test(start_paused = true)]
async fn a_window_whose_reset_is_refused() {
    let no = "S: 503 no\nS: 503 no\nS: 503 no\nS: 503 no\n";
    let refused = "S: 500 what?\n";
    let again = format!("C: RSET\n{}{RESET}{TAKEN}{}{TAKEN}C: HELP\n{FENCE}", eager(2), eager(3));
    for replies in [
        // RSET alone, of which the next transactions see nothing.
        format!("{TAKEN}{refused}{TAKEN}{refused}{TAKEN}{FENCE}"),
        // All that came before the message was answered: it begins again.
        format!("{TAKEN}{no}{no}S: 500 no\n{again}"),
        format!("{TAKEN}{no}{no}S: 503 no\n{again}"),
    ] {
        let next = format!("{}{TAKEN}{}{TAKEN}C: HELP\n{FENCE}", eager(0), eager(1));
        let dialogue = format!("{}{TAKEN}{}{replies}{next}", eager(0), window());
        let script = Script::new(&hello(CHUNKING)).then(&dialogue).lockstep();
        let (mut connection, peer) = greeted(script).await;
        connection.set_transfer(Transfer::eager());
        for count in [4, 2] {
            let (stopped, fates) = deliver_all(&mut connection, count).await;
            assert_eq!(stopped.expect("the connection stays"), Stopped::Exhausted, "{replies}");
            let all: Vec<_> = (0..count).map(|number| (number, "taken")).collect();
            assert_eq!(fates, all, "{replies}");
        }
        peer.finish();
    }
}

/// So many pieces, then an error.
struct Fails(usize);

impl BodySource for Fails {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        Poll::Ready(Some(match self.0.checked_sub(1) {
            Some(left) => {
                self.0 = left;
                Ok(Bytes::from_static(b"2\r\n"))
            }
            None => Err(io::Error::other("gone")),
        }))
    }
}

/// The source of one message is no fault of those before and after it: chunks are counted before
/// they leave, so RSET is enough to abandon a message.
#[tokio::test(start_paused = true)]
async fn a_source_that_fails_is_no_fault_of_the_other_messages() {
    for (pieces, chunks, answers) in [(0, "", ""), (1, "C: BDAT 3\nC: 2\n", "S: 250 ok\n")] {
        let (before, after) = (group(2) + chunks, eager(3));
        let dialogue = format!(
            "{}{TAKEN}{}C: RSET\n{before}C: RSET\n{after}C: HELP
             {TAKEN}{RESET}S: 250 ok\nS: 250 ok\n{answers}{RESET}{TAKEN}{FENCE}
             C: NOOP\nS: 250 ok",
            eager(0),
            eager(1),
        );
        let transfer = Transfer::eager().chunk_size(3);
        let (mut connection, peer) = connect(transfer, CHUNKING, &dialogue).await;
        let messages = (0..4).map(|number| match message(number) {
            (envelope, _) if number == 2 => (envelope, Body::stream(Fails(pieces))),
            (envelope, body) => (envelope, Body::from(body)),
        });
        let mut fates = Vec::new();
        let result = connection
            .deliver_all(messages, |index, result| {
                if let Err(DeliverError::Refused(undelivered)) = &result {
                    let refusal = undelivered.refusal();
                    let says = refusal.body_error().map(io::Error::to_string);
                    assert_eq!(says.as_deref(), Some("gone"));
                    assert_eq!(refusal.blame(), Blame::Caller);
                    assert!(undelivered.recipients()[0].is_accepted());
                }
                fates.push((index, fate(&result)));
            })
            .await;
        assert_eq!(result.expect("the connection stays"), Stopped::Exhausted);
        assert_eq!(fates, [(0, "taken"), (1, "taken"), (2, "refused"), (3, "taken")]);
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();
    }
}

/// The last one fails: RSET precedes the next call.
#[tokio::test(start_paused = true)]
async fn a_source_that_fails_at_last_leaves_a_transaction_to_reset() {
    for method in [Transfer::eager(), Transfer::chunks()] {
        let help = if method == Transfer::eager() { "C: HELP\nS: 214 help\n" } else { "" };
        let dialogue = format!(
            "{}S: 250 ok\nS: 250 ok\nC: BDAT 3\nC: 2\nS: 250 ok\n{help}
             C: RSET\nC: NOOP\n{RESET}S: 250 ok",
            group(0),
        );
        let (mut connection, peer) = connect(method.chunk_size(3), CHUNKING, &dialogue).await;
        let (envelope, _) = message(0);
        match connection.deliver(&envelope, Body::stream(Fails(1))).await {
            Err(DeliverError::Refused(undelivered)) => {
                assert!(undelivered.refusal().body_error().is_some(), "{undelivered}");
            }
            other => panic!("{other:?}"),
        }
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();
    }
}

/// Where only the source knows that it has ended, the fence follows the last replies.
#[tokio::test(start_paused = true)]
async fn the_fence_goes_where_the_end_is_known() {
    let dialogue = format!("{}{TAKEN}C: HELP\nS: 214 help", eager(0));
    let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, &dialogue).await;
    let mut fates = Vec::new();
    let messages = (0..3).map(message).filter(|_| true).take_while(|(_, body)| body == "0\r\n");
    let stopped = connection.deliver_all(messages, |_, result| fates.push(fate(&result))).await;
    assert_eq!(stopped.expect("the connection stays"), Stopped::Exhausted);
    assert_eq!(fates, ["taken"]);
    peer.finish();
}

/// Messages that never left need no fence.
#[tokio::test(start_paused = true)]
async fn nothing_is_fenced_that_was_not_sent() {
    let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, "C: NOOP\nS: 250 ok").await;
    let (envelope, _) = message(0);
    let refused = connection.deliver(&envelope, "a\0\r\n").await;
    assert!(matches!(refused, Err(DeliverError::Refused(_))), "{refused:?}");
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_policy_sees_the_recipients_before_any_content_leaves() {
    let dialogue = "C: MAIL *\nC: RCPT *\nC: RCPT *\nS: 250 ok\nS: 250 ok\nS: 550 no
                    C: RSET\nC: NOOP\nS: 250 reset\nS: 250 ok";
    let (mut connection, peer) = connect(Transfer::eager(), CHUNKING, dialogue).await;
    let envelope = Envelope::new("me@example.com", ["a@example.org", "b@example.org"])
        .expect("addresses")
        .policy(Policy::AllOrNothing);
    let result = connection.deliver(&envelope, "secret\r\n").await;
    assert!(matches!(result, Err(DeliverError::Refused(_))), "{result:?}");
    assert!(!String::from_utf8_lossy(&peer.written()).contains("secret"));
    connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}
