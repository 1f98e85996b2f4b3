//! The stand-in for applications' tests.

use std::sync::Arc;
use std::time::Duration;

use smtp::extension::Notify;
use smtp::message::LineEnds;
use smtp::{Body, DeliverError, Envelope, Receipt};
use smtp_pool::testing::{Answer, Outbox};
use smtp_pool::{Reason, SendError, SendMail};
use tokio::time::{Instant, timeout};

use super::peer::message;

/// The result of a message to two recipients, in one word.
fn outcome(result: &Result<Receipt, SendError>) -> String {
    match result {
        Ok(receipt) => format!("taken for {}", receipt.accepted().count()),
        Err(SendError::Delivery(error)) => {
            let reply = error.reply().map_or(0, |reply| reply.code().value());
            match error {
                DeliverError::Refused(_) => format!("refused {reply}"),
                DeliverError::Lost(_) => "lost".into(),
                DeliverError::Unknown(_) => "unknown".into(),
                DeliverError::NotSent(_) => "not sent".into(),
            }
        }
        Err(SendError::NotSent(not_sent)) => match not_sent.reason() {
            Reason::Connect(_) => "unreachable".into(),
            Reason::Credentials { .. } => "login".into(),
            Reason::Rate => "rate".into(),
            other => format!("{other:?}"),
        },
    }
}

#[tokio::test(start_paused = true)]
async fn an_outbox_fails_as_it_is_told() {
    let refused = |reply: &'static str, of: &'static [&'static str]| {
        Answer::recipients_refused(of.iter().map(move |address| (*address, reply)))
    };
    // The answer, the result, whether another attempt may go well, and whether the message is back.
    let table = [
        (Answer::taken(), "taken for 2", false, false),
        (Answer::sender_refused("550 5.7.1 not you"), "refused 550", false, true),
        (Answer::sender_refused("451 4.7.1 later"), "refused 451", true, true),
        (refused("550 5.1.1 who", &["a@example.org"]), "taken for 1", false, false),
        (
            refused("450 4.2.1 later", &["a@example.org", "B@example.org"]),
            "refused 450",
            true,
            true,
        ),
        (Answer::message_refused("554 5.6.0 no"), "refused 554", false, true),
        (Answer::message_refused("421 4.3.2 closing"), "lost", true, true),
        (Answer::lost(), "lost", true, true),
        (Answer::unknown(), "unknown", false, false),
        (Answer::silent(), "unknown", false, false),
        (Answer::unreachable(), "unreachable", true, true),
        (Answer::login_refused("535 5.7.8 wrong"), "login", false, true),
        (Answer::not_sent(Reason::Rate), "rate", true, true),
        (Answer::taken(), "taken for 2", false, false),
    ];
    let outbox = Outbox::new();
    outbox.script(table.iter().map(|(answer, ..)| answer.clone()));
    let mut taken = 0;
    for (answer, expected, transient, comes_back) in table {
        let envelope = Envelope::new("me@example.com", ["a@example.org", "b@example.org"]).unwrap();
        let result = outbox.send(envelope, "Subject: x\r\n\r\nText.\r\n").await;
        assert_eq!(outcome(&result), expected, "{answer:?}: {result:?}");
        taken += usize::from(result.is_ok());
        if let Err(error) = result {
            assert_eq!(error.is_transient(), transient, "{answer:?}: {error}");
            assert_eq!(error.into_message().is_some(), comes_back, "{answer:?}");
        }
        assert_eq!(outbox.mails().len(), taken, "{answer:?}");
    }
    assert_eq!(outbox.remaining(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_outbox_keeps_mails_with_their_envelopes() {
    let outbox = Outbox::new();
    let envelope = Envelope::new("", ["\"a>b\"@example.org", "Ω@example.org"]).unwrap();
    let envelope = envelope.with_each(&Notify::FAILURE);
    let text = "Subject: x\r\n\r\n.dots\r\n..\r\n.\r\nend\r\n";
    let receipt = outbox.send(envelope, text).await.expect("taken");
    assert_eq!(receipt.queue_id().as_deref(), Some("0001"));
    let binary = b"Subject: y\r\n\r\nbare\nlines\0\r\n.\r\n".as_slice();
    let envelope = Envelope::new("me@example.com", ["you@example.org"]).unwrap();
    outbox
        .send(envelope.clone(), Body::from(binary).line_ends(LineEnds::Binary))
        .await
        .expect("taken");
    outbox.send(envelope, "").await.expect("taken");
    let mails = outbox.mails();
    assert_eq!((mails[0].sender.as_str(), &mails[0].content[..]), ("", text.as_bytes()));
    assert_eq!(mails[0].recipients, ["\"a>b\"@example.org", "Ω@example.org"]);
    assert_eq!(mails[0].commands.len(), 3);
    assert!(mails[0].commands[1].ends_with("NOTIFY=FAILURE"), "{:?}", mails[0].commands);
    assert_eq!(mails[1].content, binary);
    assert_eq!(mails.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_outbox_writes_files_and_leaves_those_that_are_there() {
    let folder = std::env::temp_dir().join(format!("outbox-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    for run in 0..2 {
        let outbox = Outbox::in_directory(folder.join("mail")).expect("a folder");
        for number in 0..2 {
            let (envelope, body) = message(2 * run + number);
            outbox.send(envelope, body).await.expect("taken");
        }
    }
    let read =
        |name: &str| std::fs::read_to_string(folder.join("mail").join(name)).expect("a file");
    for number in 0..4 {
        assert_eq!(read(&format!("{:04}.eml", number + 1)), message(number).1);
    }
    let envelope = read("0004.envelope");
    assert!(envelope.starts_with("MAIL FROM:<me@example.com>"), "{envelope}");
    assert!(envelope.ends_with("\nRCPT TO:<you@example.org>\n"), "{envelope}");
    let outbox = Outbox::in_directory(folder.join("mail")).expect("a folder");
    std::fs::remove_dir_all(&folder).expect("removed");
    let (envelope, body) = message(9);
    let result = outbox.send(envelope, body).await;
    assert_eq!(outcome(&result), "refused 451", "without its folder");
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_on_an_outbox_leaves_it_usable() {
    let outbox = Outbox::new();
    outbox.script([Answer::silent()]);
    let begin = Instant::now();
    let (envelope, body) = message(0);
    let sending = outbox.send(envelope, body);
    timeout(Duration::from_secs(30), sending).await.expect_err("the server is silent");
    let (envelope, body) = message(1);
    outbox.send(envelope, body).await.expect("taken");
    assert_eq!(begin.elapsed(), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn an_application_has_a_pool_or_an_outbox() {
    async fn notify(mail: &dyn SendMail) -> Result<Receipt, SendError> {
        let (envelope, body) = message(0);
        mail.send(envelope, body.into()).await
    }
    let (outbox, peer) = (Outbox::new(), super::peer::Peer::new(super::peer::Plan::default()));
    let senders: [Arc<dyn SendMail>; 2] =
        [Arc::new(outbox.clone()), Arc::new(smtp_pool::Pool::new(peer.server("a.test")))];
    for mail in senders {
        let sent = tokio::spawn(async move { notify(&mail).await });
        sent.await.expect("no panic").expect("taken");
    }
    assert_eq!((outbox.mails().len(), peer.counts().taken.len()), (1, 1));
}
