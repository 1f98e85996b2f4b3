//! Sends a transaction as a pipeline: MAIL, RCPT and DATA leave together, without a wait for each
//! reply, and each command has its outcome at its own index. The dialogue is printed, so that the
//! order is seen. The server is one of the example's own, and must hold the mail at the end.
//!
//! Run it: `cargo run --example pipeline`

use std::error::Error;

use smtp::command::{Mail, Rcpt};
use smtp::pipeline::Outcome;
use smtp::testing::CaptureServer;
use smtp::trace::Event;
use smtp::{Connection, Mailbox, Server};

const MAIL: &str = "From: me@example.com\r\nSubject: Tickets\r\n\r\nThey are here.\r\n";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let capture = CaptureServer::builder()
        .plaintext()
        .refuse_recipient("gone@example.org", "550 5.1.1 no such user")
        .start()
        .await?;
    let server = Server::new(capture.host(), capture.port()).observer(show);
    let connection = Connection::connect(&server).await?;

    let me: Mailbox = "me@example.com".parse()?;
    let recipients: [Mailbox; 3] =
        ["you@example.org".parse()?, "gone@example.org".parse()?, "her@example.net".parse()?];

    // The compiler checks the order as it does in a session: without `mail`, `each` does not
    // compile. Nothing is sent before the pipeline is awaited.
    let (end, (mail, rcpts, message, quit)) = connection
        .pipeline()
        .mail(Mail::from(me))
        .each(recipients.clone().map(Rcpt::to))
        .data(MAIL)
        .quit()
        .await;

    // The outcomes are there also where the connection was lost, which is the error in `end`.
    println!("MAIL: {mail}");
    for (recipient, outcome) in recipients.iter().zip(&rcpts) {
        println!("RCPT {recipient}: {outcome}");
    }
    match &message.end {
        Outcome::Accepted(receipt) => println!("The mail: {}", receipt.reply()),
        // It was refused, or not sent as no recipient was accepted, or the answer was lost.
        other => println!("The mail: {other}"),
    }
    println!("QUIT: {quit}");
    end?;

    let kept = capture.messages();
    let to_two = ["you@example.org", "her@example.net"];
    match kept.as_slice() {
        [mail] if mail.content == MAIL && mail.recipients == to_two => Ok(()),
        _ => Err(format!("the server should hold this mail alone, and holds {kept:?}").into()),
    }
}

/// Prints what passes: the client's lines as they are queued, the server's as they come.
fn show(event: &Event<'_>) {
    match event {
        Event::Sent(line) => println!("  C: {line}"),
        Event::Received(line) => println!("  S: {line}"),
        Event::Content { bytes } => println!("  C: ({bytes} bytes of mail)"),
        _ => {}
    }
}
