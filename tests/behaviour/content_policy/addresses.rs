//! Addresses beyond ASCII: a domain goes out in A-labels wherever that is enough; a local part needs
//! SMTPUTF8, and without it that recipient fails alone.

use smtp::command::{Mail, Noop, Rcpt};
use smtp::error::Blame;
use smtp::extension::{DeliverBy, OriginalRecipient, RequireTls};
use smtp::{DeliverError, Envelope, Error, Mailbox, Refusal};
use tests::{error, greeted, in_transaction, script};

const LOCAL: &str = "用户@例子.测试";
const DOMAIN: &str = "you@例子.测试";

fn mailbox(address: &str) -> Mailbox {
    address.parse().expect("an address")
}

fn code(error: &Error) -> String {
    match error {
        Error::Refused(refusal) => {
            assert!(refusal.is_local(), "{refusal}");
            refusal.enhanced().map(|code| code.to_string()).unwrap_or_default()
        }
        other => panic!("{other}"),
    }
}

/// The receipt names each recipient as the caller did, and so does ORCPT, whatever RCPT was written
/// with.
#[tokio::test(start_paused = true)]
async fn a_recipient_fails_alone_where_smtputf8_is_lacking() {
    let dialogue = "C: MAIL FROM:<me@xn--bcher-kva.example>
                    S: 250 ok
                    C: RCPT TO:<you@xn--fsqu00a.xn--0zwm56d> ORCPT=utf-8;you@\\x{4F8B}\\x{5B50}.\\x{6D4B}\\x{8BD5}
                    S: 250 ok
                    C: DATA
                    S: 354 go
                    C: x
                    C: .
                    S: 250 ok";
    let (mut connection, peer) = greeted(script(&["DSN"], dialogue)).await;
    let rcpt = Rcpt::to(mailbox(DOMAIN)).with(OriginalRecipient::new(mailbox(DOMAIN)));
    let envelope = Envelope::from_mail(Mail::from(mailbox("me@bücher.example")))
        .recipient(Rcpt::to(mailbox(LOCAL)))
        .recipient(rcpt);
    let receipt = connection.deliver(&envelope, "x\r\n").await.expect("delivered to one");
    let [local, domain] = receipt.recipients() else {
        panic!("{receipt:?}");
    };
    let refusal = local.refusal().expect("it cannot be named");
    assert_eq!(refusal.enhanced().map(|code| code.to_string()).as_deref(), Some("5.6.7"));
    assert_eq!((refusal.command(), refusal.blame()), ("RCPT", Blame::Caller));
    let names = [local, domain]
        .map(|recipient| recipient.path().mailbox().map(Mailbox::to_unicode).unwrap_or_default());
    assert_eq!(names, [LOCAL, DOMAIN]);
    peer.finish();
}

/// A message fails whole where its sender cannot be named, and where no recipient can.
#[tokio::test(start_paused = true)]
async fn a_message_fails_whose_sender_needs_what_is_lacking() {
    for (sender, recipient) in [(LOCAL, "you@example.org"), ("me@example.com", LOCAL)] {
        let (mut connection, peer) = greeted(script(&["8BITMIME"], "C: NOOP\nS: 250 ok")).await;
        let envelope = Envelope::new(sender, [recipient]).expect("addresses");
        let failed = connection.deliver(&envelope, "x\r\n").await.expect_err("nothing is sent");
        assert!(matches!(failed, DeliverError::Refused(_)), "{failed}");
        assert_eq!(failed.enhanced().map(|code| code.to_string()).as_deref(), Some("5.6.7"));
        connection.send(Noop).await.expect("the session goes on");
        peer.finish();
    }
}

/// The typed calls follow the same rule: A-labels where they are enough, else a local refusal that
/// leaves the session, or the transaction, as it was.
#[tokio::test(start_paused = true)]
async fn typed_calls_follow_the_same_rule() {
    let (connection, peer) = greeted(script(&[], "C: NOOP\nS: 250 ok")).await;
    let refused = connection.mail(Mail::from(mailbox(LOCAL))).await;
    match refused {
        Err(smtp::connection::TransitionError::Refused(mut refused)) => {
            let code = refused.refusal.enhanced().map(|code| code.to_string());
            assert_eq!(code.as_deref(), Some("5.6.7"), "{}", refused.refusal);
            refused.connection.send(Noop).await.expect("the session goes on");
        }
        other => panic!("{other:?}"),
    }
    peer.finish();

    let accepted = "C: RCPT TO:<you@xn--fsqu00a.xn--0zwm56d>\nS: 250 ok";
    // Where it is offered, the caller's MAIL must have asked for it.
    for offers in [&[][..], &["SMTPUTF8"]] {
        let (mut transaction, peer) = in_transaction(offers, accepted).await;
        assert_eq!(code(&error(transaction.rcpt(Rcpt::to(mailbox(LOCAL))).await)), "5.6.7");
        transaction.rcpt(Rcpt::to(mailbox(DOMAIN))).await.expect("A-labels");
        peer.finish();
    }

    let dialogue =
        "C: MAIL FROM:<me@example.com>\nC: RCPT TO:<you@xn--fsqu00a.xn--0zwm56d>\nC: DATA
                    S: 250 a\nS: 250 b\nS: 354 go\nC: x\nC: .\nS: 250 ok";
    let (connection, peer) = greeted(script(&["PIPELINING"], dialogue)).await;
    let rcpts = [LOCAL, DOMAIN].map(|address| Rcpt::to(mailbox(address)));
    let group = connection.pipeline().mail(Mail::from(mailbox("me@example.com")));
    let (connection, (_, rcpts, message)) = group.each(rcpts).data("x\r\n").await;
    connection.expect("the session goes on");
    let codes: Vec<_> =
        rcpts.iter().map(|rcpt| rcpt.refusal().and_then(Refusal::enhanced)).collect();
    assert_eq!(codes[0].map(|code| code.to_string()).as_deref(), Some("5.6.7"));
    assert_eq!(codes[1], None);
    assert!(message.end.is_accepted());
    peer.finish();
}

/// Refusals by this side that have a code of their own.
#[tokio::test(start_paused = true)]
async fn a_local_refusal_has_the_code_that_a_report_needs() {
    let envelope = || Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
    let by = DeliverBy::seconds(60).expect("a time");
    let table: [(&str, &[&str], Envelope, &str, Option<&str>); 6] = [
        ("too large", &["SIZE 1"], envelope(), "xx", Some("5.3.4")),
        ("NUL", &[], envelope(), "\0", Some("5.6.0")),
        ("REQUIRETLS not offered", &[], envelope().with(RequireTls), "x", Some("5.7.30")),
        ("not safe enough", &["REQUIRETLS"], envelope().with(RequireTls), "x", Some("5.7.10")),
        ("an extension without a code", &[], envelope().with(by), "x", None),
        ("no recipient", &[], Envelope::new("a@b.example", [""; 0]).expect("one"), "x", None),
    ];
    for (name, offers, envelope, body, expected) in table {
        let (mut connection, _peer) = greeted(script(offers, "")).await;
        let failed = connection.deliver(&envelope, body).await.expect_err(name);
        let code = failed.enhanced().map(|code| code.to_string());
        assert_eq!(code.as_deref(), expected, "{name}: {failed}");
        assert!(failed.reply().is_none(), "{name}");
    }
}
