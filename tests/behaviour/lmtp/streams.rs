//! Streams, feeds and groups: the commands of the next message follow a message before the replies
//! for its recipients have come.

use smtp::command::{Mail, Rcpt};
use smtp::{DeliverError, Envelope, Mailbox, Receipt, Transfer};
use tests::Fate;
use tokio::time::Instant;

use super::{connected, envelope};

/// The commands of a message for two recipients, without their replies.
const COMMANDS: &str = "C: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA\n";
const OPENED: &str = "S: 250 ok\nS: 250 a\nS: 250 b\nS: 354 go\n";

fn message(number: usize) -> (Envelope, String) {
    (envelope(&["a", "b"]), format!("{number}\r\n"))
}

/// Three messages, of which each costs one round trip.
fn three() -> String {
    format!(
        "{COMMANDS}{OPENED}
         C: 0\nC: .\nC: RSET\n{COMMANDS}
         S: 250 0a\nS: 452 0b\nS: 250 reset\n{OPENED}
         C: 1\nC: .\nC: RSET\n{COMMANDS}
         S: 552 1a\nS: 452 1b\nS: 250 reset\n{OPENED}
         C: 2\nC: .\nS: 250 2a\nS: 250 2b"
    )
}

const FATES: [&str; 3] = [
    "Delivered 250 | 250:ok 250:452",
    "Refused transient Server 452 | 250:552 250:452",
    "Delivered 250 | 250:ok 250:ok",
];

