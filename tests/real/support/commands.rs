//! The command of a row.

use smtp::command::{BurlLast, Etrn, Expn, Help, Mail, Noop, Rcpt, Rset, Vrfy, XClient, XForward};
use smtp::connection::TransitionError;
use smtp::extension::AuthMechanisms;
use smtp::grammar::SmtpString;
use smtp::state::Greeted;
use smtp::{Connection, Envelope, Server as Address};
use tests::support::{CommandRow, Witness, mailbox};

use super::super::server::Server;
use super::parameters::envelope;

/// The addresses of other clients, for documentation: of XCLIENT, and of XFORWARD.
const CLIENT: &str = "192.0.2.77";
const ORIGIN: &str = "192.0.2.78";

/// The server lists the keyword of the command, and takes the command.
pub(super) async fn takes(server: &Server, witness: Witness, row: &CommandRow) {
    match row.verb {
        "HELO" => {
            // EHLO is refused here.
            let mail = server.relay("PORT_HELO_ONLY").await;
            assert_eq!(mail.capabilities().iter().count(), 0, "{}", witness.name());
            mail.quit().await.expect("QUIT");
        }
        "LHLO" => {
            let address = Address::new("127.0.0.1", server.port("PORT_LMTP"));
            let mail = Connection::connect_lmtp(&address).await.expect("LHLO");
            assert!(mail.capabilities().has("8BITMIME"), "{:?}", mail.capabilities());
            mail.quit().await.expect("QUIT");
        }
        "STARTTLS" | "AUTH" | "EHLO" => {
            let mail = server.secured("PORT_SUBMISSION", server.tls()).await;
            assert!(mail.security().is_some() && mail.capabilities().iter().count() > 2);
            let offered = mail.capabilities().get::<AuthMechanisms>().expect("AUTH");
            assert!(offered.has("PLAIN"), "{offered:?}");
            mail.quit().await.expect("QUIT");
            server.submission().await.quit().await.expect("QUIT");
        }
        "BDAT" | "BURL" => content(server, row).await,
        "MAIL" | "RCPT" | "DATA" | "RSET" | "NOOP" | "QUIT" => session(server).await,
        "XCLIENT" => for_another_client(server, witness).await,
        _ => ask(server, witness, row).await,
    }
}

/// The commands that every server has.
async fn session(server: &Server) {
    let mail = server.submission().await;
    let mut transaction = mail.mail(Mail::from(mailbox(server.user()))).await.expect("MAIL");
    transaction.rcpt(Rcpt::to(mailbox(server.user()))).await.expect("RCPT");
    let mut mail = transaction.reset().await.expect("RSET");
    mail.send(Rset).await.expect("RSET");
    mail.send(Noop).await.expect("NOOP");
    let mut transaction = mail.mail(Mail::from(mailbox(server.user()))).await.expect("MAIL");
    transaction.rcpt(Rcpt::to(mailbox(server.user()))).await.expect("RCPT");
    let (mail, _) = transaction.data("Subject: x\r\n\r\nx\r\n").await.expect("DATA");
    assert_eq!(mail.quit_and_wait().await.expect("QUIT").code().value(), 221);
}

/// The message of a user in chunks, or fetched by the server.
async fn content(server: &Server, row: &CommandRow) {
    let mail = server.submission().await;
    let keyword = row.keyword.expect("a keyword");
    assert!(mail.capabilities().has(keyword), "{keyword}: {:?}", mail.capabilities());
    let mut transaction = mail.mail(Mail::from(mailbox(server.user()))).await.expect("MAIL");
    transaction.rcpt(Rcpt::to(mailbox(server.user()))).await.expect("RCPT");
    if row.verb == "BDAT" {
        let sent = transaction.bdat("Subject: x\r\n\r\nx\r\n").await;
        let (mail, _) = sent.expect("BDAT");
        mail.quit().await.expect("QUIT");
        return;
    }
    // The server has read the command: it looks for the message, and there is none.
    let url = "imap://tester@localhost/INBOX;UIDVALIDITY=1/;UID=1;urlauth=submit+tester:internal:91354a473744909de610943775f92038";
    let last = transaction.transition(BurlLast::new(url)).await;
    let Err(TransitionError::Refused(refused)) = last else { panic!("there is no such URL") };
    let code = refused.refusal.reply().map(|reply| reply.code().value());
    assert!(matches!(code, Some(451 | 554)), "{}", refused.refusal);
    refused.connection.reset().await.expect("RSET").quit().await.expect("QUIT");
}

