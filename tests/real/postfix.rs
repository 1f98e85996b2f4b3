//! Refusals of Postfix, and extensions that it lacks.

use smtp::command::{Mail, Rcpt, Rset, Vrfy};
use smtp::connection::TransitionError;
use smtp::{DeliverError, Envelope, Error, Mailbox};

use super::server::Server;

#[tokio::test]
async fn refusals_are_told_apart() {
    let Some(server) = Server::get_started("postfix") else {
        return;
    };
    let mut mail = server.relay("PORT_PLAIN").await;
    assert!(mail.capabilities().has("PIPELINING"));
    assert!(mail.capabilities().get::<smtp::extension::Size>().is_some());

    let recipients = ["tester@example.test", "nosuch@example.test", "tempfail@example.test"];
    let envelope = Envelope::new("someone@example.com", recipients).expect("addresses");
    let receipt = mail.deliver(&envelope, "Subject: x\r\n\r\nx\r\n").await.expect("for one");
    assert_eq!(receipt.accepted().count(), 1);
    let refused: Vec<bool> = receipt.refused().map(|(_, no)| no.is_transient()).collect();
    assert_eq!(refused, [false, true]);
    assert!(receipt.queue_id().is_some(), "{:?}", receipt.reply());

    let envelope = Envelope::new("eodperm@example.test", ["tester@example.test"]);
    let result = mail.deliver(&envelope.expect("addresses"), "Subject: x\r\n\r\nx\r\n").await;
    let Err(DeliverError::Refused(undelivered)) = result else {
        panic!("{result:?}");
    };
    assert_eq!(undelivered.refusal().command(), smtp::Refusal::END_OF_DATA);

    let bad: Mailbox = "badsender@example.test".parse().expect("an address");
    // Postfix answers for the sender when it hears the recipient.
    let mut txn = mail.mail(Mail::from(bad)).await.expect("MAIL");
    let tester: Mailbox = "tester@example.test".parse().expect("an address");
    let refused = txn.rcpt(Rcpt::to(&tester)).await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    let (mut mail, _) = txn.transition(Rset).await.expect("RSET");
    mail.send(Vrfy::new(&tester)).await.expect("VRFY");

    // 421 ends the session.
    let shutdown = Envelope::new("a@example.com", ["shutdown@example.test"]).expect("addresses");
    let result = mail.deliver(&shutdown, "x\r\n").await;
    assert!(matches!(result, Err(DeliverError::Lost(_))), "{result:?}");
}

#[tokio::test]
async fn servers_that_lack_everything() {
    let Some(server) = Server::get_started("postfix") else {
        return;
    };
    let envelope = Envelope::new("a@example.com", ["tester@example.test"]).expect("addresses");
    let mut bare = server.relay("PORT_7BIT").await;
    assert_eq!(bare.capabilities().iter().count(), 0);
    bare.deliver(&envelope, "Subject: x\r\n\r\nx\r\n").await.expect("delivered");
    let result = bare.deliver(&envelope, "Subject: x\r\n\r\n\u{fc}\r\n").await;
    assert!(matches!(result, Err(DeliverError::Refused(_))), "{result:?}");
    let refused = bare.starttls(&server.tls()).await;
    assert!(matches!(refused, Err(TransitionError::Refused(_))));

    let mut old = server.relay("PORT_HELO_ONLY").await;
    old.deliver(&envelope, "Subject: x\r\n\r\nx\r\n").await.expect("delivered");
}
