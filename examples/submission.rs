//! Submits a mail to three recipients, of which the server refuses one, and reads what became of
//! each: the way that most programs need. The server is one of the example's own, on the loopback
//! interface; the example fails unless the server holds the mail at the end.
//!
//! Run it: `cargo run --example submission`

use std::error::Error;

use smtp::message::RecipientOutcome;
use smtp::testing::CaptureServer;
use smtp::{Envelope, Plain, Submission, TlsConfig};

const MAIL: &str = "From: Me <me@example.com>\r\n\
    To: You <you@example.org>\r\n\
    Subject: Lunch\r\n\
    \r\n\
    At noon?\r\n";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = CaptureServer::builder()
        .user("me", "pencil")
        .require_auth()
        .refuse_recipient("gone@example.org", "550 5.1.1 no such user")
        .start()
        .await?;

    // The port is 587 and the roots are those of the system, where nothing else is said. The
    // server of this example has another port, and a certificate that no system knows.
    let tls = TlsConfig::builder().root_pem(server.authority_pem()).build()?;
    let mut connection = Submission::new(server.host())
        .port(server.port())
        .tls(tls)
        .auth(Plain::new("me", "pencil"))
        .connect()
        .await?;

    let recipients = ["you@example.org", "gone@example.org", "her@example.net"];
    let envelope = Envelope::new("me@example.com", recipients)?;
    let receipt = connection.deliver(&envelope, MAIL).await?;
    connection.quit().await?;

    // A receipt says that the server took the mail for at least one recipient, not for all.
    println!("The server took the mail: {}", receipt.reply());
    for recipient in receipt.recipients() {
        match recipient.outcome() {
            RecipientOutcome::Delivered => println!("{}: delivered", recipient.path()),
            RecipientOutcome::Refused(refusal) => println!("{}: {refusal}", recipient.path()),
            // The connection was lost meanwhile: the caller decides whether to send again.
            other => println!("{}: {other:?}", recipient.path()),
        }
    }

    let kept = server.messages();
    let [mail] = kept.as_slice() else {
        return Err(format!("the server should hold one mail, and holds {}", kept.len()).into());
    };
    if mail.content != MAIL {
        return Err(format!("the server holds another mail: {:?}", mail.content).into());
    }
    if mail.recipients != ["you@example.org", "her@example.net"] {
        return Err(format!("the mail is for the wrong recipients: {:?}", mail.recipients).into());
    }
    Ok(())
}
