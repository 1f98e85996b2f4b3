//! The same rules where the caller writes MAIL: in a transaction, in a pipeline and in LMTP.

use smtp::command::{Mail, Rcpt};
use smtp::connection::DataError;
use smtp::error::ContentError;
use smtp::extension::BodyKind;
use smtp::testing::Script;
use smtp::{Body, Connection, DeliverError, Envelope, Mailbox};
use tests::{Fate as _, Mta, greeted, hello, script, server};

use super::wire::{Recorder, check};
use super::{ASCII, Expected, IN_BODY, IN_BOTH, IN_HEADER, LATIN_1};

const OFFERS: &[&str] = &["PIPELINING", "CHUNKING", "8BITMIME", "SMTPUTF8"];

fn mailbox(address: &str) -> Mailbox {
    address.parse().expect("an address")
}

fn mail() -> Mail {
    Mail::from(mailbox("me@example.com"))
}

fn rcpt() -> Rcpt {
    Rcpt::to(mailbox("you@example.org"))
}

/// The declaration of MAIL, and whether each kind of content may follow it.
fn table() -> Vec<(Mail, [Expected; 5])> {
    let (ok, convert, header) = (Ok(""), Err("5.6.3"), Err("5.6.9"));
    vec![
        (mail(), [ok, convert, header, header, convert]),
        (mail().body(BodyKind::SevenBit), [ok, convert, header, header, convert]),
        (mail().body(BodyKind::EightBitMime), [ok, ok, header, header, ok]),
        // "The header contains UTF-8 characters, but all the body parts are in ASCII".
        (mail().smtputf8(), [ok, convert, ok, convert, convert]),
        (mail().body(BodyKind::EightBitMime).smtputf8(), [ok; 5]),
    ]
}

const KINDS: [&[u8]; 5] = [ASCII, IN_BODY, IN_HEADER, IN_BOTH, LATIN_1];

#[derive(Clone, Copy, Debug)]
enum Way {
    Data,
    Bdat,
    Pipeline,
}

/// Sends a message by hand: the code of the refusal where it was refused, and all that was written.
async fn send(way: Way, mail: Mail, body: Body<'static>) -> (Result<(), String>, Vec<u8>) {
    let (stream, _inbox) = Mta::offering(OFFERS).start();
    let (stream, recorded) = Recorder::new(stream);
    let connection = Connection::from_stream(stream, &server()).await.expect("EHLO");
    let refusal = if let Way::Pipeline = way {
        let (connection, (_, _, message)) =
            connection.pipeline().mail(mail).rcpt(rcpt()).data(body).await;
        connection.expect("the session goes on");
        message.end.refusal().cloned()
    } else {
        let mut transaction = connection.mail(mail).await.expect("MAIL");
        transaction.rcpt(rcpt()).await.expect("RCPT");
        let sent = match way {
            Way::Data => transaction.data(body).await,
            _ => transaction.bdat(body).await,
        };
        match sent {
            Ok(_) => None,
            Err(DataError::Refused(refused)) => Some(refused.refusal),
            Err(error) => panic!("{error}"),
        }
    };
    let code = refusal.map(|refusal| {
        assert!(refusal.is_local(), "{refusal}");
        refusal.enhanced().map(|code| code.to_string()).unwrap_or_default()
    });
    (code.map_or(Ok(()), Err), recorded.bytes())
}

#[tokio::test(start_paused = true)]
async fn content_follows_the_declaration_of_its_mail() {
    for (mail, row) in table() {
        for (content, expected) in KINDS.into_iter().zip(row) {
            for way in [Way::Data, Way::Bdat, Way::Pipeline] {
                let told = format!("{mail:?} {way:?} {}", content.escape_ascii());
                let (found, written) = send(way, mail.clone(), Body::from(content)).await;
                let expected = expected.map(|_| ()).map_err(str::to_owned);
                assert_eq!(found, expected, "{told}");
                check(&written, &told);

                let body = Body::from(content).dangerous().send_8bit_undeclared();
                let (found, written) = send(way, mail.clone(), body).await;
                assert_eq!(found, Ok(()), "{told}, and the caller insists");
                let sent = written.windows(content.len()).any(|window| window == content);
                assert!(sent, "{told}: {}", written.escape_ascii());
            }
        }
    }
}

