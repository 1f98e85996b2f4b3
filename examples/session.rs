//! Walks through a session command by command: STARTTLS, AUTH, MAIL, RCPT, RSET, DATA, QUIT. The
//! state of the session is a type, and a command that changes the state leads to another type. The
//! server is one of the example's own, and must hold the mail at the end.
//!
//! Run it: `cargo run --example session`

use std::error::Error;

use smtp::command::{Mail, Rcpt};
use smtp::state::{Authed, Greeted, InTransaction, Tls};
use smtp::testing::CaptureServer;
use smtp::{Connection, Mailbox, Plain, Server, TlsConfig};

const MAIL: &str = "From: me@example.com\r\nTo: you@example.org\r\n\r\nBy hand.\r\n";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let capture = CaptureServer::builder()
        .user("me", "pencil")
        .refuse_recipient("gone@example.org", "550 5.1.1 no such user")
        .start()
        .await?;
    let server = Server::new(capture.host(), capture.port());
    let roots = TlsConfig::builder().root_pem(capture.authority_pem()).build()?;
    let me: Mailbox = "me@example.com".parse()?;
    let gone: Mailbox = "gone@example.org".parse()?;
    let you: Mailbox = "you@example.org".parse()?;

    // The types are written out to show them; the compiler would find them by itself.
    let greeted: Connection<Greeted> = Connection::connect(&server).await?;
    // let authed = greeted.authenticate(&mut Plain::new("me", "pencil")).await?;
    // ^ does not compile: the password would travel in clear. `authenticate` is a method of
    //   `Connection<Tls>`, to which STARTTLS leads:
    let tls: Connection<Tls> = greeted.starttls(&roots).await?;
    println!("Inside TLS, the server offers AUTH: {}", tls.capabilities().has("AUTH"));

    let authed: Connection<Authed> = tls.authenticate(&mut Plain::new("me", "pencil")).await?;
    // tls.quit().await?;
    // ^ does not compile: `authenticate` has taken `tls`, and `authed` is the session now.

    let mut transaction: Connection<InTransaction<Authed>> =
        authed.mail(Mail::from(me.clone())).await?;
    // A refusal of a recipient leaves the transaction open, so RCPT only borrows the connection.
    match transaction.rcpt(Rcpt::to(gone)).await {
        Ok(reply) => println!("Accepted: {reply}"),
        Err(smtp::Error::Refused(refusal)) => println!("Refused: {refusal}"),
        Err(error) => return Err(error.into()),
    }
    println!("Accepted recipients: {}; giving the transaction up", transaction.accepted());
    let authed: Connection<Authed> = transaction.reset().await?;
    // authed.data(MAIL).await?;
    // ^ does not compile: there is no transaction whose message this could be.

    let mut transaction = authed.mail(Mail::from(me)).await?;
    transaction.rcpt(Rcpt::to(you)).await?;
    let (authed, receipt) = transaction.data(MAIL).await?;
    println!("The server took the mail: {}", receipt.reply());
    authed.quit().await?;

    let kept = capture.messages();
    match kept.as_slice() {
        [mail] if mail.content == MAIL && mail.recipients == ["you@example.org"] => Ok(()),
        _ => Err(format!("the server should hold this mail alone, and holds {kept:?}").into()),
    }
}
