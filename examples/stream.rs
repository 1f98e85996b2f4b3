//! Sends a stream of mails over one connection, which several tasks feed at the same time. Each
//! task gets the receipts of its own mails. The server is one of the example's own, and must hold
//! each mail under the name that its receipt says.
//!
//! Run it: `cargo run --example stream`

use std::error::Error;

use smtp::connection::Feed;
use smtp::testing::CaptureServer;
use smtp::{Connection, DeliverError, Envelope, Server};
use tokio::task::JoinSet;

/// A mail that was sent, and the name that the server gave to it.
struct Sent {
    mail: String,
    queue_id: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let capture = CaptureServer::builder().plaintext().start().await?;
    let server = Server::new(capture.host(), capture.port());
    let connection = Connection::connect(&server).await?;

    // The feed takes mails, and can be cloned. The other half is a future that sends them while it
    // runs, in the order in which they come.
    let (feed, sending) = connection.feed();
    let sending = tokio::spawn(sending);
    let mut producers = JoinSet::new();
    for name in ["billing", "reports", "alerts"] {
        let envelope = Envelope::new(format!("{name}@example.com"), ["you@example.org"])?;
        producers.spawn(produce(feed.clone(), name, envelope));
    }

    // The connection comes back once the last handle of the feed is gone.
    drop(feed);
    let mut sent = Vec::new();
    while let Some(produced) = producers.join_next().await {
        sent.extend(produced??);
    }
    let connection = sending.await??;
    println!("{} mails over one connection", connection.transactions());
    connection.quit().await?;

    let kept = capture.messages();
    if sent.len() != 9 || kept.len() != 9 {
        return Err(format!("9 mails: {} sent, {} held", sent.len(), kept.len()).into());
    }
    for Sent { mail, queue_id } in sent {
        if !kept.iter().any(|kept| kept.queue_id == queue_id && kept.content == mail) {
            return Err(format!("the server does not hold, as {queue_id}: {mail:?}").into());
        }
    }
    Ok(())
}

/// Sends three mails, and waits for the receipt of each.
async fn produce(feed: Feed, name: &str, envelope: Envelope) -> Result<Vec<Sent>, DeliverError> {
    let mut sent = Vec::new();
    for number in 1..=3 {
        let mail = format!("From: {name}@example.com\r\nSubject: {number}\r\n\r\nHello.\r\n");
        // The error `NotSent` hands the mail back, for another connection.
        let receipt = feed.deliver(envelope.clone(), mail.clone()).await?;
        println!("{name} {number}: {}", receipt.reply());
        sent.push(Sent { mail, queue_id: receipt.queue_id().unwrap_or_default() });
    }
    Ok(sent)
}