#[tokio::test(start_paused = true)]
async fn a_list_costs_one_round_trip_for_each_message() {
    let (mut connection, peer) = connected(&["PIPELINING"], &three()).await;
    let mut fates = Vec::new();
    let report = |index, result: Result<_, _>| fates.push((index, result.fate()));
    connection.deliver_all((0..3).map(message), report).await.expect("a session");
    assert_eq!(fates, [0, 1, 2].map(|index| (index, FATES[index].to_owned())));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_feed_costs_as_much() {
    let (connection, peer) = connected(&["PIPELINING"], &three()).await;
    let (feed, running) = connection.feed();
    let [zero, one, two] = [0, 1, 2].map(|number| {
        let feed = feed.clone();
        async move {
            let (envelope, body) = message(number);
            feed.deliver(envelope, body).await.fate()
        }
    });
    drop(feed);
    let (connection, zero, one, two) = tokio::join!(running, zero, one, two);
    connection.expect("a session");
    assert_eq!([zero, one, two], FATES);
    peer.finish();
}

/// Replies of one message are not those of the next when the connection is lost in between.
#[tokio::test(start_paused = true)]
async fn lost_between_the_replies_of_two_messages() {
    let dialogue = format!(
        "{COMMANDS}{OPENED}C: 0\nC: .\nC: RSET\n{COMMANDS}S: 250 0a\nS: 250 0b\nS: 250 reset
         {OPENED}C: 1\nC: .\nC: RSET\n{COMMANDS}S: 250 1a\n-- close --"
    );
    let (mut connection, _peer) = connected(&["PIPELINING"], &dialogue).await;
    let mut fates = Vec::new();
    let report = |_, result: Result<_, _>| fates.push(result.fate());
    connection.deliver_all((0..3).map(message), report).await.expect_err("it is closed");
    let expected = [
        "Delivered 250 | 250:ok 250:ok",
        "Unknown permanent Network - | 250:ok 250:unknown",
        "Lost transient Network - | -:unsent -:unsent",
    ];
    assert_eq!(fates, expected);
}

/// Two messages in one group, then QUIT.
#[tokio::test(start_paused = true)]
async fn a_group_of_two_messages() {
    let dialogue = format!(
        "{COMMANDS}{OPENED}
         C: 0\nC: .\nC: RSET\n{COMMANDS}
         S: 552 0a\nS: 250 0b\nS: 250 reset\n{OPENED}
         C: 1\nC: .\nC: QUIT\nS: 250 1a\nS: 452 1b\nS: 221 bye"
    );
    let (connection, peer) = connected(&["PIPELINING"], &dialogue).await;
    let mail = || Mail::from("me@example.com".parse::<Mailbox>().expect("an address"));
    let rcpt =
        |name| Rcpt::to(format!("{name}@example.org").parse::<Mailbox>().expect("an address"));
    let group = connection.pipeline().mail(mail()).each(["a", "b"].map(rcpt)).data("0\r\n");
    let group = group.mail(mail()).each(["a", "b"].map(rcpt)).data("1\r\n").quit();
    let (end, (_, _, first, _, _, second, quit)) = group.await;
    end.expect("a session");
    assert!(quit.is_accepted());
    let told = [first, second].map(|message| {
        tests::each(message.end.accepted().expect("it has recipients").recipients())
    });
    assert_eq!(told, ["250:552 250:ok", "250:ok 250:452"]);
    peer.finish();
}

/// Recipients beyond what the server takes at once get transactions of their own, and each its
/// reply. A message that is refused for the first ones still goes to the others.
#[tokio::test(start_paused = true)]
async fn split_over_transactions() {
    let dialogue = "C: MAIL *\nC: RCPT TO:<a@*\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go
                    C: x\nC: .\nS: 552 a
                    C: RSET\nC: MAIL *\nC: RCPT TO:<b@*\nC: DATA
                    S: 250 reset\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: x\nC: .\nS: 250 b";
    let (mut connection, peer) = connected(&["PIPELINING", "LIMITS RCPTMAX=1"], dialogue).await;
    let result = connection.deliver(&envelope(&["a", "b"]), "x\r\n").await;
    assert_eq!(result.fate(), "Delivered 250 | 250:552 250:ok");
    peer.finish();
}

/// The server says one reply too few to a message, and the replies to the commands that left with it
/// move up: the message is unknown, and never said to have been taken or refused. The rows: what the
/// server says to the first message and to the commands of the second, and the end.
#[tokio::test(start_paused = true)]
async fn too_few_replies_to_a_message_in_a_stream() {
    const NEXT: &str = "S: 250 reset\nS: 250 ok\n";
    let rows = [
        // The reply for `b` is missing, or that for `a`: there is no difference.
        format!("S: 250 0a\n{NEXT}S: 250 a\nS: 250 b\nS: 354 go\n"),
        format!("S: 552 0b\n{NEXT}S: 250 a\nS: 250 b\nS: 354 go\n"),
        // Both.
        format!("{NEXT}S: 250 a\nS: 250 b\nS: 354 go\n"),
        // The next recipients are refused, and the reply to DATA stays away.
        format!("S: 250 0a\n{NEXT}S: 550 a\nS: 550 b\nS: 503 none\n-- silence --"),
        format!("S: 250 0a\n{NEXT}S: 250 a\nS: 550 b\nS: 354 go\n-- silence --"),
        format!("S: 250 0a\n{NEXT}S: 550 a\nS: 250 b\nS: 451 later\n-- silence --"),
    ];
    for replies in rows {
        let dialogue = format!("{COMMANDS}{OPENED}C: 0\nC: .\nC: RSET\n{COMMANDS}{replies}");
        let (mut connection, _peer) = connected(&["PIPELINING"], &dialogue).await;
        let mut fates = Vec::new();
        let report = |_, result: Result<_, _>| fates.push(result.fate());
        connection.deliver_all((0..2).map(message), report).await.expect_err("it is lost");
        let [first, second] = &fates[..] else {
            panic!("two messages: {fates:?}");
        };
        assert!(first.starts_with("Unknown permanent "), "{first}\n{dialogue}");
        assert!(first.ends_with(" | 250:unknown 250:unknown"), "{first}\n{dialogue}");
        assert!(!second.contains("ok") && !second.contains("unknown"), "{second}\n{dialogue}");
    }
}

/// As above, of a message that has recipients left for another transaction.
#[tokio::test(start_paused = true)]
async fn too_few_replies_to_a_part_of_a_message() {
    let dialogue = "C: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA
                    S: 250 ok\nS: 250 a\nS: 452 4.5.3 too many\nS: 354 go
                    C: 0\nC: .\nC: RSET\nC: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA
                    S: 250 reset\nS: 250 ok\nS: 250 a\nS: 250 b\nS: 354 go";
    let (mut connection, _peer) = connected(&["PIPELINING"], dialogue).await;
    let mut fates = Vec::new();
    let report = |_, result: Result<_, _>| fates.push(result.fate());
    connection.deliver_all((0..2).map(message), report).await.expect_err("it is lost");
    assert_eq!(fates[0], "Unknown permanent Server - | 250:unknown 452:unsent");
}

/// As above, where the server takes no further transaction (MAILMAX): the part that it was sent is
/// unknown all the same.
#[tokio::test(start_paused = true)]
async fn too_few_replies_to_a_part_of_a_message_at_the_limit_of_transactions() {
    let dialogue = "C: MAIL *\nC: RCPT TO:<a@*\nS: 250 ok\nS: 250 a
                    C: BDAT 3 LAST\nC: 0\nC: RSET\nC: MAIL *\nC: RCPT TO:<a@*
                    S: 250 reset\nS: 550 no\nS: 503 none\n-- silence --";
    let offers = &["PIPELINING", "CHUNKING", "LIMITS RCPTMAX=1 MAILMAX=2"];
    let (mut connection, _peer) = connected(offers, dialogue).await;
    connection.set_transfer(Transfer::chunks());
    let mut fates = Vec::new();
    let report = |_, result: Result<_, _>| fates.push(result.fate());
    connection.deliver_all((0..2).map(message), report).await.expect_err("it is lost");
    assert_eq!(fates[0], "Unknown permanent Network - | 250:unknown -:unsent", "{fates:?}");
}

/// A message is reported as soon as the commands in its flight are answered, and not later.
#[tokio::test(start_paused = true)]
async fn a_message_is_reported_before_the_next_one_is_answered() {
    let dialogue = format!(
        "{COMMANDS}{OPENED}C: 0\nC: .\nC: RSET\n{COMMANDS}S: 250 0a\nS: 452 0b\nS: 250 reset\n{OPENED}
         C: 1\nC: .\n-- wait 1m --\nS: 250 1a\nS: 250 1b"
    );
    let (mut connection, peer) = connected(&["PIPELINING"], &dialogue).await;
    let began = Instant::now();
    let mut times = Vec::new();
    let report = |_, result: Result<Receipt, DeliverError>| {
        result.expect("delivered");
        times.push(began.elapsed().as_secs());
    };
    connection.deliver_all((0..2).map(message), report).await.expect("a session");
    assert_eq!(times, [0, 60]);
    peer.finish();
}
