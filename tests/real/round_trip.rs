//! A message arrives as it was sent, through each server.

use smtp::Envelope;
use smtp::command::{Mail, Rcpt};

use super::mailbox_check;
use super::server::Server;

/// A message with everything that is easily lost: dots, long lines, eight bits, empty lines, spaces
/// at the end of a line.
fn message(subject: &str) -> Vec<u8> {
    let long = "0123456789".repeat(90);
    format!(
        "X-First: round-trip\r\n\
         From: tester@example.test\r\n\
         Message-ID: <{subject}@example.test>\r\n\
         Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n\
         Subject: {subject}\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\
         \r\n\
         .\r\n\
         ..\r\n\
         .dot at the start\r\n\
         \r\n\
         .\r\n\
         Gr\u{fc}\u{df}e, \u{4f60}\u{597d} \r\n\
         {long}\r\n\
         QUIT\r\n\
         From the start of a line\r\n\
         \t\r\n\
         \r\n\
         the end\r\n"
    )
    .into_bytes()
}

async fn through(name: &str) {
    let Some(server) = Server::get_started(name) else {
        return;
    };
    let user = server.user().to_owned();
    let envelope = Envelope::new(&user, [&user]).expect("the server's user");

    let starttls = message("starttls");
    let mut mail = server.submission().await;
    let receipt = mail.deliver(&envelope, starttls.as_slice()).await.expect("delivered");
    assert!(receipt.is_complete(), "{receipt:?}");
    mail.quit().await.expect("QUIT");

    let implicit = message("implicit");
    let mut mail = server.submissions().await;
    mail.deliver(&envelope, implicit.clone()).await.expect("delivered");

    let by_hand = message("by-hand");
    let path: smtp::Mailbox = user.parse().expect("the server's user");
    let eight_bit = smtp::extension::BodyKind::EightBitMime;
    let mut txn = mail.mail(Mail::from(&path).body(eight_bit)).await.expect("MAIL");
    txn.rcpt(Rcpt::to(&path)).await.expect("RCPT");
    let (mail, _) = txn.data(by_hand.as_slice()).await.expect("DATA");

    let mut mail = mail;
    let stream: Vec<Vec<u8>> = (0..50).map(|number| message(&format!("stream-{number}"))).collect();
    let mut taken = 0;
    let messages = stream.iter().map(|body| (envelope.clone(), body.as_slice()));
    let delivered = mail.deliver_all(messages, |_, result| {
        result.expect("delivered");
        taken += 1;
    });
    delivered.await.expect("the connection stays");
    assert_eq!(taken, 50);
    mail.quit().await.expect("QUIT");

    let delivered = mailbox_check::wait_for(server, &user, "round-trip", 53).await;
    let mut sent = vec![starttls, implicit, by_hand];
    sent.extend(stream);
    sent.sort();
    for (delivered, sent) in delivered.iter().zip(&sent) {
        assert_eq!(
            String::from_utf8_lossy(delivered),
            String::from_utf8_lossy(sent),
            "{name} got another message"
        );
    }
    assert_eq!(delivered, sent);
}

with_each_server!(through);
