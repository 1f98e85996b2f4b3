//! Defines a command of its own, X-STATUS, and a type for its reply: the client asks what became of
//! a mail that the server has queued. The server follows a script; where a line of the client is
//! wrong or missing, the example ends with a panic that shows the dialogue.
//!
//! Run it: `cargo run --example custom_command`

use std::error::Error;

use smtp::testing::Script;
use smtp::{Connection, Envelope, Server, SmtpCommand, SmtpReply};

/// `X-STATUS queue-id`, which is sent between transactions, to servers that list X-STATUS.
#[derive(SmtpCommand)]
#[smtp(verb = "X-STATUS", requires = "X-STATUS", accepts(250, 251), reply = Status)]
#[smtp(valid_in(Idle))]
struct AskStatus<'a> {
    queue_id: &'a str,
}

/// A variant for each code, and a field for each value in the text.
#[derive(Debug, PartialEq, SmtpReply)]
enum Status {
    #[smtp(code(250))]
    Delivered {
        #[smtp(key = "BY")]
        host: String,
    },
    #[smtp(code(251))]
    Waiting {
        #[smtp(key = "TRIES")]
        tries: u32,
        #[smtp(key = "NEXT")]
        seconds: u64,
    },
}

const MAIL: &str = "Subject: Hello\r\n\r\nHello.\r\n";
const DIALOGUE: &str = "
    S: 220 mail.example.test ESMTP
    C: EHLO [127.0.0.1]
    S: 250-mail.example.test
    S: 250 X-STATUS
    C: MAIL FROM:<me@example.com>
    S: 250 2.1.0 ok
    C: RCPT TO:<you@example.org>
    S: 250 2.1.5 ok
    C: DATA
    S: 354 go on
    C: Subject: Hello
    C:
    C: Hello.
    C: .
    S: 250 2.0.0 queued as Q7
    C: X-STATUS Q7
    S: 251 2.0.0 not yet, TRIES=2 NEXT=300
    C: X-STATUS Q7
    S: 250 2.0.0 delivered, BY=mx.example.org
    C: X-STATUS Q8
    S: 550 5.3.0 no such mail
    C: QUIT";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (stream, peer) = Script::new(DIALOGUE).start();
    let server = Server::new("mail.example.test", 25);
    let mut connection = Connection::from_stream(stream, &server).await?;
    let envelope = Envelope::new("me@example.com", ["you@example.org"])?;
    let receipt = connection.deliver(&envelope, MAIL).await?;
    let queue_id = receipt.queue_id().ok_or("the server gave the mail no name")?;

    // The reply is a `Status`, as the command says: there is no text to search.
    let mut status = connection.send(AskStatus { queue_id: &queue_id }).await?;
    while let Status::Waiting { tries, seconds } = status {
        println!("{queue_id}: {tries} tries so far, the next is in {seconds} seconds");
        status = connection.send(AskStatus { queue_id: &queue_id }).await?;
    }
    println!("{queue_id}: {status:?}");

    // A reply that the command does not accept is a refusal, and the session goes on.
    match connection.send(AskStatus { queue_id: "Q8" }).await {
        Err(smtp::Error::Refused(refusal)) => println!("Q8: {refusal}"),
        other => return Err(format!("Q8 should be refused: {other:?}").into()),
    }
    connection.quit().await?;
    peer.finish();
    Ok(())
}
