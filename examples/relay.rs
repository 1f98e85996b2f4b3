//! Accepts mails at one server and forwards each, with its envelope, to another one over a pool. Both
//! servers are of the example's own: the first one keeps each mail that a client submits, and the
//! second one must hold them all at the end.
//!
//! It shows the way of a mail, and no more: a relay that may lose power answers a client once the
//! mail is stored, adds a `Received` field (RFC 5321 §4.4), and reports to the sender what it cannot
//! deliver (§6.1).
//!
//! Run it: `cargo run --example relay`

use std::error::Error;

use bytes::Bytes;
use futures_util::stream;
use smtp::testing::{CaptureServer, Captured};
use smtp::{Connection, Envelope, Server};
use smtp_pool::{Pool, Settings};

const MAILS: usize = 200;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let submission = CaptureServer::builder().plaintext().start().await?;
    let next_hop = CaptureServer::builder()
        .plaintext()
        .refuse_recipient("gone@example.org", "550 5.1.1 no such user")
        .start()
        .await?;
    let client = tokio::spawn(submit(Server::new(submission.host(), submission.port())));

    let settings = Settings::new().connections(2);
    let pool = Pool::with_settings(Server::new(next_hop.host(), next_hop.port()), settings);
    let mut refused = 0;
    // A mail is forwarded as soon as it is there.
    let accepted = stream::unfold(0, |number| {
        let submission = &submission;
        async move {
            if number == MAILS {
                return None;
            }
            let mail = submission.wait_for(number + 1).await.into_iter().nth(number)?;
            Some((forward(mail)?, number + 1))
        }
    });
    pool.send_all(accepted, |number, result| match result {
        Ok(receipt) => {
            for (recipient, why) in receipt.refused() {
                println!("mail {number}: not for {recipient}: {why}");
                refused += 1;
            }
        }
        Err(error) => println!("mail {number}: {error}"),
    })
    .await;
    client.await??;
    println!("{} mails forwarded", next_hop.messages().len());

    let (mut from, mut to) = (submission.messages(), next_hop.messages());
    let key = |mail: &Captured| (mail.from.clone(), mail.content.clone());
    from.sort_by_key(key);
    to.sort_by_key(key);
    if refused != 1 || !from.iter().map(key).eq(to.iter().map(key)) {
        return Err(
            format!("the next hop should hold the {MAILS} mails, one recipient less").into()
        );
    }
    Ok(())
}

/// The mail with the envelope that it came with. The server that accepted it has parsed the same
/// addresses, so there is one.
fn forward(mail: Captured) -> Option<(Envelope, Bytes)> {
    let recipients = mail.recipients.iter().map(String::as_str);
    Some((Envelope::new(mail.from.as_str(), recipients).ok()?, mail.content))
}

/// A client that submits mails.
async fn submit(server: Server) -> Result<(), smtp::Error> {
    let mut connection = Connection::connect(&server).await?;
    for number in 0..MAILS {
        let others: &[&str] = if number == 7 { &["gone@example.org"] } else { &[] };
        let recipients = ["you@example.org"].into_iter().chain(others.iter().copied());
        let envelope = Envelope::new(format!("client{number}@example.com"), recipients)?;
        let mail = format!("Subject: Number {number}\r\n\r\n.Hello\r\n");
        connection.deliver(&envelope, mail).await?;
    }
    connection.quit().await?;
    Ok(())
}
