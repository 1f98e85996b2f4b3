//! Messages that take more than one transaction: each goes on to its last recipient, and only those
//! that were named may have got what was not answered.

use smtp::Transfer;
use smtp::connection::Stopped;
use tests::{Fate as _, Mta};

use super::{CHUNKING, NOTHING, PIPELINING, connect, deliver_all, deliver_to, envelope, mailboxes};

const ONE_EACH: &[&str] = &["PIPELINING", "CHUNKING", "LIMITS RCPTMAX=1"];

/// Servers that take one recipient in a transaction: some say so, some say 452, and each in all
/// ways of sending.
fn servers() -> Vec<(Mta, Transfer)> {
    let transfers = || [Transfer::data(), Transfer::chunks(), Transfer::eager()];
    let mut all = Vec::new();
    for offers in [ONE_EACH, CHUNKING, PIPELINING, NOTHING] {
        let mta = Mta { most_recipients: 1, ..Mta::offering(offers) };
        all.extend(transfers().map(|transfer| (mta, transfer)));
    }
    all
}

/// A message is refused in a flight that overtakes another one of which recipients are left.
#[tokio::test(start_paused = true)]
async fn all_recipients_of_messages_in_flight_are_asked() {
    let rows: [(&'static [(&str, &str)], [&str; 2], &[&str]); 4] = [
        (
            &[],
            ["Delivered 250 | 250:ok 250:ok"; 2],
            &["<a@example.org> 0", "<b@example.org> 0", "<c@example.org> 1", "<d@example.org> 1"],
        ),
        (
            &[("<c@", "550 no")],
            ["Delivered 250 | 250:ok 250:ok", "Delivered 250 | 550:550 250:ok"],
            &["<a@example.org> 0", "<b@example.org> 0", "<d@example.org> 1"],
        ),
        (
            &[("<c@", "550 no"), ("<d@", "450 no")],
            ["Delivered 250 | 250:ok 250:ok", "Refused transient Server 450 | 550:550 450:450"],
            &["<a@example.org> 0", "<b@example.org> 0"],
        ),
        (
            &[("<b@", "550 no"), ("<c@", "550 no")],
            ["Delivered 250 | 250:ok 550:550", "Delivered 250 | 550:550 250:ok"],
            &["<a@example.org> 0", "<d@example.org> 1"],
        ),
    ];
    for (refuses, fates, expected) in rows {
        for (mta, transfer) in servers() {
            let case = format!("{refuses:?} {mta:?} {transfer:?}");
            let (one, two) = (envelope(&["a", "b"]), envelope(&["c", "d"]));
            let messages = [(&one, "0\r\n".to_owned()), (&two, "1\r\n".to_owned())];
            let (result, told, inbox) =
                deliver_to(Mta { refuses, ..mta }, transfer, messages).await;
            assert_eq!(result.expect("a session"), Stopped::Exhausted, "{case}");
            assert_eq!(told, fates, "{case}");
            assert_eq!(mailboxes(&inbox), expected, "{case}");
        }
    }
}

/// The replies to the end of a message and to all that followed it come in one read.
#[tokio::test(start_paused = true)]
async fn the_end_of_one_message_and_the_refusal_of_the_next_in_one_read() {
    let group = |name: &str| format!("C: MAIL *\nC: RCPT TO:<{name}@*\nC: DATA\n");
    let opened = "S: 250 ok\nS: 250 ok\nS: 354 go\n";
    for (refused, after) in [
        ("S: 250 ok\nS: 550 no\nS: 554 no\n", ""),
        ("S: 450 no\nS: 503 no\nS: 503 no\n", ""),
        ("S: 250 ok\nS: 250 ok\nS: 554 no\n", ""),
        ("S: 250 ok\nS: 550 no\nS: 354 go\n", "C: .\nS: 554 no\n"),
    ] {
        let refusal = !refused.starts_with("S: 450");
        let reset = if refusal { ["C: RSET\n", "S: 250 ok\n"] } else { ["", ""] };
        let recipients = if refused.contains("550") { 2 } else { 1 };
        let mut dialogue = format!(
            "{}{opened}C: 0\nC: .\nC: RSET\n{}S: 250 taken\nS: 250 reset\n{refused}{after}",
            group("a"),
            group("c"),
        );
        // The rest of the first message, and of the second where only its recipient was refused.
        dialogue = format!("{dialogue}{}{}{}{opened}C: 0\nC: .\n", reset[0], group("b"), reset[1]);
        if recipients == 2 {
            dialogue = format!(
                "{dialogue}C: RSET\n{}S: 250 taken\nS: 250 reset\n{opened}C: 1\nC: .\nS: 250 taken\n",
                group("d")
            );
        } else {
            dialogue += "S: 250 taken\n";
        }
        let (mut connection, peer) = connect(Transfer::data(), ONE_EACH, &dialogue).await;
        let messages = [(envelope(&["a", "b"]), "0\r\n"), (envelope(&["c", "d"]), "1\r\n")];
        let (result, fates) = deliver_all(&mut connection, messages).await;
        result.expect("a session");
        assert_eq!(fates[0], "Delivered 250 | 250:ok 250:ok", "{dialogue}");
        assert_eq!(fates.len(), 2, "{dialogue}");
        peer.finish();
    }
}

/// The connection ends after a final dot: only those who were named in that transaction may have
/// got the message.
#[tokio::test(start_paused = true)]
async fn recipients_that_were_never_named_have_got_nothing() {
    let (limited, full) = (ONE_EACH, &ONE_EACH[..2]);
    let data = |name: &str| {
        format!(
            "C: MAIL *\nC: RCPT TO:<{name}@*\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: x\nC: .\n"
        )
    };
    let bdat = |name: &str| {
        format!("C: MAIL *\nC: RCPT TO:<{name}@*\nC: BDAT *\nC: x\nS: 250 ok\nS: 250 ok\n")
    };
    let all = "C: MAIL *\nC: RCPT TO:<a@*\nC: RCPT TO:<b@*\nC: RCPT TO:<c@*\n";
    let too_many = "S: 250 ok\nS: 250 ok\nS: 452 no\nS: 452 no\n";
    let unknown = "Unknown permanent Network - |";
    let rows = [
        (limited, Transfer::data(), data("a"), format!("{unknown} 250:unknown -:unsent -:unsent")),
        (
            limited,
            Transfer::data(),
            format!("{}S: 250 taken\n{}", data("a"), data("b")),
            format!("{unknown} 250:ok 250:unknown -:unsent"),
        ),
        (
            limited,
            Transfer::data(),
            format!("{}S: 250 taken\n", data("a")),
            "Delivered 250 | 250:ok -:unsent -:unsent".to_owned(),
        ),
        (
            limited,
            Transfer::data(),
            format!("{}S: 250 taken\n{}", data("a"), "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 550 no\n"),
            "Delivered 250 | 250:ok 550:550 -:unsent".to_owned(),
        ),
        (limited, Transfer::eager(), bdat("a"), format!("{unknown} 250:unknown -:unsent -:unsent")),
        (
            full,
            Transfer::data(),
            format!("{all}C: DATA\n{too_many}S: 354 go\nC: x\nC: .\n"),
            format!("{unknown} 250:unknown 452:unsent 452:unsent"),
        ),
        (
            full,
            Transfer::eager(),
            format!("{all}C: BDAT *\nC: x\n{too_many}"),
            format!("{unknown} 250:unknown 452:unsent 452:unsent"),
        ),
        (
            full,
            Transfer::chunks(),
            format!("{all}{too_many}C: BDAT *\nC: x\n"),
            format!("{unknown} 250:unknown 452:unsent 452:unsent"),
        ),
        (
            NOTHING,
            Transfer::data(),
            "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: RCPT *\nS: 452 no\nC: RCPT *\nS: 452 no\nC: DATA\nS: 354 go\nC: x\nC: .\n".into(),
            format!("{unknown} 250:unknown 452:unsent 452:unsent"),
        ),
    ];
    for (offers, transfer, dialogue, expected) in rows {
        for end in ["-- close --", "-- reset --", "-- silence --"] {
            let dialogue = format!("{dialogue}{end}");
            let (mut connection, _) = connect(transfer.clone(), offers, &dialogue).await;
            let result = connection.deliver(&envelope(&["a", "b", "c"]), "x\r\n").await;
            assert_eq!(result.fate(), expected, "{transfer:?} {dialogue}");

            let (mut connection, _) = connect(transfer.clone(), offers, &dialogue).await;
            let messages = [(envelope(&["a", "b", "c"]), "x\r\n")];
            let (result, fates) = deliver_all(&mut connection, messages).await;
            result.expect_err("the connection is gone");
            assert_eq!(fates, std::slice::from_ref(&expected), "{transfer:?} {dialogue}");
        }
    }
}

/// A transaction that has named recipients was something: what is lost then is not "nothing sent".
#[tokio::test(start_paused = true)]
async fn a_message_lost_between_two_transactions_was_begun() {
    let one: &[&str] = &["LIMITS RCPTMAX=1"];
    let opened = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 550 no\nC: RSET\n";
    let rows = [
        format!("{opened}-- close --"),
        format!("{opened}S: 250 ok\n-- close --"),
        format!("{opened}S: 250 ok\nC: MAIL *\nS: 250 ok\nC: RCPT *\n-- close --"),
        format!("{opened}S: 421 closing\n-- close --"),
        format!("{opened}-- reset --"),
    ];
    for dialogue in rows {
        let (mut connection, _peer) = connect(Transfer::data(), one, &dialogue).await;
        let error = connection.deliver(&envelope(&["a", "b"]), "x\r\n").await;
        let fate = error.fate();
        assert!(fate.starts_with("Lost transient "), "{dialogue}: {fate}");
        assert!(fate.contains("| 550:550 "), "{dialogue}: {fate}");
    }
}
