//! Replies that have arrived decide EHLO, AUTH and streams of messages.

use smtp::auth::{Challenge, MechanismError, Step};
use smtp::connection::TransitionError;
use smtp::error::{Blame, Fault};
use smtp::testing::Script;
use smtp::{Connection, Error, Lost, Mechanism, Plain, Secret, Transfer};
use tests::{Fate as _, error, greeted, script, secured, server};

use super::{CHUNKING, ENDS, PIPELINING, envelope};

/// The ends of a connection that say nothing.
const SILENT: [&str; 4] = ["-- close --", "-- reset --", "-- silence --", "S: garbage"];

#[tokio::test(start_paused = true)]
async fn a_refused_ehlo_decides() {
    for (code, transient) in [(500, false), (502, false), (504, false), (550, false), (450, true)] {
        for end in SILENT {
            let dialogue = format!("S: 220 hi\nC: EHLO *\nS: {code} 5.5.1 what?\n{end}");
            for write in [usize::MAX, 3] {
                let (stream, _) = Script::new(&dialogue).write_limit(write).start();
                let failed = error(Connection::from_stream(stream, &server()).await);
                let reply = failed.reply().map(|reply| reply.code().value());
                assert_eq!(reply, Some(code), "{dialogue}: {failed}");
                assert_eq!(failed.blame(), Blame::Server, "{dialogue}");
                assert_eq!(failed.is_transient(), transient, "{dialogue}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_greeting_decides() {
    for (code, transient) in [(554, false), (450, true), (421, true)] {
        for end in SILENT {
            let (stream, _) = Script::new(&format!("S: {code} no\n{end}")).start();
            let failed = error(Connection::from_stream(stream, &server()).await);
            assert_eq!(failed.reply().map(|reply| reply.code().value()), Some(code), "{failed}");
            assert_eq!((failed.blame(), failed.is_transient()), (Blame::Server, transient));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_decides() {
    for (code, transient) in [(535, false), (454, true)] {
        for end in ENDS {
            let dialogue = format!("C: AUTH PLAIN *\nS: {code} no\n{end}");
            let (connection, _) = secured(&["AUTH PLAIN"], &dialogue).await;
            let result = connection.authenticate(&mut Plain::new("me", "pencil")).await;
            let Err(TransitionError::Refused(refused)) = result else {
                panic!("{dialogue}: {result:?}");
            };
            assert_eq!(refused.refusal.reply().map(|reply| reply.code().value()), Some(code));
            assert_eq!(refused.refusal.is_transient(), transient);
        }
    }
}

/// Gives up at the first challenge.
struct GivesUp;

impl Mechanism for GivesUp {
    fn name(&self) -> &'static str {
        "X-GIVES-UP"
    }
    fn reveals_secret(&self) -> bool {
        false
    }
    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        Ok(None)
    }
    fn respond(&mut self, _: Challenge<'_>) -> Result<Step, MechanismError> {
        Err(MechanismError::new("the challenge is stale"))
    }
}

/// Why a mechanism gave up is told although the server does not answer the cancellation.
#[tokio::test(start_paused = true)]
async fn a_mechanism_that_gave_up_decides() {
    for end in SILENT {
        let dialogue = format!("C: AUTH X-GIVES-UP\nS: 334 eA==\nC: \\*\n{end}");
        let (connection, _) = secured(&["AUTH X-GIVES-UP"], &dialogue).await;
        let failed = error(connection.authenticate(&mut GivesUp).await);
        assert!(matches!(failed, Error::Lost(_)), "{end}: {failed}");
        assert!(failed.to_string().contains("stale"), "{end}: {failed}");
        assert!(!failed.is_transient(), "{end}: {failed}");
    }
}

/// Whether a connection was lost as this end says.
fn is_by(lost: &Lost, end: &str) -> bool {
    match lost.fault() {
        Fault::Closed => end == "-- close --",
        // A write to a stream that is gone reports that first.
        Fault::Io(_) => end == "-- close --" || end == "-- reset --",
        Fault::TimedOut(_) => end == "-- silence --",
        Fault::Closing(reply) => end == "S: 421 4.3.2 closing" && reply.code().value() == 421,
        Fault::Protocol(_) => end == "S: garbage",
        _ => false,
    }
}

/// Delivers four messages: what becomes of each, in their order, and how the connection was lost.
async fn stream(
    transfer: Transfer,
    offers: &[&str],
    dialogue: &str,
) -> (Vec<String>, Lost, Vec<Lost>) {
    let (mut connection, _) = greeted(script(offers, dialogue)).await;
    connection.set_transfer(transfer);
    let envelope = envelope(1);
    let (mut fates, mut each) = (Vec::new(), Vec::new());
    let messages = (0..4).map(|number| (&envelope, format!("{number}\r\n")));
    let lost = connection
        .deliver_all(messages, |index, result| {
            fates.push((index, result.fate()));
            each.extend(result.err().and_then(|error| error.lost().cloned()));
        })
        .await
        .expect_err("the connection is gone");
    fates.sort();
    let indices: Vec<_> = fates.iter().map(|(index, _)| *index).collect();
    assert_eq!(indices, (0..fates.len()).collect::<Vec<_>>(), "each once");
    (fates.into_iter().map(|(_, fate)| fate).collect(), lost, each)
}

/// The cause is what `deliver_all` returns, and what each message of the window has.
#[tokio::test(start_paused = true)]
async fn the_cause_is_told_to_each_message_of_a_stream() {
    let group = "C: MAIL *\nC: RCPT *\nC: DATA\n";
    let ok = "S: 250 ok\nS: 250 ok\n";
    let opened = format!("{group}{ok}S: 354 go\n");
    let overtaking = format!("{opened}C: 0\nC: .\nC: RSET\n{group}");
    let eager = |number| format!("C: MAIL *\nC: RCPT *\nC: BDAT 3 LAST\nC: {number}\n");
    let window = format!(
        "{}{ok}S: 250 taken\n{}C: RSET\n{}C: RSET\n{}",
        eager(0),
        eager(1),
        eager(2),
        eager(3)
    );
    let (data, chunks) = (Transfer::data(), Transfer::eager());
    let rows: [(&Transfer, &[&str], String, &[&str]); 7] = [
        (&data, PIPELINING, "C: MAIL *\n".into(), &["Lost"]),
        (&data, PIPELINING, overtaking.clone(), &["Unknown", "Lost"]),
        (&data, PIPELINING, format!("{overtaking}S: 554 no\n"), &["Refused", "Lost"]),
        (
            &data,
            PIPELINING,
            format!("{overtaking}S: 250 ok\nS: 250 reset\nS: 550 no\n"),
            &["Delivered", "Lost 550"],
        ),
        (&chunks, CHUNKING, window.clone(), &["Delivered", "Unknown", "Unknown", "Unknown"]),
        (
            &chunks,
            CHUNKING,
            format!("{window}{ok}S: 554 no\nS: 250 reset\nS: 550 no\n"),
            &["Delivered", "Refused", "Lost 550", "Unknown"],
        ),
        (
            &chunks,
            CHUNKING,
            format!("{window}S: 250 ok\nS: 521 no\n"),
            &["Delivered", "Lost 521", "Unknown", "Unknown"],
        ),
    ];
    for (transfer, offers, dialogue, expected) in rows {
        for end in ENDS {
            let dialogue = format!("{dialogue}{end}");
            let (fates, lost, each) = stream(transfer.clone(), offers, &dialogue).await;
            assert!(is_by(&lost, end), "{dialogue}: {lost}");
            assert!(each.iter().all(|lost| is_by(lost, end)), "{dialogue}: {each:?}");
            assert_eq!(fates.len(), expected.len(), "{dialogue}: {fates:?}");
            for (fate, expected) in fates.iter().zip(expected) {
                // 421 says that nothing was taken.
                let lost = end.starts_with("S: 421") && *expected == "Unknown";
                let right = match expected.split_once(' ') {
                    Some((variant, code)) => {
                        fate.starts_with(variant) && fate.contains(&format!(" Server {code} "))
                    }
                    None if lost => fate.starts_with("Lost"),
                    None => fate.starts_with(expected),
                };
                assert!(right, "{dialogue}: {fates:?}, not {expected:?}");
            }
        }
    }
}
