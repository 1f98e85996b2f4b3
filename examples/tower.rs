//! Sends mails through layers of tower: a limit of what is under way, a time for each mail, and a
//! repetition of what the server refuses for the moment. The server is one of the example's own, and
//! must hold each mail once.
//!
//! Run it: `cargo run --example tower`

use std::error::Error;
use std::future::{Ready, ready};
use std::time::Duration;

use bytes::Bytes;
use smtp::testing::CaptureServer;
use smtp::{Envelope, Receipt, Server};
use smtp_pool::{Pool, SendError};
use tokio::task::JoinSet;
use tower::retry::Policy;
use tower::{ServiceBuilder, ServiceExt as _};

/// A mail that can be given to the service a second time.
type Mail = (Envelope, Bytes);

/// Repeats what cannot be delivered twice, so many times.
#[derive(Clone)]
struct Again(usize);

impl Policy<Mail, Receipt, SendError> for Again {
    type Future = Ready<()>;

    fn retry(
        &mut self,
        _: &mut Mail,
        result: &mut Result<Receipt, SendError>,
    ) -> Option<Ready<()>> {
        let error = result.as_ref().err()?;
        self.0 = self.0.checked_sub(1)?;
        error.is_transient().then(|| ready(()))
    }

    fn clone_request(&mut self, mail: &Mail) -> Option<Mail> {
        Some(mail.clone())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let capture = CaptureServer::builder()
        .plaintext()
        .refuse_recipient("full@example.org", "452 4.2.2 mailbox full")
        .start()
        .await?;
    let pool = Pool::new(Server::new(capture.host(), capture.port()));

    // The layers are passed from the top: the limit is the first.
    let service = ServiceBuilder::new()
        .concurrency_limit(10)
        .timeout(Duration::from_secs(60))
        .retry(Again(2))
        .service(pool);

    let mut sending = JoinSet::new();
    for number in 0..50 {
        let to = if number == 7 { "full@example.org" } else { "you@example.org" };
        let envelope = Envelope::new("me@example.com", [to])?;
        let mail = Bytes::from(format!("Subject: Number {number}\r\n\r\nHello.\r\n"));
        sending.spawn(service.clone().oneshot((envelope, mail)));
    }
    let mut taken = 0;
    while let Some(sent) = sending.join_next().await {
        match sent? {
            Ok(_) => taken += 1,
            Err(error) => println!("not delivered: {error}"),
        }
    }
    println!("{taken} mails taken");

    let kept = capture.messages().len();
    if (taken, kept) != (49, 49) {
        return Err(format!("49 mails: {taken} taken, {kept} held").into());
    }
    Ok(())
}
