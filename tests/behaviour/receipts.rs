//! A receipt says how its message travelled.

use smtp::command::{Mail, Rcpt};
use smtp::state::Security;
use smtp::testing::CaptureServer;
use smtp::{Envelope, Mailbox, Receipt, Submission, TlsConfig};

fn envelope() -> Envelope {
    Envelope::new("me@example.com", ["you@example.org"]).expect("addresses")
}

fn mailbox(address: &str) -> Mailbox {
    address.parse().expect("an address")
}

fn from() -> Mail {
    Mail::from(mailbox("me@example.com"))
}

fn to() -> Rcpt {
    Rcpt::to(mailbox("you@example.org"))
}

/// A receipt of each way to send a message: a macro, because `mail` is a method of each state.
macro_rules! sent {
    ($connection:expr) => {{
        let mut connection = $connection;
        let receipt = connection.deliver(&envelope(), "one\r\n").await.expect("delivered");
        let mut receipts = vec![("deliver", receipt)];

        let messages = [(envelope(), "two\r\n")];
        let each = |_, result: Result<Receipt, smtp::DeliverError>| {
            receipts.push(("deliver_all", result.expect("delivered")));
        };
        connection.deliver_all(messages, each).await.expect("a session");

        let mut transaction = connection.mail(from()).await.expect("MAIL");
        transaction.rcpt(to()).await.expect("RCPT");
        let (connection, receipt) = transaction.data("three\r\n").await.expect("DATA");
        receipts.push(("data", receipt));

        let group = connection.pipeline().mail(from()).rcpt(to()).data("four\r\n");
        let (connection, (_, _, message)) = group.await;
        receipts.push(("pipeline", message.end.accepted().expect("taken").clone()));

        let (feed, running) = connection.expect("a session").feed();
        let delivered = async move { feed.deliver(envelope(), "five\r\n").await };
        let (delivered, connection) = tokio::join!(delivered, running);
        receipts.push(("feed", delivered.expect("delivered")));
        connection.expect("a session").quit().await.expect("QUIT");
        receipts
    }};
}

fn check(receipts: &[(&str, Receipt)], security: Option<&Security>) {
    assert_eq!(receipts.len(), 5);
    for (way, receipt) in receipts {
        assert_eq!(receipt.security(), security, "{way}");
    }
}

#[tokio::test]
async fn a_receipt_repeats_the_facts_of_tls() {
    let server = CaptureServer::builder().start().await.expect("a server");
    let to = Submission::new(server.host()).port(server.port());

    let connection = to.clone().without_tls().connect().await.expect("a session");
    check(&sent!(connection), None);

    let roots = TlsConfig::builder().root_pem(server.authority_pem());
    let any = TlsConfig::builder().dangerous().accept_any_certificate();
    for (tls, verified) in [(roots, true), (any, false)] {
        let tls = tls.build().expect("a configuration");
        let connection = to.clone().tls(tls).connect().await.expect("a session");
        let security = connection.security().cloned().expect("TLS");
        assert_eq!(security.verified, verified);
        check(&sent!(connection), Some(&security));
    }
}
