//! Messages that are no lines: only chunks carry them (RFC 3030 §3).

use smtp::command::{Mail, Noop, Rcpt};
use smtp::connection::DataError;
use smtp::error::ContentError;
use smtp::extension::BodyKind;
use smtp::message::LineEnds;
use smtp::pipeline::{NotSent, Outcome};
use smtp::testing::Script;
use smtp::{Body, DeliverError, Refusal, Transfer};
use tests::{greeted, hello, script};

use super::{CHUNKING, connect, me, message};

/// A second message would stand in it, if it were sent with DATA as it is.
const SMUGGLED: &[u8] = b".\r\nMAIL FROM:<>\r\n\0\n";

fn smuggled() -> Body<'static> {
    Body::from(SMUGGLED).line_ends(LineEnds::Binary)
}

#[tokio::test(start_paused = true)]
async fn a_binary_message_is_sent_as_it_is() {
    let bytes: &[u8] = b".\n\0\xff\r.\r\n";
    let script = Script::new(&hello(&["PIPELINING", "CHUNKING", "BINARYMIME", "SIZE"]))
        .then(
            "C: MAIL FROM:<me@example.com> SIZE=8 BODY=BINARYMIME\nC: RCPT *\nS: 250 ok\nS: 250 ok",
        )
        .client_raw([b"BDAT 8 LAST\r\n", bytes].concat())
        .then("S: 250 taken");
    let (mut connection, peer) = greeted(script).await;
    let (envelope, _) = message(0);
    let body = Body::from(bytes).line_ends(LineEnds::Binary);
    connection.deliver(&envelope, body).await.expect("taken");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_binary_message_for_a_server_that_takes_none_is_not_sent() {
    for (offers, missing) in [
        (CHUNKING, "BINARYMIME"),
        (&["PIPELINING", "BINARYMIME"][..], "CHUNKING"),
        (&[], "BINARYMIME"),
    ] {
        let (mut connection, peer) = connect(Transfer::data(), offers, "").await;
        let (envelope, _) = message(0);
        let body = Body::from("a\r\n").line_ends(LineEnds::Binary);
        match connection.deliver(&envelope, body).await {
            Err(DeliverError::Refused(undelivered)) => {
                let refusal = undelivered.refusal();
                let keyword = refusal.encode_error().and_then(|error| error.missing_keyword());
                assert_eq!(keyword, Some(missing));
            }
            other => panic!("{other:?}"),
        }
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_sends_its_message_in_chunks() {
    let dialogue = "C: MAIL FROM:<me@example.com> BODY=BINARYMIME\nS: 250 ok
                    C: RCPT *\nS: 250 ok
                    C: BDAT 2 LAST\nC: \nS: 250 queued as Q\nC: QUIT";
    let offers = ["CHUNKING", "BINARYMIME"];
    let (connection, peer) = connect(Transfer::data(), &offers, dialogue).await;
    let mail = Mail::from(me()).body(BodyKind::BinaryMime);
    let mut transaction = connection.mail(mail).await.expect("MAIL");
    transaction.rcpt(Rcpt::to(me())).await.expect("RCPT");
    let body = Body::from("\r\n").line_ends(LineEnds::Binary);
    let (connection, receipt) = transaction.bdat(body).await.expect("taken");
    assert_eq!(receipt.queue_id().as_deref(), Some("Q"));
    drop(connection.quit().await);
    peer.finish();

    let dialogue =
        "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok";
    let (connection, peer) = connect(Transfer::data(), &[], dialogue).await;
    let mut transaction = connection.mail(Mail::from(me())).await.expect("MAIL");
    transaction.rcpt(Rcpt::to(me())).await.expect("RCPT");
    match transaction.bdat("a\r\n").await {
        Err(DataError::Refused(mut refused)) => {
            let missing = refused.refusal.encode_error().and_then(|error| error.missing_keyword());
            assert_eq!(missing, Some("CHUNKING"), "{}", refused.refusal);
            refused.connection.send(Noop).await.expect("after the transaction");
        }
        other => panic!("{other:?}"),
    }
    peer.finish();
}

/// It says what to do, and it is the caller's to do.
fn needs_bdat(refusal: &Refusal) {
    assert!(refusal.is_local(), "{refusal}");
    assert_eq!(refusal.to_string(), ContentError::BinaryNeedsBdat.to_string());
    assert!(refusal.to_string().contains("BDAT"), "{refusal}");
}

/// Neither by hand nor in a group, with any declaration in MAIL: the encoder for DATA has no way
/// to leave dots alone.
#[tokio::test(start_paused = true)]
async fn a_binary_message_is_never_sent_with_data() {
    let offers = ["PIPELINING", "CHUNKING", "BINARYMIME"];
    let kinds = [None, Some(BodyKind::BinaryMime)];
    let mail = |kind: Option<BodyKind>| kind.into_iter().fold(Mail::from(me()), Mail::body);
    let opened = "C: MAIL *\nC: RCPT *\nS: 250 ok\nS: 250 ok\n";
    let dialogue = format!("{opened}C: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok");
    for kind in kinds {
        let (connection, peer) = greeted(script(
            &offers,
            &dialogue.replace(opened, "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\n"),
        ))
        .await;
        let mut transaction = connection.mail(mail(kind)).await.expect("MAIL");
        transaction.rcpt(Rcpt::to(me())).await.expect("RCPT");
        match transaction.data(smuggled()).await {
            Err(DataError::Refused(mut refused)) => {
                needs_bdat(&refused.refusal);
                refused.connection.send(Noop).await.expect("after the transaction");
            }
            other => panic!("{other:?}"),
        }
        peer.finish();

        let (connection, peer) = greeted(script(&offers, &dialogue)).await;
        let group = connection.pipeline().mail(mail(kind)).rcpt(Rcpt::to(me())).data(smuggled());
        let (connection, (_, _, message)) = group.await;
        needs_bdat(message.end.refusal().expect("refused"));
        assert!(matches!(message.opening, Outcome::NotSent(NotSent::AfterRefused)));
        connection.expect("usable").send(Noop).await.expect("between transactions");
        peer.finish();
    }
}

/// Chunks carry what MAIL has declared, and nothing else.
#[tokio::test(start_paused = true)]
async fn a_binary_message_that_was_not_declared_is_not_sent_in_chunks() {
    let dialogue = "C: MAIL FROM:<me@example.com>\nS: 250 ok\nC: RCPT *\nS: 250 ok
                    C: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok";
    for offers in [&["CHUNKING"][..], &["CHUNKING", "BINARYMIME"]] {
        let (connection, peer) = greeted(script(offers, dialogue)).await;
        let mut transaction = connection.mail(Mail::from(me())).await.expect("MAIL");
        transaction.rcpt(Rcpt::to(me())).await.expect("RCPT");
        match transaction.bdat(smuggled()).await {
            Err(DataError::Refused(mut refused)) => {
                assert!(refused.refusal.is_local(), "{}", refused.refusal);
                refused.connection.send(Noop).await.expect("after the transaction");
            }
            other => panic!("{other:?}"),
        }
        peer.finish();
    }
}
