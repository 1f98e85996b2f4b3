//! XCLIENT and XFORWARD: Postfix writes down the facts that they gave.

use std::net::IpAddr;

use smtp::command::{ForwardSource, Mail, Rcpt, XClient, XForward};
use smtp::{Envelope, Mailbox};

use super::server::Server;

fn mailbox(address: &str) -> Mailbox {
    address.parse().expect("an address")
}

/// A client whose address is for documentation.
fn client() -> IpAddr {
    IpAddr::from([192, 0, 2, 7])
}

/// The server's log, or its headers, show the client that XCLIENT named; and the session goes on.
#[tokio::test]
async fn for_another_client() {
    let Some(server) = Server::get_started("postfix") else { return };
    let mut mail = server.relay("PORT_PLAIN").await;
    let other = XClient::new()
        .name("other.client.example")
        .address(client())
        .port(4711)
        .protocol("ESMTP")
        .helo("other.client.example".parse::<smtp::grammar::Domain>().expect("a domain"));
    for part in other.into_lines() {
        (mail, _) = mail.transition(part).await.expect("220");
    }
    let envelope = Envelope::new("me@example.com", ["tester@example.test"]).expect("addresses");
    let body = "X-First: xclient\r\nSubject: x\r\n\r\nx\r\n";
    let delivered = mail.deliver(&envelope, body).await;
    delivered.expect("taken for the other client");
    mail.quit().await.expect("QUIT");
    let log = std::fs::read_to_string(server.get("LOG")).expect("a log");
    assert!(log.contains("client=other.client.example[192.0.2.7]"), "the log names the client");
}

#[tokio::test]
async fn where_a_message_came_from() {
    let Some(server) = Server::get_started("postfix") else { return };
    let mail = server.relay("PORT_PLAIN").await;
    assert!(mail.capabilities().has("XFORWARD"));
    let origin = XForward::new()
        .name("origin.example")
        .address(client())
        .port(4712)
        .protocol("ESMTP")
        .queue_id("ORIGIN1")
        .source(ForwardSource::Remote);
    let (mail, (xforward, _, _, message)) = mail
        .pipeline()
        .send(origin)
        .mail(Mail::from(mailbox("me@example.com")))
        .rcpt(Rcpt::to(mailbox("tester@example.test")))
        .data("X-First: xforward\r\nSubject: x\r\n\r\nx\r\n")
        .await;
    assert!(xforward.is_accepted(), "{xforward:?}");
    assert!(message.end.is_accepted(), "{:?}", message.end);
    mail.expect("a session").quit().await.expect("QUIT");
    let log = std::fs::read_to_string(server.get("LOG")).expect("a log");
    assert!(log.contains("orig_client=origin.example[192.0.2.7]"), "the log names the origin");
}
