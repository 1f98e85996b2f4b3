//! DSN: the report that a server sends has what the parameters asked for.

use smtp::command::{Mail, Rcpt};
use smtp::extension::{EnvelopeId, Notify, OriginalRecipient, Ret};
use smtp::{Envelope, Mailbox};

use super::super::mailbox_check;
use super::super::server::Server;

#[tokio::test]
async fn a_report_of_success_has_the_names_that_the_parameters_gave() {
    // Exim writes the two names as they came, in xtext.
    for (name, plus) in [("postfix", "+"), ("exim", "+2B")] {
        let Some(server) = Server::get_started(name) else { continue };
        let [(tester, _), (zoe, _)] = server.accounts();
        let mailbox = |address: &str| address.parse::<Mailbox>().expect("an address");
        for (ret, has_body) in [(Ret::Headers, false), (Ret::Full, true)] {
            let id = if has_body { "full+1" } else { "headers+1" };
            let mail = Mail::from(mailbox(zoe)).with(ret);
            let mail = mail.with(EnvelopeId::new(id).expect("printable"));
            let original = OriginalRecipient::new(mailbox("first+name@example.org"));
            let rcpt = Rcpt::to(mailbox(tester)).with(Notify::SUCCESS).with(original);
            let envelope = Envelope::from_mail(mail).recipient(rcpt);
            let mut connection = server.relay("PORT_PLAIN").await;
            let body = "X-First: reports\r\nSubject: reported\r\n\r\nthe body\r\n";
            connection.deliver(&envelope, body).await.expect("delivered");
            connection.quit().await.expect("QUIT");

            let written = format!(": {}\n", id.replace('+', plus));
            let report = mailbox_check::find(server, zoe, &written).await;
            let lower = report.to_ascii_lowercase();
            assert!(lower.contains("original-envelope-id: "), "{name}: {report}");
            let original = format!("original-recipient: rfc822;first{plus}name@example.org");
            assert!(lower.contains(&original.to_ascii_lowercase()), "{name}: {report}");
            assert!(report.contains("Subject: reported"), "{name}: {report}");
            // A report of success holds the headers at most (RFC 3461 §4.3).
            assert!(!report.contains("the body"), "{name}: {report}");
        }
    }
}
