//! Commands of extensions, as real servers take them.

use std::net::IpAddr;

use smtp::command::{BurlLast, Etrn, Expn, ForwardSource, Mail, Rcpt, Vrfy, XClient, XForward};
use smtp::connection::TransitionError;
use smtp::grammar::SmtpString;
use smtp::{Envelope, Error, Mailbox};

use super::server::Server;

fn mailbox(address: &str) -> Mailbox {
    address.parse().expect("an address")
}

/// A client whose address is for documentation.
fn client() -> IpAddr {
    IpAddr::from([192, 0, 2, 7])
}

/// The server answers ETRN, VRFY and EXPN. A refusal has a reply, so the server has read the line.
#[tokio::test]
async fn questions_of_users_and_queues() {
    for name in ["postfix", "exim"] {
        let Some(server) = Server::get_started(name) else { continue };
        let mut mail = server.relay("PORT_PLAIN").await;
        let tester = mailbox("tester@example.test");
        let verified = mail.send(Vrfy::new(&tester)).await.expect("VRFY");
        assert!(verified.reply().code().is_positive(), "{name}: {verified:?}");

        let queue = mail.send(Etrn::Host("example.test".parse().expect("a domain"))).await;
        match queue {
            Ok(started) => assert!(started.messages().is_none_or(|count| count < 100), "{name}"),
            // Postfix sends nothing for domains that it does not keep a queue of.
            Err(Error::Refused(refusal)) => {
                let code = refusal.reply().expect("a reply").code().value();
                assert!(matches!(code, 458 | 459), "{name}: {refusal}");
            }
            Err(error) => panic!("{name}: {error}"),
        }
        if mail.capabilities().has("EXPN") {
            let list: SmtpString = "postmaster".parse().expect("a name");
            let expanded = mail.send(Expn::new(list)).await;
            let answered = match &expanded {
                Ok(_) => true,
                Err(Error::Refused(refusal)) => !refusal.is_local(),
                Err(_) => false,
            };
            assert!(answered, "{name}: {expanded:?}");
        }
        mail.quit().await.expect("QUIT");
    }
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

/// Dovecot reads the command, and says what is wrong with the URL.
#[tokio::test]
async fn a_message_that_the_server_should_fetch() {
    let Some(server) = Server::get_started("dovecot") else { return };
    let mail = server.submission().await;
    assert!(mail.capabilities().has("BURL"), "Dovecot lists BURL: {:?}", mail.capabilities());
    let begun = mail.mail(Mail::from(mailbox(server.user()))).await;
    let mut transaction = begun.expect("MAIL");
    transaction.rcpt(Rcpt::to(mailbox("tester@example.test"))).await.expect("RCPT");
    let url = "imap://tester@localhost/INBOX;UIDVALIDITY=1/;UID=1;urlauth=submit+tester:internal:91354a473744909de610943775f92038";
    let last = transaction.transition(BurlLast::new(url)).await;
    let Err(TransitionError::Refused(refused)) = last else { panic!("there is no such URL") };
    let code = refused.refusal.reply().expect("a reply").code().value();
    assert!(matches!(code, 451 | 554), "{}", refused.refusal);
    let mail = refused.connection.reset().await.expect("RSET");
    mail.quit().await.expect("QUIT");
}