/// The session begins again, and goes on.
async fn for_another_client(server: &Server, witness: Witness) {
    let address = CLIENT.parse().expect("an address");
    let client = XClient::new().address(address).port(4711).protocol("ESMTP");
    if witness == Witness::Dovecot {
        // It hears clients before they log in.
        let mail = server.secured("PORT_SUBMISSION", server.tls()).await;
        assert!(mail.capabilities().has("XCLIENT"), "{:?}", mail.capabilities());
        let (mail, reply) = mail.transition(client).await.expect("220");
        assert_eq!(reply.code().value(), 220);
        let mut login = smtp::Plain::new(server.user(), server.get("SMTP_PASSWORD"));
        let mail = mail.authenticate(&mut login).await.expect("a login");
        mail.quit().await.expect("QUIT");
        let log = std::fs::read_to_string(server.get("LOG")).expect("a log");
        assert!(log.contains(&format!("rip={CLIENT}")), "the log names the client");
        return;
    }
    let mail = server.relay("PORT_PLAIN").await;
    assert!(mail.capabilities().has("XCLIENT"), "{:?}", mail.capabilities());
    let (mut mail, reply) = mail.transition(client).await.expect("220");
    assert_eq!(reply.code().value(), 220);
    mail.send(Noop).await.expect("the session goes on");
    sends(mail, server, "xclient@example.com").await;
    kept(server, witness, "xclient@example.com", &format!("client=unknown[{CLIENT}]"));
}

/// Sends a message of this sender, and ends the session.
async fn sends(mut mail: Connection<Greeted>, server: &Server, sender: &str) {
    let envelope = Envelope::new(sender, [server.user()]).expect("addresses");
    mail.deliver(&envelope, "Subject: x\r\n\r\nx\r\n").await.expect("delivered");
    mail.quit().await.expect("QUIT");
}

/// The server has written down the address of the client that a message came from: in its log, or
/// with the envelope.
fn kept(server: &Server, witness: Witness, sender: &str, logged: &str) {
    if witness == Witness::SmtpServer {
        let (_, address) = logged.split_once('[').expect("an address");
        let envelope = envelope(server, sender);
        assert!(envelope.contains(address.trim_end_matches(']')), "{envelope}");
        return;
    }
    let log = std::fs::read_to_string(server.get("LOG")).expect("a log");
    assert!(log.contains(logged), "the log of {} has {logged}", witness.name());
}

/// A question, or facts about a message.
async fn ask(server: &Server, witness: Witness, row: &CommandRow) {
    let name = witness.name();
    let mut mail = server.relay("PORT_PLAIN").await;
    let keyword = row.keyword.expect("a keyword");
    assert!(mail.capabilities().has(keyword), "{name} lists {keyword}");
    let string = |text: &str| text.parse::<SmtpString>().expect("a string");
    let taken = match row.verb {
        "VRFY" => mail.send(Vrfy::new(&mailbox(server.user()))).await.map(|_| ()),
        "EXPN" => mail.send(Expn::new(string("postmaster"))).await.map(|_| ()),
        "HELP" => mail.send(Help::new()).await.map(|_| ()),
        "ETRN" => {
            let domain = "example.test".parse().expect("a domain");
            mail.send(Etrn::Host(domain)).await.map(|_| ())
        }
        "XFORWARD" => {
            let address = ORIGIN.parse().expect("an address");
            let origin = XForward::new().name("origin.example").address(address).protocol("ESMTP");
            mail.send(origin).await.expect("XFORWARD");
            sends(mail, server, "xforward@example.com").await;
            let logged = format!("orig_client=origin.example[{ORIGIN}]");
            return kept(server, witness, "xforward@example.com", &logged);
        }
        verb => panic!("{name} was not asked {verb}"),
    };
    taken.unwrap_or_else(|error| panic!("{name}: {}: {error}", row.verb));
    mail.quit().await.expect("QUIT");
}
