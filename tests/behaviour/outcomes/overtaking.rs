//! Servers that refuse what follows a message before they have answered it.

use smtp::command::{Mail, Rcpt};
use smtp::{Body, Connection, Mailbox, Transfer};
use tests::{Fate as _, Mta, server, slow};

use super::{CHUNKING, PIPELINING, connect, deliver_all, deliver_to, envelope, mailboxes};

/// One flight is refused, and from then on the connection waits for each message's reply.
#[tokio::test(start_paused = true)]
async fn all_messages_arrive_once() {
    for offers in [PIPELINING, CHUNKING] {
        for transfer in [Transfer::data(), Transfer::chunks(), Transfer::eager()] {
            let mta = Mta { refuses_what_follows_a_message: true, ..Mta::offering(offers) };
            let envelopes: Vec<_> = (0..300).map(|n| envelope(&[&format!("a{n}"), "b"])).collect();
            let messages = envelopes.iter().zip((0..300).map(|number| format!("{number}\r\n")));
            let (result, fates, inbox) = deliver_to(mta, transfer.clone(), messages).await;
            result.expect("a session");
            assert_eq!(fates, vec!["Delivered 250 | 250:ok 250:ok"; 300], "{transfer:?}");
            assert_eq!(inbox.messages.len(), 300, "{transfer:?}");
            let mailboxes = mailboxes(&inbox);
            for number in 0..300 {
                let got = |name: &str| format!("<{name}@example.org> {number}");
                for line in [got(&format!("a{number}")), got("b")] {
                    assert!(mailboxes.contains(&line), "{transfer:?}: {line}");
                }
            }
            let sent = inbox.commands.iter().filter(|line| line.starts_with("MAIL")).count();
            assert!(sent <= 300 + 8, "{transfer:?}: {sent}");
        }
    }
}

const GROUP: &str = "C: MAIL *\nC: RCPT *\nC: DATA\n";
const OPENED: &str = "S: 250 ok\nS: 250 ok\nS: 354 go\n";
const REFUSED: &str = "S: 503 no\nS: 503 no\nS: 503 no\nS: 503 no\n";

/// The server's reply to the message itself stands, and the next message begins again.
#[tokio::test(start_paused = true)]
async fn the_transaction_begins_again_in_a_flight_of_its_own() {
    for (said, fate) in [
        ("250 taken", "Delivered 250 | 250:ok"),
        ("554 no", "Refused permanent Server 554 | 250:554"),
        ("451 no", "Refused transient Server 451 | 250:451"),
    ] {
        let dialogue = format!(
            "{GROUP}{OPENED}C: 0\nC: .\nC: RSET\n{GROUP}S: {said}\n{REFUSED}
             C: RSET\n{GROUP}S: 250 reset\n{OPENED}C: 1\nC: .\nS: 250 taken
             {GROUP}{OPENED}C: 2\nC: .\nS: 250 taken"
        );
        let (mut connection, peer) = connect(Transfer::data(), PIPELINING, &dialogue).await;
        let envelope = envelope(&["a"]);
        let messages = (0..3).map(|number| (&envelope, format!("{number}\r\n")));
        let (result, fates) = deliver_all(&mut connection, messages).await;
        result.expect("a session");
        assert_eq!(fates, [fate, "Delivered 250 | 250:ok", "Delivered 250 | 250:ok"]);
        peer.finish();
    }
}

/// The refused flight says nothing of its message, however the connection ends.
#[tokio::test(start_paused = true)]
async fn a_connection_that_ends_before_it_begins_again() {
    for replies in 0..4 {
        let refused: String = REFUSED.split_inclusive('\n').take(replies).collect();
        for (end, blame) in [("-- close --", "Network -"), ("S: 421 closing", "Server 421")] {
            let dialogue =
                format!("{GROUP}{OPENED}C: 0\nC: .\nC: RSET\n{GROUP}S: 250 taken\n{refused}{end}");
            let (mut connection, _) = connect(Transfer::data(), PIPELINING, &dialogue).await;
            let envelope = envelope(&["a"]);
            let messages = [(&envelope, "0\r\n"), (&envelope, "1\r\n")];
            let (result, fates) = deliver_all(&mut connection, messages).await;
            result.expect_err("the connection is gone");
            assert_eq!(fates[0], "Delivered 250 | 250:ok", "{dialogue}");
            let second = &fates[1];
            assert!(
                second.starts_with(&format!("Lost transient {blame} ")),
                "{dialogue}: {second}"
            );
            assert!(!second.contains("503"), "{dialogue}: {second}");
        }
    }
}

/// A server that is known to refuse such commands never gets any.
#[tokio::test(start_paused = true)]
async fn commands_do_not_follow_a_message_where_the_caller_says_so() {
    for (transfer, offers) in [
        (Transfer::data(), PIPELINING),
        (Transfer::chunks(), CHUNKING),
        (Transfer::eager(), CHUNKING),
    ] {
        let mta = Mta { refuses_what_follows_a_message: true, ..Mta::offering(offers) };
        let envelope = envelope(&["a"]);
        let messages = (0..5).map(|number| (&envelope, format!("{number}\r\n")));
        let transfer = transfer.commands_follow_message(false);
        let (result, fates, inbox) = deliver_to(mta, transfer.clone(), messages).await;
        result.expect("a session");
        assert_eq!(fates, ["Delivered 250 | 250:ok"; 5], "{transfer:?}");
        let sent = inbox.commands.iter().filter(|line| line.starts_with("MAIL")).count();
        assert_eq!(sent, 5, "{transfer:?}");
    }
}

