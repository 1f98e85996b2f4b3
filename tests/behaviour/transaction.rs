//! MAIL, RCPT, DATA, RSET: a transaction by hand.

use std::time::Duration;

use smtp::command::{Help, Mail, Noop, Rcpt, Verification, Vrfy};
use smtp::connection::{DataError, TransitionError};
use smtp::error::ProtocolError;
use smtp::extension::{BodyKind, EnvelopeId, Notify, OriginalRecipient, Ret};
use smtp::grammar::{ForwardPath, ReversePath};
use smtp::testing::Script;
use smtp::{Connection, Envelope, Error, Mailbox};
use tests::{authed, error, greeted, in_transaction, script, server};

fn mailbox(address: &str) -> Mailbox {
    address.parse().expect("an address")
}

#[tokio::test(start_paused = true)]
async fn a_transaction_ends_where_it_began() {
    let dialogue = "C: MAIL FROM:<me@example.com>
                    S: 250 2.1.0 ok
                    C: RCPT TO:<you@example.org>
                    S: 250 2.1.5 ok
                    C: DATA
                    S: 354 go on
                    C: Subject: Hello
                    C:
                    C: ..dot
                    C: .
                    S: 250 2.0.0 Ok: queued as 4F2K
                    C: QUIT
                    S: 221 bye";
    let (connection, peer) = authed(&[], dialogue).await;
    let mut txn = connection.mail(Mail::from(mailbox("me@example.com"))).await.expect("MAIL");
    txn.rcpt(Rcpt::to(mailbox("you@example.org"))).await.expect("RCPT");
    assert_eq!(txn.accepted(), 1);
    let (connection, receipt) = txn.data("Subject: Hello\n\n.dot\n").await.expect("DATA");
    assert_eq!(receipt.queue_id().as_deref(), Some("4F2K"));
    connection.quit().await.expect("QUIT");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_refused_recipient_leaves_the_transaction_open() {
    let dialogue = "C: RCPT TO:<nobody@example.org>
                    S: 550 5.1.1 no such user
                    C: RCPT TO:<Postmaster>
                    S: 251 will forward
                    C: DATA
                    S: 354 go on
                    C: x
                    C: .
                    S: 250 ok";
    let (mut txn, peer) = in_transaction(&[], dialogue).await;
    let refused = error(txn.rcpt(Rcpt::to(mailbox("nobody@example.org"))).await);
    assert_eq!(
        refused.reply().and_then(smtp::Reply::enhanced).map(|code| code.to_string()).as_deref(),
        Some("5.1.1")
    );
    txn.rcpt(Rcpt::to(ForwardPath::Postmaster)).await.expect("251 is a yes");
    let (_connection, receipt) = txn.data("x").await.expect("DATA");
    let (nobody, refusal) = receipt.refused().next().expect("one was refused");
    assert_eq!(nobody.to_string(), "<nobody@example.org>");
    assert_eq!(refusal.reply(), refused.reply());
    assert_eq!(receipt.accepted().collect::<Vec<_>>(), [&ForwardPath::Postmaster]);
    assert_eq!(receipt.recipients()[1].rcpt().map(|reply| reply.code().value()), Some(251));
    assert_eq!(receipt.recipients().len(), 2);
    assert!(!receipt.is_complete());
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_refused_sender_hands_the_connection_back() {
    let dialogue = "C: MAIL FROM:<>
                    S: 550 5.7.1 no bounces
                    C: NOOP
                    S: 250 ok";
    let (connection, peer) = greeted(script(&[], dialogue)).await;
    let Err(TransitionError::Refused(mut refused)) =
        connection.mail(Mail::from(ReversePath::Null)).await
    else {
        panic!("MAIL was refused");
    };
    assert_eq!(refused.refusal.command(), "MAIL");
    refused.connection.send(Noop).await.expect("the session goes on");
    peer.finish();
}

/// A message without recipients is not sent; the error names the server's refusal where it refused
/// one.
#[tokio::test(start_paused = true)]
async fn without_recipients_nothing_of_the_message_leaves() {
    for (asked, code) in [("C: RCPT TO:<nobody@example.org>\nS: 550 no\n", Some(550)), ("", None)] {
        let dialogue = format!("{asked}C: RSET\nS: 250 ok\nC: NOOP\nS: 250 ok");
        let (mut txn, peer) = in_transaction(&[], &dialogue).await;
        if code.is_some() {
            error(txn.rcpt(Rcpt::to(mailbox("nobody@example.org"))).await);
        }
        let Err(DataError::Refused(mut refused)) = txn.data("secret").await else {
            panic!("there is nobody to send it to");
        };
        assert_eq!(refused.refusal.command(), "RCPT");
        assert_eq!(refused.refusal.reply().map(|reply| reply.code().value()), code);
        assert_eq!(refused.refusal.is_local(), code.is_none(), "{}", refused.refusal);
        assert_eq!(refused.recipients.len(), asked.lines().count() / 2);
        for recipient in &refused.recipients {
            assert_eq!(recipient.refusal(), Some(&refused.refusal));
        }
        refused.connection.send(Noop).await.expect("after the transaction");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_refused_leaves_the_session_ready() {
    for (data, rest) in [
        ("S: 354 go", "C: x\nC: .\nS: 554 5.6.0 no\nC: RSET\nS: 250 ok\n"),
        ("S: 451 4.3.0 not now", "C: RSET\nS: 250 ok\n"),
    ] {
        let dialogue = format!(
            "C: RCPT TO:<you@example.org>\nS: 250 ok\nC: DATA\n{data}\n{rest}C: NOOP\nS: 250 ok"
        );
        let (mut txn, peer) = in_transaction(&[], &dialogue).await;
        txn.rcpt(Rcpt::to(mailbox("you@example.org"))).await.expect("RCPT");
        let Err(DataError::Refused(mut refused)) = txn.data("x").await else {
            panic!("the message was refused");
        };
        assert_eq!(refused.recipients[0].refusal(), Some(&refused.refusal));
        assert!(refused.recipients[0].is_accepted());
        refused.connection.send(Noop).await.expect("ready for the next");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_can_be_given_up() {
    let dialogue = "C: RSET
                    S: 250 ok
                    C: MAIL FROM:<me@example.test>
                    S: 250 ok";
    let (txn, peer) = in_transaction(&[], dialogue).await;
    let connection = txn.reset().await.expect("RSET");
    connection.mail(Mail::from(mailbox("me@example.test"))).await.expect("MAIL");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn replies_of_a_class_that_no_server_uses_here_end_the_connection() {
    // 354 to MAIL, 250 to DATA, 334 outside of AUTH: the two sides have lost step.
    let (connection, _) = greeted(script(&[], "C: MAIL *\nS: 354 go on")).await;
    let lost = error(connection.mail(Mail::from(ReversePath::Null)).await);
    assert!(is_violation(&lost), "{lost}");

    let dialogue = "C: RCPT *\nS: 250 ok\nC: DATA\nS: 250 ok";
    let (mut txn, _) = in_transaction(&[], dialogue).await;
    txn.rcpt(Rcpt::to(mailbox("you@example.org"))).await.expect("RCPT");
    let lost = error(txn.data("x").await);
    assert!(is_violation(&lost), "{lost}");

    let (mut connection, _) = greeted(script(&[], "C: NOOP\nS: 334 eA==")).await;
    let lost = error(connection.send(Noop).await);
    assert!(is_violation(&lost), "{lost}");
    let again = error(connection.send(Noop).await);
    assert!(matches!(again, Error::Lost(_)), "{again}");
}

fn is_violation(error: &Error) -> bool {
    matches!(error, Error::Lost(lost)
        if matches!(lost.protocol(), Some(ProtocolError::Unexpected { .. })))
}

#[tokio::test(start_paused = true)]
async fn a_surplus_reply_is_not_taken_for_the_next_one() {
    // In the same packet, and in one that arrives between the two calls.
    for between in ["", "-- wait 1ms --\n"] {
        let dialogue = format!("C: NOOP\nS: 250 ok\n{between}S: 250 one more");
        let (mut connection, peer) = greeted(script(&[], &dialogue)).await;
        let first = connection.send(Noop).await;
        first.expect("NOOP");
        tokio::time::advance(Duration::from_millis(1)).await;
        let written = peer.written();
        let lost = error(connection.send(Noop).await);
        assert!(
            matches!(&lost, Error::Lost(lost) if lost.protocol() == Some(&ProtocolError::Surplus)),
            "{lost}"
        );
        assert_eq!(peer.written(), written, "nothing is said to a server that is out of step");
        peer.finish();
    }
}

/// A reply answers a command that has left; one that came before cannot.
#[tokio::test(start_paused = true)]
async fn a_reply_to_a_command_that_has_not_left_is_none() {
    let surplus = [
        "S: 220 hi\nS: 250 AUTH PLAIN\nC: EHLO *",
        "S: 220 hi\nC: EHLO *\nS: 502 what?\nS: 250 SIZE\nC: HELO *",
        "S: 220 hi\nC: EHLO *\nS: 250 a\nC: MAIL *\nS: 250 ok\nS: 250 you too\nC: RCPT *",
    ];
    for dialogue in surplus {
        let (stream, peer) = Script::new(dialogue).start();
        let lost = match Connection::from_stream(stream, &server()).await {
            Err(lost) => lost,
            Ok(mut connection) => {
                let envelope = Envelope::new("", ["you@example.org"]).expect("addresses");
                error(connection.deliver(&envelope, "x").await)
            }
        };
        assert!(
            matches!(&lost, Error::Lost(lost) if lost.protocol() == Some(&ProtocolError::Surplus)),
            "{dialogue}: {lost}"
        );
        assert!(peer.is_closed());
    }
}

/// A server that closes an idle session says so, or only does so: either is seen before anything
/// is written.
#[tokio::test(start_paused = true)]
async fn a_server_that_has_gone_is_not_spoken_to() {
    for farewell in ["S: 421 4.3.2 idle", "S: 221 bye", "-- close --", "-- reset --"] {
        let dialogue = format!("C: NOOP\nS: 250 ok\n-- wait 1ms --\n{farewell}");
        for quits in [false, true] {
            let (mut connection, peer) = greeted(script(&[], &dialogue)).await;
            connection.send(Noop).await.expect("NOOP");
            tokio::time::advance(Duration::from_millis(1)).await;
            let written = peer.written();
            if quits {
                connection.quit().await.expect("the server was only faster");
            } else {
                let lost = error(connection.send(Noop).await);
                assert!(matches!(lost, Error::Lost(_)), "{farewell}: {lost}");
            }
            assert_eq!(peer.written(), written, "{farewell}");
            assert!(peer.is_closed(), "{farewell}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn parameters_are_written_once_and_only_where_they_are_offered() {
    let dialogue = "C: MAIL FROM:<me@example.com> SIZE=10 RET=HDRS ENVID=a+2Bb
                    S: 250 ok
                    C: RCPT TO:<you@example.org> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@example.org
                    S: 250 ok";
    let mail = || {
        Mail::from(mailbox("me@example.com"))
            .size(10)
            .with(Ret::Full)
            .with(EnvelopeId::new("a+b").expect("printable"))
            .with(Ret::Headers)
    };
    let (connection, peer) = greeted(script(&["SIZE", "DSN"], dialogue)).await;
    let mut txn = connection.mail(mail()).await.expect("MAIL");
    let rcpt = Rcpt::to(mailbox("you@example.org"))
        .with(Notify::SUCCESS.and(Notify::DELAY))
        .with(OriginalRecipient::new(mailbox("a+b@example.org")));
    txn.rcpt(rcpt).await.expect("RCPT");
    peer.finish();

    let (connection, _) = greeted(script(&["SIZE"], "")).await;
    let Err(TransitionError::Refused(refused)) = connection.mail(mail()).await else {
        panic!("DSN is not offered");
    };
    let missing = refused.refusal.encode_error().and_then(|error| error.missing_keyword());
    assert_eq!(missing, Some("DSN"));
}

#[tokio::test(start_paused = true)]
async fn vrfy_and_help_are_answered_anywhere() {
    let dialogue = "C: VRFY Smith
                    S: 252 cannot say
                    C: VRFY \"Joe Smith\"
                    S: 550 no
                    C: HELP RCPT
                    S: 214-RCPT names
                    S: 214 a recipient";
    let (mut txn, peer) = in_transaction(&[], dialogue).await;
    let vrfy = |name: &str| Vrfy::new(smtp::grammar::SmtpString::try_from(name).expect("text"));
    let answer = txn.send(vrfy("Smith")).await.expect("252 is a yes");
    assert!(matches!(answer, Verification::Unverified(_)));
    let refused = error(txn.send(vrfy("Joe Smith")).await);
    assert!(matches!(refused, Error::Refused(_)));
    let topic = smtp::grammar::SmtpString::try_from("RCPT").expect("text");
    let help = txn.send(Help::new().on(topic)).await.expect("help");
    assert_eq!(help.text(), "RCPT names\na recipient");
    peer.finish();
}

/// The parameters that MAIL has agreed on hold for the recipients and the message.
#[tokio::test(start_paused = true)]
async fn a_transaction_remembers_what_it_agreed_on() {
    let offers = ["SMTPUTF8", "8BITMIME"];
    let user = mailbox("用户@example.org");
    let dialogue = "C: MAIL FROM:<me@example.com> BODY=8BITMIME SMTPUTF8
                    S: 250 ok
                    C: RCPT TO:<用户@example.org>
                    S: 250 ok
                    C: DATA
                    S: 354 go
                    C: grüße
                    C: .
                    S: 250 ok";
    let (connection, peer) = greeted(script(&offers, dialogue)).await;
    let mail = Mail::from(mailbox("me@example.com")).body(BodyKind::EightBitMime).smtputf8();
    let mut txn = connection.mail(mail).await.expect("MAIL");
    txn.rcpt(Rcpt::to(&user)).await.expect("RCPT");
    txn.data("grüße").await.expect("DATA");
    peer.finish();

    let dialogue = "C: MAIL FROM:<me@example.com>
                    S: 250 ok
                    C: RCPT TO:<you@example.org>
                    S: 250 ok
                    C: RSET
                    S: 250 ok
                    C: NOOP
                    S: 250 ok";
    let (connection, peer) = greeted(script(&offers, dialogue)).await;
    let mut txn = connection.mail(Mail::from(mailbox("me@example.com"))).await.expect("MAIL");
    let refused = error(txn.rcpt(Rcpt::to(&user)).await);
    assert!(matches!(refused, Error::Refused(refusal) if refusal.is_local()));
    txn.rcpt(Rcpt::to(mailbox("you@example.org"))).await.expect("RCPT");
    let Err(DataError::Refused(mut refused)) = txn.data("grüße").await else {
        panic!("8BITMIME was not asked for");
    };
    assert!(refused.refusal.is_local());
    refused.connection.send(Noop).await.expect("after the transaction");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn the_reply_to_quit_is_there_for_whoever_waits() {
    let (connection, peer) = greeted(script(&[], "C: QUIT\nS: 221 2.0.0 bye")).await;
    let reply = connection.quit_and_wait().await.expect("a reply");
    assert_eq!(reply.to_string(), "221 2.0.0 bye");
    assert!(peer.is_closed());
    peer.finish();

    let (connection, peer) = greeted(script(&[], "C: QUIT\nS: 500 what?")).await;
    let refused = connection.quit_and_wait().await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    assert!(peer.is_closed());
}
