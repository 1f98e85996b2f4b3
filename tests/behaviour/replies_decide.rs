//! Replies that have arrived decide, in any way in which the connection ends after them.

mod content;
mod groups;
mod sessions;

use smtp::command::Noop;
use smtp::state::Greeted;
use smtp::{Connection, Envelope, Error, Transfer};
use tests::{Fate as _, greeted, script};

/// How a connection ends after a reply that decides.
const ENDS: [&str; 5] =
    ["-- close --", "-- reset --", "-- silence --", "S: 421 4.3.2 closing", "S: garbage"];

/// As many bytes as a write takes: all of them, or so few that the connection ends while more
/// waits to be written, and writing fails.
const WRITES: [usize; 2] = [usize::MAX, 7];

const NOTHING: &[&str] = &[];
const PIPELINING: &[&str] = &["PIPELINING"];
const CHUNKING: &[&str] = &["PIPELINING", "CHUNKING"];

fn envelope(recipients: usize) -> Envelope {
    let recipients = (0..recipients).map(|number| format!("you{number}@example.org"));
    Envelope::new("me@example.com", recipients).expect("addresses")
}

/// A row: how messages travel, how many recipients there are, what is said, and what becomes of it.
type Row = (&'static [&'static str], fn() -> Transfer, usize, &'static str, &'static str);

fn chunks() -> Transfer {
    Transfer::chunks().chunk_size(3)
}

fn small_eager() -> Transfer {
    Transfer::eager().chunk_size(3)
}

const BODY: &str = "a\r\nb\r\nc\r\n";

const FLIGHT: &str = "C: MAIL *\nC: RCPT *\nC: DATA\n";

/// Delivers, and says what became of it. The connection is gone.
async fn lost(row: Row, end: &str, write: usize) -> String {
    let (offers, transfer, recipients, dialogue, _) = row;
    let dialogue = format!("{dialogue}\n{end}").replace("FLIGHT\n", FLIGHT);
    let (mut connection, peer) = greeted(script(offers, &dialogue).write_limit(write)).await;
    connection.set_transfer(transfer());
    let result = connection.deliver(&envelope(recipients), BODY).await;
    is_gone(&mut connection).await;
    assert!(peer.is_closed(), "{dialogue}");
    result.fate()
}

/// Nothing can be said over the connection any more.
async fn is_gone(connection: &mut Connection<Greeted>) {
    let result = connection.send(Noop).await;
    assert!(matches!(result, Err(Error::Lost(_))), "{result:?}");
}

