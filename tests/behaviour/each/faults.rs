//! Faults of bodies that are made for each transaction: the truth for each recipient.

use std::io;

use smtp::command::Noop;
use smtp::error::LengthError;
use smtp::message::{LineEnds, RecipientOutcome};
use smtp::{Body, Connection, Transfer};
use tests::{Fate as _, Mta, server, slow};

use super::{NAMES, envelope};

/// The fate of the body of one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Make {
    Sound,
    /// The function fails.
    Fails,
    /// The source fails with its first piece, or with its second.
    FirstPiece,
    SecondPiece,
    /// It is sound, and MAIL has not declared what it holds.
    EightBit,
    Binary,
    Nul,
    /// It has another length than was announced.
    Length,
}

use Make::{Binary, EightBit, Fails, FirstPiece, Length, Nul, SecondPiece, Sound};

fn make(which: Make) -> io::Result<Body<'static>> {
    Ok(match which {
        Sound => "xyz\r\n".into(),
        Fails => return Err(io::Error::other("the key is gone")),
        FirstPiece => slow([(5, None)]),
        SecondPiece => slow([(5, Some("xy")), (50, None)]),
        EightBit => "\u{fc}yz\r\n".into(),
        Binary => Body::from("xyz\r\n").line_ends(LineEnds::Binary),
        Nul => "xy\0\r\n".into(),
        Length => "xy\r\n".into(),
    })
}

/// The bodies of two transactions, and the fate with DATA and with chunks.
const ROWS: &[([Make; 2], &str, &str)] = &[
    ([Sound, Sound], "Delivered 250 | 250:ok 250:ok", SAME),
    ([Fails, Sound], "Delivered 250 | 250:local 250:ok", SAME),
    ([Sound, Fails], "Delivered 250 | 250:ok 250:local", SAME),
    ([Fails, Fails], "Refused permanent Caller - | 250:local 250:local", SAME),
    ([FirstPiece, Sound], "Delivered 250 | 250:local 250:ok", SAME),
    ([Sound, FirstPiece], "Delivered 250 | 250:ok 250:local", SAME),
    ([FirstPiece, Fails], "Refused permanent Caller - | 250:local 250:local", SAME),
    // After 354 only the end of the connection abandons a message.
    (
        [SecondPiece, Sound],
        "Lost permanent Caller - | 250:unsent -:unsent",
        "Delivered 250 | 250:local 250:ok",
    ),
    ([Sound, SecondPiece], "Delivered 250 | 250:ok 250:unsent", "Delivered 250 | 250:ok 250:local"),
    ([EightBit, Sound], "Delivered 250 | 250:local 250:ok", SAME),
    ([Sound, Binary], "Delivered 250 | 250:ok 250:local", SAME),
    ([Nul, Sound], "Delivered 250 | 250:local 250:ok", SAME),
    ([Length, Sound], "Delivered 250 | 250:local 250:ok", SAME),
];

const SAME: &str = "";

#[tokio::test(start_paused = true)]
async fn a_body_that_fails_costs_its_own_transaction() {
    for &(bodies, with_data, with_chunks) in ROWS {
        for transfer in [Transfer::data(), Transfer::chunks(), Transfer::eager()] {
            for offers in [
                &["PIPELINING", "CHUNKING", "LIMITS RCPTMAX=1"][..],
                &["CHUNKING", "LIMITS RCPTMAX=1"],
            ] {
                let data = transfer == Transfer::data();
                let expected = if data || with_chunks == SAME { with_data } else { with_chunks };
                let (stream, inbox) = Mta::offering(offers).start();
                let connection = Connection::from_stream(stream, &server()).await;
                let mut connection = connection.expect("EHLO");
                connection.set_transfer(transfer.clone());
                let mut next = bodies.into_iter();
                let body = Body::each(|_| make(next.next().expect("two transactions")));
                let body = if bodies.contains(&Length) { body.length(5) } else { body };
                let result = connection.deliver(&envelope(2), body).await;
                let case = format!("{bodies:?} {transfer:?} {offers:?}");
                assert_eq!(result.fate(), expected, "{case}");
                let lost = expected.starts_with("Lost") || expected.contains("unsent");
                assert_eq!(connection.send(Noop).await.is_ok(), !lost, "{case}");
                drop(connection);
                let messages = inbox.await.expect("a server").messages;
                let got = messages.iter().flat_map(|(recipients, content)| {
                    assert_eq!(content, "xyz\r\n", "{case}");
                    recipients.iter().map(|path| path.trim_matches(['<', '>']).to_owned())
                });
                let got: Vec<String> = got.collect();
                let right =
                    NAMES.iter().zip(expected.split(" | ").nth(1).expect("two parts").split(' '));
                let right = right.filter(|(_, fate)| fate.ends_with(":ok"));
                let right: Vec<_> = right.map(|(name, _)| (*name).to_owned()).collect();
                assert_eq!(got, right, "{case}");
            }
        }
    }
}

/// The error of the function is the one that the caller gets.
#[tokio::test(start_paused = true)]
async fn the_error_says_why() {
    let (stream, _inbox) = Mta::offering(&["PIPELINING"]).start();
    let mut connection = Connection::from_stream(stream, &server()).await.expect("EHLO");
    for (which, length) in [(Fails, false), (Length, true)] {
        let body = Body::each(|_| make(which));
        let body = if length { body.length(5) } else { body };
        let error = connection.deliver(&envelope(1), body).await.expect_err("it fails");
        let RecipientOutcome::Refused(refusal) = error.recipients()[0].outcome() else {
            panic!("{error:?}");
        };
        let error = refusal.body_error().expect("it is the body's");
        if length {
            let inner = error.get_ref().and_then(|error| error.downcast_ref::<LengthError>());
            assert_eq!(inner.map(LengthError::found), Some(4));
        } else {
            assert_eq!(error.to_string(), "the key is gone");
        }
    }
}
