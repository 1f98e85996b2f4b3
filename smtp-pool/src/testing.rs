//! A stand-in for a pool, for applications' tests: it keeps mails, writes them to files, or fails
//! as it is told.
//!
//! An [`Outbox`] speaks SMTP with a server of its own in memory. So its receipts and errors are those
//! that a pool gives when a server answers so, and a message that cannot be sent is refused here
//! too. It opens no socket, and needs a runtime of tokio, whose clock may be paused.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use smtp::Envelope;
//! use smtp_pool::testing::{Answer, Outbox};
//!
//! let outbox = Outbox::new();
//! outbox.script([Answer::taken(), Answer::message_refused("451 4.3.2 later")]);
//! let envelope = Envelope::new("me@example.com", ["you@example.org"])?;
//! outbox.send(envelope.clone(), "Subject: One\r\n\r\nHello.\r\n").await?;
//! assert_eq!(outbox.mails()[0].recipients, ["you@example.org"]);
//!
//! let error = outbox.send(envelope, "Subject: Two\r\n\r\nHello.\r\n").await.unwrap_err();
//! assert!(error.is_transient());
//! assert_eq!(outbox.mails().len(), 1);
//! # Ok(())
//! # }
//! ```

mod answer;
mod mail;
mod outbox;
mod server;

pub use answer::Answer;
pub use mail::Mail;
pub use outbox::Outbox;
