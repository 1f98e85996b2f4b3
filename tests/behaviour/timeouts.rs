//! Each step has its own deadline, and no reply can stretch it.

mod slow;

use std::time::Duration;

use smtp::command::{Mail, Noop, Rcpt, Stage};
use smtp::connect::Timeouts;
use smtp::error::Fault;
use smtp::testing::Script;
use smtp::{Connection, DeliverError, Envelope, Error, Mailbox, Plain};
use tests::{error, greeted, hello, in_transaction, script, secured, server, trust};
use tokio::time::Instant;

const SILENCE: &str = "C: *\n-- silence --";

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

/// Checks that the error names the stage, and that it came at its time.
fn timed_out(error: &Error, stage: Stage, began: Instant, after: Duration) {
    let Error::Lost(lost) = error else {
        panic!("{stage:?}: {error}");
    };
    assert_eq!(lost.timed_out(), Some(stage), "{lost}");
    let took = began.elapsed();
    assert!(took >= after && took < after + Duration::from_secs(1), "{stage:?}: {took:?}");
}

#[tokio::test(start_paused = true)]
async fn greeting_and_ehlo() {
    for (dialogue, stage) in [
        ("-- silence --", Stage::Greeting),
        ("S: 220 mail.example.test\nC: EHLO *\n-- silence --", Stage::Hello),
    ] {
        let (stream, peer) = Script::new(dialogue).start();
        let began = Instant::now();
        let error = error(Connection::from_stream(stream, &server()).await);
        timed_out(&error, stage, began, minutes(5));
        assert!(peer.is_closed());
    }
}

#[tokio::test(start_paused = true)]
async fn mail_rcpt_and_others() {
    let sender: Mailbox = "me@example.com".parse().expect("an address");
    let began = Instant::now();
    let (connection, _) = greeted(script(&[], SILENCE)).await;
    let lost = error(connection.mail(Mail::from(sender.clone())).await);
    timed_out(&lost, Stage::Mail, began, minutes(5));

    let (mut txn, _) = in_transaction(&[], SILENCE).await;
    let began = Instant::now();
    let lost = error(txn.rcpt(Rcpt::to(sender)).await);
    timed_out(&lost, Stage::Rcpt, began, minutes(5));

    let (txn, _) = in_transaction(&[], SILENCE).await;
    let began = Instant::now();
    let lost = error(txn.reset().await);
    timed_out(&lost, Stage::Reset, began, Duration::from_secs(30));

    let (connection, _) = secured(&["AUTH PLAIN"], SILENCE).await;
    let began = Instant::now();
    let lost = error(connection.authenticate(&mut Plain::new("me", "pencil")).await);
    timed_out(&lost, Stage::Auth, began, minutes(2));
}

#[tokio::test(start_paused = true)]
async fn the_message() {
    let envelope = Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
    let open = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\n";
    let (mut connection, _) = greeted(script(&[], &format!("{open}-- silence --"))).await;
    let began = Instant::now();
    let lost = error(connection.deliver(&envelope, "x").await);
    timed_out(&lost, Stage::Data, began, minutes(2));

    let sent = format!("{open}S: 354 go on\nC: x\nC: .\n-- silence --");
    let (mut connection, _) = greeted(script(&[], &sent)).await;
    let began = Instant::now();
    let Err(DeliverError::Unknown(unknown)) = connection.deliver(&envelope, "x").await else {
        panic!("the message had been sent whole");
    };
    assert_eq!(unknown.lost().timed_out(), Some(Stage::EndOfData));
    assert!(began.elapsed() >= minutes(10));
}

/// One byte every four minutes is progress, but no reply.
#[tokio::test(start_paused = true)]
async fn a_reply_that_drips_is_not_waited_for_longer() {
    let script = script(&[], "C: NOOP")
        .server_raw(*b"2")
        .then("-- wait 4m --")
        .server_raw(*b"5")
        .then("-- wait 4m --")
        .server_raw(*b"0 ok\r\n");
    let (mut connection, _) = greeted(script).await;
    let began = Instant::now();
    let lost = error(connection.send(Noop).await);
    timed_out(&lost, Stage::Other, began, minutes(5));
}

#[tokio::test(start_paused = true)]
async fn a_late_reply_in_time_is_a_reply() {
    let dialogue = "C: NOOP\n-- wait 4m --\nS: 250 slow\nC: NOOP\n-- wait 4m --\nS: 250 again";
    let (mut connection, peer) = greeted(script(&[], dialogue)).await;
    connection.send(Noop).await.expect("in time");
    connection.send(Noop).await.expect("a deadline of its own");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn the_whole_connection_has_a_deadline_when_it_is_given_one() {
    let mut timeouts = Timeouts::default();
    timeouts.total = Some(minutes(7));
    let dialogue = "C: NOOP\n-- wait 4m --\nS: 250 ok\nC: NOOP\n-- wait 4m --\nS: 250 ok";
    let (stream, _) = script(&[], dialogue).start();
    let server = server().timeouts(timeouts);
    let began = Instant::now();
    let mut connection = Connection::from_stream(stream, &server).await.expect("EHLO");
    connection.send(Noop).await.expect("in time");
    let lost = error(connection.send(Noop).await);
    assert!(matches!(&lost, Error::Lost(lost) if matches!(lost.fault(), Fault::DeadlineExceeded)));
    assert!(began.elapsed() < minutes(8));
}

#[tokio::test(start_paused = true)]
async fn a_handshake_is_part_of_the_whole() {
    let mut timeouts = Timeouts::default();
    timeouts.total = Some(Duration::from_secs(20));
    let dialogue = "C: STARTTLS\n-- wait 10s --\nS: 220 go\nC: *\n-- silence --";
    let (stream, peer) = script(&["STARTTLS"], dialogue).start();
    let began = Instant::now();
    let connection =
        Connection::from_stream(stream, &server().timeouts(timeouts)).await.expect("EHLO");
    let lost = error(connection.starttls(&trust(&peer)).await);
    assert!(matches!(lost, Error::Lost(_)), "{lost}");
    assert!(began.elapsed() < Duration::from_secs(21), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn quit_is_not_waited_for() {
    for end in ["-- silence --", "-- close --", "S: 500 what?", "S: 421 bye"] {
        let (connection, peer) = greeted(script(&[], &format!("C: QUIT\n{end}"))).await;
        let began = Instant::now();
        connection.quit().await.expect("nothing depends on it");
        assert_eq!(began.elapsed(), Duration::ZERO, "{end}");
        assert!(peer.written().ends_with(b"QUIT\r\n"), "{end}");
        assert!(peer.is_closed());
    }
}

#[tokio::test(start_paused = true)]
async fn all_timeouts_can_be_set() {
    let mut timeouts = Timeouts::default();
    timeouts.other = Duration::from_secs(3);
    let (stream, _) = Script::new(&hello(&[])).then(SILENCE).start();
    let server = server().timeouts(timeouts);
    let mut connection = Connection::from_stream(stream, &server).await.expect("EHLO");
    let began = Instant::now();
    let lost = error(connection.send(Noop).await);
    timed_out(&lost, Stage::Other, began, Duration::from_secs(3));
}
