//! Content safety: no byte of a message can change the dialogue.

use smtp::command::{Mail, Noop, Rcpt};
use smtp::connection::DataError;
use smtp::error::ContentError;
use smtp::extension::BodyKind;
use smtp::message::LineEnds;
use smtp::pipeline::Outcome;
use smtp::state::{Greeted, InTransaction};
use smtp::testing::Peer;
use smtp::{Body, Connection, Envelope, Mailbox, Receipt, SmtpCommand, Transfer};
use tests::{Fate as _, Mta, greeted, script, server};

/// Opens content as DATA does.
#[derive(Clone, Copy, Debug, SmtpCommand)]
#[smtp(verb = "X-DATA", accepts(354), content)]
struct XData;

fn mailbox(address: &str) -> Mailbox {
    address.parse().expect("an address")
}

fn mail() -> Mail {
    Mail::from(mailbox("me@example.com"))
}

fn rcpt() -> Rcpt {
    Rcpt::to(mailbox("you@example.org"))
}

/// A second message, for a server that ends the first at a dot of its content.
const FORGED: &[u8] = b"x\r\n.\r\nMAIL FROM:<evil@example.com>\r\n\0\rRCPT TO:<a@b>\n.\n";

/// A body of bytes, from memory that is owned or borrowed, and from a source.
fn bodies() -> [fn() -> Body<'static>; 3] {
    [|| Body::from(FORGED), || Body::from(FORGED.to_vec()), || Body::reader(FORGED)]
        .map(|body| body)
}

