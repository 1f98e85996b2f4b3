//! A message whose MAIL and RCPT have the parameter of a row.

use std::path::Path;

use smtp::command::{Mail, Rcpt};
use smtp::extension::Parameter;
use smtp::{Envelope, Policy};
use tests::support::{Content, ParameterRow, Witness, mailbox};

use super::super::mailbox_check;
use super::super::server::Server;

/// Calls with a session in which the server offers the parameter.
macro_rules! with_session {
    ($server:expr, $witness:expr, $row:expr, $mail:ident => $call:expr) => {
        match ($witness, $row.extension) {
            // Dovecot takes messages of users alone, and AUTH= comes after AUTH.
            (Witness::Dovecot, _) | (_, "AUTH") => {
                let $mail = $server.submission().await;
                $call
            }
            _ if $row.tls => {
                let $mail = $server.secured("PORT_PLAIN", $server.tls()).await;
                $call
            }
            _ => {
                let $mail = $server.relay("PORT_PLAIN").await;
                $call
            }
        }
    };
}

/// Sends a message with the parameter, and looks at what the server kept.
pub(super) async fn takes(server: &Server, witness: Witness, row: &ParameterRow, number: usize) {
    let name = witness.name();
    // A sender of its own, by which the message is found; one of UTF-8 where that is the row.
    let letter = if row.parameter == "SMTPUTF8" { "\u{eb}" } else { "" };
    let sender = format!("row{number}{letter}@example.com");
    let body = match row.extension {
        "8BITMIME" => "\u{e9}\r\n",
        _ => "x\r\n",
    };
    assert_ne!(row.content, Some(Content::Binary), "no server here takes {}", row.own());
    with_session!(server, witness, row, mail => {
        assert!(mail.capabilities().has(row.extension), "{name} offers {}", row.extension);
        let begun = mail.mail((row.give.mail)(Mail::from(mailbox(&sender)))).await;
        let mut transaction = begun.unwrap_or_else(|error| panic!("{name}: {error}"));
        let rcpt = transaction.rcpt((row.give.rcpt)(Rcpt::to(mailbox(server.user())))).await;
        rcpt.unwrap_or_else(|error| panic!("{name}: {}: {error}", row.own()));
        let sent = transaction.data(body).await;
        let (mail, _) = sent.unwrap_or_else(|error| panic!("{name}: {}: {error}", row.own()));
        mail.quit().await.expect("QUIT");
    });
    match row.parameter {
        "PRDR" => replies_for_each(server).await,
        "XVERP" => returns_to_each(server, row, number).await,
        _ => {}
    }
    match witness {
        Witness::SmtpServer => kept_by_smtp_server(server, row, &sender),
        Witness::Aiosmtpd => {
            let kept = envelope(server, &sender);
            assert!(kept.contains(&format!("\"{}\"", row.own())), "{name} kept {kept}");
        }
        // They refuse the parameters that they do not know.
        _ => refuses_others(server, witness, row).await,
    }
}

/// The envelope of this sender, as the server wrote it down.
pub(super) fn envelope(server: &Server, sender: &str) -> String {
    let folder = Path::new(server.get("FOLDER")).join("mail/envelope");
    let written = std::fs::read_dir(folder).expect("the envelopes").filter_map(|file| {
        let text = std::fs::read_to_string(file.ok()?.path()).ok()?;
        // Python writes its JSON in ASCII.
        Some(text.replace("\\u00eb", "\u{eb}"))
    });
    let mut own = written.filter(|text| text.contains(&format!("\"{sender}\"")));
    own.next().unwrap_or_else(|| panic!("no envelope is of {sender}"))
}

/// It takes any parameter, and writes down what it read of those that it knows.
fn kept_by_smtp_server(server: &Server, row: &ParameterRow, sender: &str) {
    let read_as = match row.own() {
        "SIZE=3" => "\"SIZE\": \"3\"",
        "BODY=8BITMIME" => "\"bodyType\": \"8bitmime\"",
        "SMTPUTF8" => "\"smtpUtf8\": true",
        "REQUIRETLS" => "\"requireTLS\": true",
        "RET=HDRS" => "\"ret\": \"HDRS\"",
        "ENVID=a+2Bb+3Dc+20d" => "\"envid\": \"a+b=c d\"",
        "NOTIFY=SUCCESS,DELAY" => "\"notify\": [\"SUCCESS\",\"DELAY\"]",
        "ORCPT=rfc822;a+2Bb@example.org" => "\"orcpt\": \"rfc822;a+b@example.org\"",
        r"ORCPT=utf-8;\x{7528}@example.org" => r#""orcpt": "utf-8;\\x{7528}@example.org""#,
        other => panic!("smtp-server does not tell whether it has read {other}"),
    };
    let kept = envelope(server, sender);
    let close = |text: &str| text.split_whitespace().collect::<Vec<_>>().join("");
    assert!(close(&kept).contains(&close(read_as)), "{}: {kept}", row.own());
}

/// To take a parameter says something of a server alone that refuses what it does not know.
async fn refuses_others(server: &Server, witness: Witness, row: &ParameterRow) {
    with_session!(server, witness, row, mail => {
        let other = Parameter::new("X-NO-SUCH", "1", row.extension);
        let error = mail.mail(Mail::from(mailbox("a@example.com")).with(other)).await;
        let error = smtp::Error::from(error.expect_err("no such parameter"));
        let code = error.reply().map(|reply| reply.code().value());
        assert!(matches!(code, Some(501 | 555)), "{}: {error}", witness.name());
    });
}

/// PRDR: a reply to the message for each recipient.
async fn replies_for_each(server: &Server) {
    let mut mail = server.relay("PORT_PLAIN").await;
    let recipients = [server.user(), "full@example.test"];
    let envelope = Envelope::new("a@example.com", recipients).expect("addresses");
    let receipt = mail.deliver(&envelope.policy(Policy::AnyAccepted), "x").await.expect("one");
    let finals = receipt.recipients().iter().map(|one| one.final_reply().map(|r| r.code().value()));
    assert!(finals.eq([Some(250), Some(552)]), "{receipt:?}");
    mail.quit().await.expect("QUIT");
}

/// XVERP: the address to which the message returns holds the recipient's.
async fn returns_to_each(server: &Server, row: &ParameterRow, number: usize) {
    let delimiters = row.own().strip_prefix("XVERP=").unwrap_or("+=");
    let (before, inside) = delimiters.split_at(1);
    let recipient = server.user().replace('@', inside);
    let path = format!("<row{number}{before}{recipient}@example.com>");
    mailbox_check::find(server, server.user(), &path).await;
}