/// The connection has learned it for all calls that follow.
#[tokio::test(start_paused = true)]
async fn a_connection_remembers_what_its_server_refuses() {
    let mta = Mta { refuses_what_follows_a_message: true, ..Mta::offering(PIPELINING) };
    let (stream, inbox) = mta.start();
    let mut connection = Connection::from_stream(stream, &server()).await.expect("EHLO");
    let envelope = envelope(&["a"]);
    for _ in 0..3 {
        let messages = (0..3).map(|number| (&envelope, format!("{number}\r\n")));
        let (result, fates) = deliver_all(&mut connection, messages).await;
        result.expect("a session");
        assert_eq!(fates, ["Delivered 250 | 250:ok"; 3]);
    }
    drop(connection);
    let inbox = inbox.await.expect("a server");
    assert_eq!(inbox.messages.len(), 9);
    let sent = inbox.commands.iter().filter(|line| line.starts_with("MAIL")).count();
    assert_eq!(sent, 10, "one was refused");
}

/// A group is sent as it stands: its second message is refused, and the session is intact.
#[tokio::test(start_paused = true)]
async fn a_group_goes_on_after_such_a_refusal() {
    let mta = Mta { refuses_what_follows_a_message: true, ..Mta::offering(PIPELINING) };
    let (stream, inbox) = mta.start();
    let connection = Connection::from_stream(stream, &server()).await.expect("EHLO");
    let mailbox = |address: &str| address.parse::<Mailbox>().expect("an address");
    let mail = || Mail::from(mailbox("me@example.com"));
    let rcpt = || Rcpt::to(mailbox("a@example.org"));
    let group = connection.pipeline().mail(mail()).rcpt(rcpt()).data("one\r\n");
    let (connection, outcomes) = group.mail(mail()).rcpt(rcpt()).data("two\r\n").await;
    let (_, _, one, second, _, two) = outcomes;
    assert_eq!((one.end.fate(), second.fate()), ("ok".to_owned(), "503".to_owned()));
    assert_eq!(two.end.fate(), "AfterRefused");
    let mut connection = connection.expect("the session goes on");
    connection.deliver(&envelope(&["b"]), "three\r\n").await.expect("delivered");
    drop(connection);
    let inbox = inbox.await.expect("a server");
    assert_eq!(mailboxes(&inbox), ["<a@example.org> one", "<b@example.org> three"]);
}

/// A source that was read from cannot be read again: its message is refused for now, with what the
/// server said, and its recipients get no other message.
#[tokio::test(start_paused = true)]
async fn a_source_that_was_read_does_not_begin_again() {
    let order = [[false, false, true, false], [false, true, false, true], [true, true, true, true]];
    for sources in order {
        for transfer in [Transfer::chunks(), Transfer::eager(), Transfer::eager().chunk_size(2)] {
            let mta = Mta { refuses_what_follows_a_message: true, ..Mta::offering(CHUNKING) };
            let names = ["a", "b", "c", "d"];
            let messages = names.iter().zip(sources).map(|(name, source)| {
                let text: &'static str = match *name {
                    "a" => "a\r\n",
                    "b" => "b\r\n",
                    "c" => "c\r\n",
                    _ => "d\r\n",
                };
                let body = if source { slow([(0, Some(text))]) } else { Body::from(text) };
                (envelope(&[name]), body)
            });
            let (result, fates, inbox) = deliver_to(mta, transfer.clone(), messages).await;
            result.expect("a session");
            let mut delivered = Vec::new();
            for (name, fate) in names.iter().zip(&fates) {
                if fate == "Delivered 250 | 250:ok" {
                    delivered.push(format!("<{name}@example.org> {name}"));
                } else {
                    let refused = fate.starts_with("Refused transient Server 503 | ");
                    assert!(refused, "{transfer:?} {sources:?}: {fates:?}");
                }
            }
            let mut got = mailboxes(&inbox);
            got.sort();
            assert_eq!(got, delivered, "{transfer:?} {sources:?}: {fates:?}");
        }
    }
}

/// Also when the message that cannot begin again is the last of its call.
#[tokio::test(start_paused = true)]
async fn the_next_call_does_not_meet_its_recipients() {
    let mta = Mta { refuses_what_follows_a_message: true, ..Mta::offering(CHUNKING) };
    let (stream, inbox) = mta.start();
    let mut connection = Connection::from_stream(stream, &server()).await.expect("EHLO");
    connection.set_transfer(Transfer::eager());
    let messages = [
        (envelope(&["a"]), Body::from("a\r\n")),
        (envelope(&["b"]), Body::from("b\r\n")),
        (envelope(&["c"]), slow([(0, Some("c\r\n"))])),
    ];
    let (result, fates) = deliver_all(&mut connection, messages).await;
    result.expect("a session");
    assert!(fates[2].starts_with("Refused transient Server 503 | "), "{fates:?}");
    let next = connection.deliver(&envelope(&["e"]), "e\r\n").await;
    assert_eq!(next.fate(), "Delivered 250 | 250:ok");
    drop(connection);
    let inbox = inbox.await.expect("a server");
    assert!(mailboxes(&inbox).contains(&"<e@example.org> e".to_owned()));
    assert!(!mailboxes(&inbox).contains(&"<c@example.org> e".to_owned()));
}