fn binary(body: Body<'_>) -> Body<'_> {
    body.line_ends(LineEnds::Binary)
}

/// A transaction with a recipient whose MAIL has declared this.
async fn transaction(
    offers: &[&str],
    mail: Mail,
    dialogue: &str,
) -> (Connection<InTransaction<Greeted>>, Peer) {
    let opened = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\n";
    let (connection, peer) = greeted(script(offers, &format!("{opened}{dialogue}"))).await;
    let mut transaction = connection.mail(mail).await.expect("MAIL");
    transaction.rcpt(rcpt()).await.expect("RCPT");
    (transaction, peer)
}

const ALL: &[&str] = &["PIPELINING", "8BITMIME", "CHUNKING", "BINARYMIME"];

const RESET: &str = "C: RSET\nC: NOOP\nS: 250 reset\nS: 250 ok";

type Sent = Result<(Connection<Greeted>, Receipt), DataError<Greeted>>;

/// The message was refused here, and the session goes on after RSET.
async fn is_refused(sent: Sent, peer: &Peer) {
    assert_eq!(sent.fate(), "Refused permanent Caller - | 250:local");
    let Err(DataError::Refused(mut refused)) = sent else {
        panic!("refused");
    };
    refused.connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

/// RFC 3030 §3: a binary message must not be sent with DATA, with any declaration in MAIL.
#[tokio::test(start_paused = true)]
async fn a_binary_message_never_leaves_with_data() {
    let kinds = [None, Some(BodyKind::EightBitMime), Some(BodyKind::BinaryMime)];
    for (body, kind) in bodies().into_iter().flat_map(|body| kinds.map(|kind| (body, kind))) {
        let mail = || kind.map_or_else(mail, |kind| mail().body(kind));
        let (connection, peer) = transaction(ALL, mail(), RESET).await;
        is_refused(connection.data(binary(body())).await, &peer).await;
        let (connection, peer) = transaction(ALL, mail(), RESET).await;
        is_refused(connection.content(XData, binary(body())).await, &peer).await;

        let dialogue = format!("C: MAIL *\nC: RCPT *\nS: 250 ok\nS: 250 ok\n{RESET}");
        for custom in [false, true] {
            let (connection, peer) = greeted(script(ALL, &dialogue)).await;
            let group = connection.pipeline().mail(mail()).rcpt(rcpt());
            let (connection, (_, _, message)) = if custom {
                group.content(XData, binary(body())).await
            } else {
                group.data(binary(body())).await
            };
            assert!(matches!(message.opening, Outcome::NotSent(_)), "{:?}", message.opening);
            let refusal = message.end.refusal().expect("refused here");
            assert!(refusal.is_local(), "{refusal}");
            let mut connection = connection.expect("the session goes on");
            connection.send(Noop).await.expect("NOOP");
            peer.finish();
        }
    }
}

/// BDAT alone is not enough: the transaction must have agreed on BINARYMIME.
#[tokio::test(start_paused = true)]
async fn a_binary_message_never_leaves_in_chunks_that_were_not_agreed_on() {
    for body in bodies() {
        let without: &[&str] = &["PIPELINING", "8BITMIME", "CHUNKING"];
        let eight_bit = || mail().body(BodyKind::EightBitMime);
        for (offers, mail) in
            [(without, mail()), (without, eight_bit()), (ALL, mail()), (ALL, eight_bit())]
        {
            let (connection, peer) = transaction(offers, mail, RESET).await;
            is_refused(connection.bdat(binary(body())).await, &peer).await;
        }
        for (transfer, offers) in [
            (Transfer::data(), without),
            (Transfer::chunks(), without),
            (Transfer::eager(), without),
            (Transfer::data(), &["BINARYMIME"]),
            (Transfer::chunks(), &["BINARYMIME"]),
        ] {
            let (mut connection, peer) = greeted(script(offers, "C: NOOP\nS: 250 ok")).await;
            connection.set_transfer(transfer);
            let envelope = Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
            let result = connection.deliver(&envelope, binary(body())).await;
            assert_eq!(result.fate(), "Refused permanent Caller - | -:local", "{offers:?}");
            connection.send(Noop).await.expect("the session goes on");
            peer.finish();
        }
    }
}

/// Where it was agreed on, each byte arrives as it is.
#[tokio::test(start_paused = true)]
async fn a_binary_message_that_was_agreed_on_arrives_as_it_is() {
    for body in bodies() {
        let chunk = [format!("BDAT {} LAST\r\n", FORGED.len()).as_bytes(), FORGED].concat();
        let whole = binary(body());
        let opened =
            "C: MAIL FROM:<me@example.com> BODY=BINARYMIME\nS: 250 ok\nC: RCPT *\nS: 250 ok\n";
        let script = script(ALL, opened).client_raw(chunk).then("S: 250 ok");
        let (connection, peer) = greeted(script).await;
        let mut transaction =
            connection.mail(mail().body(BodyKind::BinaryMime)).await.expect("MAIL");
        transaction.rcpt(rcpt()).await.expect("RCPT");
        assert_eq!(transaction.bdat(whole).await.fate(), "Delivered 250 | 250:ok");
        peer.finish();
    }
}

/// Bytes that no message may have, in a source that shows them while it is sent: the connection is
/// closed after DATA, and RSET takes the chunks back.
#[tokio::test(start_paused = true)]
async fn a_forbidden_byte_abandons_the_message() {
    for (content, expected) in [(&b"a\r\n\0\r\n"[..], "NUL"), (b"a\r\n\xff\r\n", "8BITMIME")] {
        let (connection, peer) =
            transaction(&["CHUNKING"], mail(), "C: DATA\nS: 354 go\nC: a").await;
        let sent = connection.data(Body::reader(content)).await;
        if let Err(DataError::Lost(lost)) = &sent {
            assert!(lost.to_string().contains(expected), "{lost}");
            assert!(!peer.written().ends_with(b".\r\n"));
        } else {
            // The first piece is looked at before DATA.
            assert_eq!(sent.fate(), "Refused permanent Caller - | 250:local");
        }
        let reset = "C: RSET\nS: 250 reset\nC: NOOP\nS: 250 ok";
        let (connection, peer) = transaction(&["CHUNKING"], mail(), reset).await;
        is_refused(connection.bdat(Body::reader(content)).await, &peer).await;
    }
}

/// Ends of lines of every kind, and dots after them: one message leaves, and one arrives.
#[tokio::test(start_paused = true)]
async fn no_text_ends_its_message() {
    let offers: &[&str] = &["PIPELINING", "CHUNKING"];
    let texts =
        ["\n.\n", "\r.\r", "\r\n.\r\n", "\n.\r\n", "\r\n.\n", "\r.\r\n", ".\r\n", "..", ".", "\r"];
    for text in texts {
        for end in ["", "MAIL FROM:<evil@example.com>\r\n", "\n", "\r\n.\r\n.\r\n"] {
            for transfer in [Transfer::data(), Transfer::chunks(), Transfer::eager()] {
                let (stream, inbox) = Mta::offering(offers).start();
                let mut connection =
                    Connection::from_stream(stream, &server()).await.expect("EHLO");
                connection.set_transfer(transfer);
                let envelope =
                    Envelope::new("me@example.com", ["a@example.org"]).expect("addresses");
                let content = format!("x{text}{end}");
                let result = connection.deliver(&envelope, &*content).await;
                assert_eq!(result.fate(), "Delivered 250 | 250:ok", "{content:?}");
                let body = Body::reader(content.as_bytes());
                let result = connection.deliver(&envelope, body).await;
                assert_eq!(result.fate(), "Delivered 250 | 250:ok", "{content:?}");
                drop(connection);
                let inbox = inbox.await.expect("a server");
                assert_eq!(inbox.messages.len(), 2, "{content:?}");
                let normal =
                    content.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
                for (_, got) in &inbox.messages {
                    // Content that is sent with DATA ends with a line end.
                    assert_eq!(
                        got.trim_end_matches("\r\n"),
                        normal.trim_end_matches("\r\n"),
                        "{content:?}"
                    );
                }
                assert!(!inbox.commands.iter().any(|line| line.contains("evil")), "{content:?}");
            }
        }
    }
}

/// The library's own lines never contain bytes of the caller.
#[test]
fn the_reason_says_what_to_do() {
    let said = ContentError::BinaryNeedsBdat.to_string();
    assert!(said.contains("BDAT") || said.contains("BINARYMIME"), "{said}");
}
