//! How far a connection is that many callers share.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use smtp::Body;
use smtp::command::Stage;
use smtp::connection::{AnyFeeding, Feeding};
use smtp::message::BodySource;
use smtp::state::Greeted;
use tokio::time::timeout;

use super::{PIPELINING, connected, envelope, group, once};

/// A body that never begins.
struct Silent;

impl BodySource for Silent {
    fn poll_piece(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> Poll<Option<std::io::Result<bytes::Bytes>>> {
        Poll::Pending
    }
}

/// Runs the connection for so many seconds.
async fn run(feeding: &mut Feeding<Greeted>, seconds: u64) {
    let _ = timeout(Duration::from_secs(seconds), feeding).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_says_which_reply_it_waits_for() {
    let dialogue = format!(
        "{}C: DATA\n-- wait 10s --\nS: 250 ok\n-- wait 10s --\nS: 250 ok\n-- wait 10s --\nS: 354 go\n\
         C: 0\nC: .\n-- wait 10s --\nS: 250 zero",
        group(0)
    );
    let (connection, peer) = connected(PIPELINING, &dialogue).await;
    let (feed, mut feeding) = connection.feed();
    run(&mut feeding, 5).await;
    assert_eq!(feeding.progress().stage, None, "there is no message");
    let mut delivery = pin!(feed.deliver(envelope(0), "0\r\n"));
    assert!(once(delivery.as_mut()).await.is_pending());
    let mut seen = Vec::new();
    for seconds in [5, 10, 10, 10] {
        run(&mut feeding, seconds).await;
        seen.push(feeding.progress().stage);
    }
    assert_eq!(seen, [Stage::Mail, Stage::Rcpt, Stage::Data, Stage::EndOfData].map(Some));
    run(&mut feeding, 10).await;
    assert_eq!(feeding.progress().stage, None, "the message is finished");
    delivery.await.expect("delivered");
    assert_eq!(AnyFeeding::from(feeding).progress().stage, None);
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_waits_for_the_source_of_a_body_waits_for_no_reply() {
    let dialogue = format!("{}S: 250 ok\nS: 250 ok\n-- silence --", group(0));
    let (connection, _peer) = connected(PIPELINING, &dialogue).await;
    let (feed, mut feeding) = connection.feed();
    let mut delivery = pin!(feed.deliver(envelope(0), Body::stream(Silent)));
    assert!(once(delivery.as_mut()).await.is_pending());
    run(&mut feeding, 5).await;
    assert_eq!(feeding.progress().stage, None);
}

#[tokio::test(start_paused = true)]
async fn a_connection_counts_the_bytes_that_left_and_the_replies_that_came() {
    let dialogue = format!(
        "{}C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: 0\nC: .\n-- wait 10s --\nS: 250 zero",
        group(0)
    );
    let (connection, _peer) = connected(PIPELINING, &dialogue).await;
    let (feed, mut feeding) = connection.feed();
    run(&mut feeding, 5).await;
    let before = feeding.progress();
    let mut delivery = pin!(feed.deliver(envelope(0), "0\r\n"));
    assert!(once(delivery.as_mut()).await.is_pending());
    run(&mut feeding, 5).await;
    let after = feeding.progress();
    let commands = "MAIL FROM:<me@example.com>\r\nRCPT TO:<you0@example.org>\r\nDATA\r\n0\r\n.\r\n";
    assert_eq!(after.sent - before.sent, commands.len() as u64);
    assert_eq!(after.replies - before.replies, 3);
}