/// A refusal that came before the connection ended, while other replies are due.
#[tokio::test(start_paused = true)]
#[allow(clippy::too_many_lines, reason = "it is a table")]
async fn a_refusal_decides_however_the_connection_ends() {
    let data: fn() -> Transfer = Transfer::data;
    let rows: [Row; 18] = [
        (PIPELINING, data, 1, "FLIGHT\nS: 550 5.7.1 list", "Lost permanent Server 550 | -:550"),
        (PIPELINING, data, 1, "C: MAIL *\nS: 550 list", "Lost permanent Server 550 | -:550"),
        (PIPELINING, data, 1, "C: MAIL *\nS: 450 later", "Lost transient Server 450 | -:450"),
        (PIPELINING, data, 2, "C: MAIL *\nS: 550 list", "Lost permanent Server 550 | -:550 -:550"),
        // The fate of a recipient without a sender follows from that refusal.
        (
            PIPELINING,
            data,
            2,
            "C: MAIL *\nC: RCPT *\nC: RCPT *\nS: 450 later\nS: 503 sender?",
            "Lost transient Server 450 | 503:450 -:450",
        ),
        (
            PIPELINING,
            data,
            1,
            "FLIGHT\nS: 250 ok\nS: 521 no mail here",
            "Lost permanent Server 521 | 521:521",
        ),
        (
            PIPELINING,
            data,
            1,
            "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 450 later",
            "Lost transient Server 450 | 450:450",
        ),
        (
            PIPELINING,
            data,
            2,
            "C: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 450 later\nS: 550 who?",
            "Lost transient Server 450 | 450:450 550:550",
        ),
        (
            PIPELINING,
            data,
            2,
            "C: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 550 who?\nS: 551 who?",
            "Lost permanent Server 551 | 550:550 551:551",
        ),
        // An empty message without recipients is not answered.
        (
            PIPELINING,
            data,
            1,
            "FLIGHT\nS: 250 ok\nS: 550 who?\nS: 354 go\nC: .",
            "Lost permanent Server 550 | 550:550",
        ),
        (
            PIPELINING,
            data,
            1,
            "FLIGHT\nS: 450 later\nS: 503 who?\nS: 354 go\nC: .",
            "Lost transient Server 450 | 503:450",
        ),
        (
            CHUNKING,
            chunks,
            1,
            "C: MAIL *\nC: RCPT *\nS: 550 list",
            "Lost permanent Server 550 | -:550",
        ),
        (
            CHUNKING,
            chunks,
            1,
            "C: MAIL *\nC: RCPT *\nS: 250 ok\nS: 250 ok\nC: BDAT 3\nC: a\nS: 552 too large",
            "Lost permanent Server 552 | 250:552",
        ),
        (
            CHUNKING,
            chunks,
            1,
            "C: MAIL *\nC: RCPT *\nS: 250 ok\nS: 250 ok\nC: BDAT 3\nC: a\nC: BDAT 3\nC: b
             S: 250 ok\nS: 452 full",
            "Lost transient Server 452 | 250:452",
        ),
        (CHUNKING, small_eager, 1, "C: MAIL *\nS: 550 list", "Lost permanent Server 550 | -:550"),
        (
            CHUNKING,
            small_eager,
            1,
            "C: MAIL *\nC: RCPT *\nS: 250 ok\nS: 521 no mail",
            "Lost permanent Server 521 | 521:521",
        ),
        (
            CHUNKING,
            small_eager,
            2,
            "C: MAIL *\nC: RCPT *\nC: RCPT *\nS: 250 ok\nS: 450 later\nS: 550 who?",
            "Lost transient Server 450 | 450:450 550:550",
        ),
        (
            CHUNKING,
            small_eager,
            1,
            "C: MAIL *\nC: RCPT *\nS: 250 ok\nS: 250 ok\nC: BDAT 3\nC: a\nS: 552 too large",
            "Lost permanent Server 552 | 250:552",
        ),
    ];
    let mut wrong = Vec::new();
    for row in rows {
        for (end, write) in ENDS.iter().flat_map(|end| WRITES.map(|write| (end, write))) {
            let fate = lost(row, end, write).await;
            if fate != row.4 {
                wrong.push(format!("{} {end} {write}: {fate}, not {}", row.3, row.4));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A call whose last reply comes in one read with the end of the session may see that too: it is
/// refused, or lost after the refusal.
fn at_once(fate: &str, end: &str) -> String {
    if end.starts_with("S: ") { fate.replace("Lost", "Refused") } else { fate.to_owned() }
}

/// A refusal after which nothing is due is the end of the call; the connection ends for the next.
#[tokio::test(start_paused = true)]
async fn the_last_reply_of_a_message_is_its_result() {
    let step = "C: MAIL *\nS: 250 ok\nC: RCPT *\n";
    let flight = "C: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA\nS: 250 ok\n";
    let both = "S: 450 4.7.1 greylisted\nS: 550 5.1.1 unknown\n";
    let rows = [
        (NOTHING, 1, "C: MAIL *\nS: 550 list".to_owned(), "Refused permanent Server 550 | -:550"),
        (NOTHING, 1, "C: MAIL *\nS: 450 list".to_owned(), "Refused transient Server 450 | -:450"),
        (NOTHING, 1, format!("{step}S: 521 no"), "Refused permanent Server 521 | 521:521"),
        (
            NOTHING,
            2,
            format!("{step}S: 450 later\nC: RCPT *\nS: 550 who?"),
            "Refused transient Server 450 | 450:450 550:550",
        ),
        (
            NOTHING,
            1,
            format!("{step}S: 250 ok\nC: DATA\nS: 554 no"),
            "Refused permanent Server 554 | 250:554",
        ),
        (
            PIPELINING,
            2,
            format!("{flight}{both}S: 554 nobody"),
            "Refused transient Server 450 | 450:450 550:550",
        ),
        (
            PIPELINING,
            2,
            format!("{flight}S: 450 later\nS: 250 ok\nS: 554 no"),
            "Refused transient Server 554 | 450:450 250:554",
        ),
        (
            PIPELINING,
            2,
            format!("{flight}{both}S: 354 go\nC: .\nS: 554 nobody"),
            "Refused transient Server 450 | 450:450 550:550",
        ),
        (
            PIPELINING,
            2,
            flight.replace("S: 250", "S: 451") + "S: 503 no\nS: 503 no\nS: 503 no",
            "Refused transient Server 451 | 503:451 503:451",
        ),
    ];
    for (offers, recipients, dialogue, expected) in rows {
        for end in ENDS {
            let dialogue = format!("{dialogue}\n{end}");
            let (mut connection, _) = greeted(script(offers, &dialogue)).await;
            let result = connection.deliver(&envelope(recipients), BODY).await;
            assert_eq!(at_once(&result.fate(), end), expected, "{dialogue}");
            is_gone(&mut connection).await;
        }
    }
}

/// Where the server has refused some recipients and not all, the end of the connection decides.
#[tokio::test(start_paused = true)]
async fn an_undecided_message_is_lost_by_the_end_of_the_connection() {
    let rows = [
        (
            PIPELINING,
            "C: MAIL *\nC: RCPT *\nC: RCPT *\nS: 250 ok\nS: 250 ok\nS: 550 who?\n",
            "250:unsent 550:550",
        ),
        (
            PIPELINING,
            "C: MAIL *\nC: RCPT *\nC: RCPT *\nS: 250 ok\nS: 550 who?\n",
            "550:550 -:unsent",
        ),
        (PIPELINING, "C: MAIL *\nC: RCPT *\nC: RCPT *\nS: 250 ok\n", "-:unsent -:unsent"),
        (NOTHING, "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 550 who?\nC: RCPT *\n", "550:550 -:unsent"),
    ];
    for (offers, dialogue, recipients) in rows {
        for (end, blame) in [
            ("-- close --", "Network"),
            ("-- reset --", "Network"),
            ("-- silence --", "Network"),
            ("S: bogus", "Server"),
        ] {
            let dialogue = format!("{dialogue}{end}");
            let (mut connection, _) = greeted(script(offers, &dialogue)).await;
            let result = connection.deliver(&envelope(2), BODY).await;
            let expected = format!("Lost transient {blame} - | {recipients}");
            assert_eq!(result.fate(), expected, "{dialogue}");
        }
    }
}

/// A RSET that is refused ends the next call, and takes nothing back of what the last one said.
#[tokio::test(start_paused = true)]
async fn a_refused_reset_is_of_the_next_call() {
    let flight = "C: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA\nS: 250 ok\n";
    for (reset, code) in
        [("S: 500 what?", None), ("S: 421 closing", Some(421)), ("-- close --", None)]
    {
        let dialogue = format!(
            "{flight}S: 450 4.7.1 greylisted\nS: 550 5.1.1 unknown\nS: 554 no\nC: RSET\n{reset}"
        );
        let (mut connection, _) = greeted(script(PIPELINING, &dialogue)).await;
        let result = connection.deliver(&envelope(2), BODY).await;
        assert_eq!(result.fate(), "Refused transient Server 450 | 450:450 550:550");
        let Err(Error::Lost(lost)) = connection.send(Noop).await else {
            panic!("{reset}: the session is over");
        };
        assert_eq!(lost.reply().map(|reply| reply.code().value()), code, "{reset}");
        assert!(lost.is_transient(), "{reset}: {lost}");
    }
}
