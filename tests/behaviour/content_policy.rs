//! The content of a message and the declaration of MAIL: what `deliver` asks for, what it refuses
//! by itself and with which code, and that no byte beyond ASCII ever leaves undeclared.

mod addresses;
mod by_hand;
mod lines;
mod wire;

use smtp::extension::SmtpUtf8;
use smtp::message::LineEnds;
use smtp::{Body, Connection, DeliverError, Envelope, Receipt, Transfer};
use tests::{Mta, greeted, script, server, slow};

use wire::{Recorded, Recorder};

const ASCII: &[u8] = b"Subject: x\r\n\r\nx\r\n";
const IN_BODY: &[u8] = "Subject: x\r\n\r\n\u{fc}\r\n".as_bytes();
const IN_HEADER: &[u8] = "Subject: \u{fc}\r\n\r\nx\r\n".as_bytes();
const IN_BOTH: &[u8] = "Subject: \u{fc}\r\n\r\n\u{fc}\r\n".as_bytes();
const LATIN_1: &[u8] = b"Subject: \xfc\r\n\r\nx\r\n";
const NO_HEADER: &[u8] = "\u{fc}\r\n".as_bytes();

/// The declaration of MAIL, or the code of the refusal by this side.
type Expected = Result<&'static str, &'static str>;

const NOTHING: Expected = Ok("");
const EIGHT_BIT: Expected = Ok("BODY=8BITMIME");
const UTF8: Expected = Ok("BODY=8BITMIME SMTPUTF8");
const CONVERT: Expected = Err("5.6.3");
const ADDRESS: Expected = Err("5.6.7");
const HEADER: Expected = Err("5.6.9");

/// Servers that offer neither 8BITMIME nor SMTPUTF8, one of them, and both.
const SERVERS: [&[&str]; 4] = [
    &["PIPELINING", "CHUNKING"],
    &["PIPELINING", "CHUNKING", "8BITMIME"],
    &["PIPELINING", "CHUNKING", "SMTPUTF8"],
    &["PIPELINING", "CHUNKING", "8BITMIME", "SMTPUTF8"],
];

fn transfers() -> [Transfer; 3] {
    [Transfer::data(), Transfer::chunks(), Transfer::eager()]
}

fn envelope() -> Envelope {
    Envelope::new("me@example.com", ["you@example.org"]).expect("addresses")
}

/// The ways in which the library sends one message by itself.
#[derive(Clone, Copy, Debug)]
enum Way {
    Deliver,
    DeliverAll,
    Feed,
}

const WAYS: [Way; 3] = [Way::Deliver, Way::DeliverAll, Way::Feed];

/// Sends a message, and one in ASCII after it. Gives what became of the first, and all that the
/// client wrote.
async fn send(
    offers: &'static [&'static str],
    way: Way,
    transfer: Transfer,
    envelope: &Envelope,
    body: Body<'static>,
) -> (Result<Receipt, DeliverError>, Recorded) {
    let (stream, _inbox) = Mta::offering(offers).start();
    let (stream, recorded) = Recorder::new(stream);
    let mut connection = Connection::from_stream(stream, &server()).await.expect("EHLO");
    connection.set_transfer(transfer);
    let plain = || (self::envelope(), Body::from(ASCII));
    let result = match way {
        Way::Deliver => {
            let result = connection.deliver(envelope, body).await;
            let (envelope, body) = plain();
            let next = connection.deliver(&envelope, body).await;
            assert_eq!(next.is_ok(), !is_lost(&result), "{next:?} after {result:?}");
            result
        }
        Way::DeliverAll => {
            let mut results = Vec::new();
            let messages = [(envelope.clone(), body), plain()];
            let end = connection.deliver_all(messages, |_, result| results.push(result)).await;
            assert_eq!(end.is_ok(), !is_lost(&results[0]), "{end:?} after {results:?}");
            results.swap_remove(0)
        }
        Way::Feed => {
            let (feed, running) = connection.feed();
            let running = tokio::spawn(running);
            let result = feed.deliver(envelope.clone(), body).await;
            let (envelope, body) = plain();
            let next = feed.deliver(envelope, body).await;
            assert_eq!(next.is_ok(), !is_lost(&result), "{next:?} after {result:?}");
            drop(feed);
            drop(running.await.expect("a task"));
            result
        }
    };
    (result, recorded)
}

fn is_lost(result: &Result<Receipt, DeliverError>) -> bool {
    matches!(result, Err(DeliverError::Lost(_)))
}