/// A stream may hold anything, so only BODY declares it.
#[tokio::test(start_paused = true)]
async fn a_stream_by_hand_stops_at_its_first_byte_that_was_not_declared() {
    for (mail, goes) in [(mail(), false), (mail().smtputf8(), false)]
        .into_iter()
        .chain([(mail().body(BodyKind::EightBitMime), true)])
    {
        let told = format!("{mail:?}");
        let (found, written) = send(Way::Bdat, mail.clone(), Body::reader(IN_BODY)).await;
        assert_eq!(found, if goes { Ok(()) } else { Err("5.6.3".to_owned()) }, "{told}");
        check(&written, &told);

        let opened = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\n";
        let end = if goes { "C: Subject: x\nC:\nC: \u{fc}\nC: .\nS: 250 ok" } else { "C: *" };
        let (connection, peer) = greeted(script(OFFERS, &format!("{opened}{end}"))).await;
        let mut transaction = connection.mail(mail).await.expect("MAIL");
        transaction.rcpt(rcpt()).await.expect("RCPT");
        match transaction.data(Body::reader(IN_BODY)).await {
            Ok(_) => assert!(goes, "{told}"),
            Err(DataError::Lost(lost)) => {
                assert!(!goes, "{told}: {lost}");
                let code = lost.enhanced().map(|code| code.to_string());
                assert_eq!(code.as_deref(), Some("5.6.3"), "{told}");
                assert!(peer.is_closed() && !peer.written().ends_with(b".\r\n"), "{told}");
            }
            Err(error) => panic!("{told}: {error}"),
        }
        check(&peer.written(), &told);
    }
}

/// LMTP has the same transaction: one message of each kind.
#[tokio::test(start_paused = true)]
async fn lmtp_declares_and_refuses_alike() {
    let table: [(&[&str], &'static [u8], Expected); 4] = [
        (&["8BITMIME"], IN_BODY, Ok(" BODY=8BITMIME")),
        (&["8BITMIME", "SMTPUTF8"], IN_HEADER, Ok(" BODY=8BITMIME SMTPUTF8")),
        (&[], IN_BODY, Err("5.6.3")),
        (&["8BITMIME"], IN_HEADER, Err("5.6.9")),
    ];
    for (offers, content, expected) in table {
        let text = String::from_utf8_lossy(content).replace("\r\n", "\nC: ");
        let dialogue = match expected {
            Ok(declared) => format!(
                "C: MAIL FROM:<me@example.com>{declared}\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\n\
                 S: 354 go\nC: {text}.\nS: 250 ok"
            ),
            Err(_) => String::new(),
        };
        let lhlo = hello(offers).replace("EHLO", "LHLO");
        let (stream, peer) = Script::new(&lhlo).then(&dialogue).start();
        let mut connection = Connection::lmtp_from_stream(stream, &server()).await.expect("LHLO");
        let envelope = Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
        let result = connection.deliver(&envelope, content).await;
        let code = result.as_ref().err().and_then(DeliverError::enhanced);
        let code = code.map(|code| code.to_string());
        assert_eq!(code.as_deref(), expected.err(), "{}", result.fate());
        assert_eq!(result.is_ok(), expected.is_ok(), "{}", result.fate());
        peer.finish();
    }
}

#[test]
fn each_error_of_content_has_a_code() {
    let table = [
        (ContentError::Nul(0), "5.6.0"),
        (ContentError::BareCarriageReturn(0), "5.6.0"),
        (ContentError::BareLineFeed(0), "5.6.0"),
        (ContentError::LineTooLong(0), "5.6.0"),
        (ContentError::EightBit, "5.6.3"),
        (ContentError::BinaryNeedsBdat, "5.6.3"),
        (ContentError::Utf8Header, "5.6.9"),
    ];
    for (error, code) in table {
        assert_eq!(error.enhanced().map(|code| code.to_string()).as_deref(), Some(code), "{error}");
    }
}