/// The fate of the first message: the parameters of its MAIL, or the code of this side's refusal.
fn found(result: &Result<Receipt, DeliverError>, recorded: &Recorded) -> Result<String, String> {
    match result {
        Ok(_) => Ok(recorded.parameters(0)),
        Err(error) => {
            assert!(error.reply().is_none(), "{error}");
            Err(error.enhanced().map(|code| code.to_string()).unwrap_or_default())
        }
    }
}

fn owned(expected: Expected) -> Result<String, String> {
    expected.map(str::to_owned).map_err(str::to_owned)
}

/// Each kind of content, for each server: in memory, by each way and with each transfer.
#[tokio::test(start_paused = true)]
async fn a_message_in_memory_asks_for_what_it_needs() {
    let table: [(&str, &'static [u8], [Expected; 4]); 6] = [
        ("ASCII", ASCII, [NOTHING; 4]),
        ("body", IN_BODY, [CONVERT, EIGHT_BIT, EIGHT_BIT, EIGHT_BIT]),
        ("header", IN_HEADER, [HEADER, HEADER, UTF8, UTF8]),
        ("both", IN_BOTH, [HEADER, HEADER, UTF8, UTF8]),
        ("Latin-1 header", LATIN_1, [CONVERT, EIGHT_BIT, EIGHT_BIT, EIGHT_BIT]),
        ("no header", NO_HEADER, [CONVERT, EIGHT_BIT, EIGHT_BIT, EIGHT_BIT]),
    ];
    for (name, content, row) in table {
        for (offers, expected) in SERVERS.into_iter().zip(row) {
            for (way, transfer) in WAYS.into_iter().flat_map(|way| transfers().map(|t| (way, t))) {
                for body in [Body::from(content), Body::from(content.to_vec())] {
                    let (result, recorded) =
                        send(offers, way, transfer.clone(), &envelope(), body).await;
                    let told = format!("{name} {offers:?} {way:?} {transfer:?}: {result:?}");
                    assert_eq!(found(&result, &recorded), owned(expected), "{told}");
                    // A refusal costs no command: the only MAIL is that of the second message.
                    let messages = if expected.is_ok() { 2 } else { 1 };
                    assert_eq!(recorded.transactions(), messages, "{told}");
                    recorded.check(&told);
                }
            }
        }
    }
}

/// A caller who insists: what is offered is asked for as ever, and the bytes leave as they are.
#[tokio::test(start_paused = true)]
async fn a_caller_may_insist() {
    let table: [(&str, &'static [u8], [Expected; 4]); 4] = [
        ("ASCII", ASCII, [NOTHING; 4]),
        ("body", IN_BODY, [NOTHING, EIGHT_BIT, EIGHT_BIT, EIGHT_BIT]),
        ("header", IN_HEADER, [NOTHING, EIGHT_BIT, UTF8, UTF8]),
        ("Latin-1 header", LATIN_1, [NOTHING, EIGHT_BIT, EIGHT_BIT, EIGHT_BIT]),
    ];
    for (name, content, row) in table {
        for (offers, expected) in SERVERS.into_iter().zip(row) {
            for (way, transfer) in WAYS.into_iter().flat_map(|way| transfers().map(|t| (way, t))) {
                let stream = expected != UTF8;
                let bodies = [Body::from(content), Body::reader(content)];
                for body in bodies.into_iter().take(if stream { 2 } else { 1 }) {
                    let body = body.dangerous().send_8bit_undeclared();
                    let (result, recorded) =
                        send(offers, way, transfer.clone(), &envelope(), body).await;
                    let told = format!("{name} {offers:?} {way:?} {transfer:?}: {result:?}");
                    let declared = found(&result, &recorded).expect(&told);
                    // A stream is declared where that is offered, whatever it holds.
                    if declared != "BODY=8BITMIME" {
                        assert_eq!(Ok(&*declared), expected, "{told}");
                    }
                    assert!(recorded.holds(content), "{told}");
                }
            }
        }
    }
}

/// He insists for every transaction of the message, and for a message that was handed back.
#[tokio::test(start_paused = true)]
async fn a_caller_insists_for_the_whole_message() {
    let content = b"Subject: \xfc\n\n\xfc\n".to_vec();
    let body = || Body::from(content.clone()).dangerous().send_8bit_undeclared();
    for transfer in transfers() {
        let mta = Mta { most_recipients: 1, ..Mta::offering(SERVERS[0]) };
        let (stream, inbox) = mta.start();
        let mut connection = Connection::from_stream(stream, &server()).await.expect("EHLO");
        connection.set_transfer(transfer);
        let recipients = ["a@example.org", "b@example.org"];
        let envelope = Envelope::new("me@example.com", recipients).expect("addresses");
        let receipt = connection.deliver(&envelope, body()).await.expect("delivered");
        assert!(receipt.is_complete(), "{receipt:?}");
        drop(connection);
        assert_eq!(inbox.await.expect("a server").messages.len(), 2);
    }

    let (connection, _peer) = greeted(script(&[], "-- close --")).await;
    let (feed, running) = connection.feed();
    let running = tokio::spawn(running);
    let result = feed.deliver(envelope(), body()).await;
    let Err(DeliverError::NotSent(unsent)) = result else {
        panic!("{result:?}");
    };
    drop(running.await.expect("a task"));
    let (envelope, body) = unsent.into_message().expect("the message");
    let (result, _) = send(SERVERS[0], Way::Deliver, Transfer::data(), &envelope, body).await;
    result.expect("he insists still");
}

/// A stream: nothing is known of it before it is sent, so its first byte beyond ASCII abandons the
/// message where it was not declared: with DATA by closing the connection, in chunks with RSET.
#[tokio::test(start_paused = true)]
async fn a_stream_is_declared_where_that_is_offered() {
    let kinds: [(&str, &'static str, bool); 3] =
        [("ASCII", "x\r\n", false), ("body", "\u{fc}\r\n", true), ("late", "\r\n\u{fc}", true)];
    for (name, last, eight_bit) in kinds {
        for asks in [false, true] {
            let row = match (asks, eight_bit) {
                (true, _) => [ADDRESS, ADDRESS, UTF8, UTF8],
                (false, true) => [CONVERT, EIGHT_BIT, EIGHT_BIT, EIGHT_BIT],
                (false, false) => [NOTHING, EIGHT_BIT, EIGHT_BIT, EIGHT_BIT],
            };
            for (offers, expected) in SERVERS.into_iter().zip(row) {
                for (way, transfer) in
                    WAYS.into_iter().flat_map(|way| transfers().map(|t| (way, t)))
                {
                    let body = slow([(1, Some("Subject: x\r\n\r\n")), (1, Some(last))]);
                    let envelope = if asks { envelope().with(SmtpUtf8) } else { envelope() };
                    let data = transfer == Transfer::data();
                    let (result, recorded) = send(offers, way, transfer, &envelope, body).await;
                    let told = format!("{name} {asks} {offers:?} {way:?}: {result:?}");
                    assert_eq!(found(&result, &recorded), owned(expected), "{told}");
                    // An envelope that asks for what is not offered costs no command.
                    let closes = expected == CONVERT && data;
                    assert_eq!(is_lost(&result), closes, "{told}");
                    let no_dot = !recorded.holds(b"\r\n.\r\n");
                    assert_eq!(no_dot, closes || !data, "{told}");
                    // RSET takes back the chunks that had left.
                    if expected == CONVERT && !data {
                        assert!(recorded.holds(b"RSET\r\n"), "{told}");
                    }
                    recorded.check(&told);
                }
            }
        }
    }
}

/// A message that is no lines leaves in chunks that MAIL has declared, or not at all; its header
/// decides on SMTPUTF8 as that of any message.
#[tokio::test(start_paused = true)]
async fn a_binary_message_needs_both_extensions() {
    const BINARY: &[u8] = b"Subject: x\r\n\r\n\0\xff\r";
    const UTF8_HEADER: &[u8] = b"Subject: \xc3\xbc\r\n\r\n\0\xff\r";
    let both: &[&str] = &["PIPELINING", "CHUNKING", "BINARYMIME", "8BITMIME"];
    let all: &[&str] = &["PIPELINING", "CHUNKING", "BINARYMIME", "8BITMIME", "SMTPUTF8"];
    let table: [(&'static [&'static str], &'static [u8], Expected); 7] = [
        (&["PIPELINING", "CHUNKING", "8BITMIME"], BINARY, CONVERT),
        (&["PIPELINING", "BINARYMIME", "8BITMIME"], BINARY, CONVERT),
        (&["PIPELINING", "8BITMIME", "SMTPUTF8"], BINARY, CONVERT),
        (both, BINARY, Ok("BODY=BINARYMIME")),
        (all, BINARY, Ok("BODY=BINARYMIME")),
        (both, UTF8_HEADER, HEADER),
        (all, UTF8_HEADER, Ok("BODY=BINARYMIME SMTPUTF8")),
    ];
    for (offers, content, expected) in table {
        for (way, transfer) in WAYS.into_iter().flat_map(|way| transfers().map(|t| (way, t))) {
            let body = Body::from(content).line_ends(LineEnds::Binary);
            let (result, recorded) = send(offers, way, transfer, &envelope(), body).await;
            let told = format!("{offers:?} {way:?}: {result:?}");
            assert_eq!(found(&result, &recorded), owned(expected), "{told}");
            recorded.check(&told);
        }
    }
}
