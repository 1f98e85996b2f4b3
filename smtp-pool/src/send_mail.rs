//! Senders of mail, for applications that do not care which one they have.

use std::pin::Pin;
use std::sync::Arc;

use smtp::{Body, Envelope, Receipt};

use crate::error::SendError;

/// The future of [`SendMail::send`].
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Receipt, SendError>> + Send + 'a>>;

/// A sender of mail: a [`Pool`](crate::Pool) of any kind of connection, a stand-in for tests, or a type of the
/// application's.
///
/// An application holds an `Arc<dyn SendMail>`, and its tests give it an `Outbox` (feature
/// `testing`), which needs no server:
///
/// ```
/// use std::sync::Arc;
///
/// use smtp::{Envelope, Server};
/// use smtp_pool::{Pool, SendMail};
///
/// struct Accounts {
///     mail: Arc<dyn SendMail>,
/// }
///
/// impl Accounts {
///     async fn welcome(&self, address: &str) -> Result<(), Box<dyn std::error::Error>> {
///         let envelope = Envelope::new("accounts@example.com", [address])?;
///         self.mail.send(envelope, "Subject: Welcome\r\n\r\nHello.\r\n".into()).await?;
///         Ok(())
///     }
/// }
///
/// let accounts = Accounts { mail: Arc::new(Pool::new(Server::new("mx.example.com", 25))) };
/// # drop(accounts.welcome("you@example.org"));
/// ```
pub trait SendMail: Send + Sync {
    /// Delivers a message: one attempt, as [`Pool::send`](crate::Pool::send) makes it.
    ///
    /// # Errors
    ///
    /// As [`Pool::send`](crate::Pool::send).
    ///
    /// # Cancellation
    ///
    /// As [`Pool::send`](crate::Pool::send).
    fn send(&self, envelope: Envelope, body: Body<'static>) -> Sending<'_>;
}

impl<M: SendMail + ?Sized> SendMail for &M {
    fn send(&self, envelope: Envelope, body: Body<'static>) -> Sending<'_> {
        (**self).send(envelope, body)
    }
}

impl<M: SendMail + ?Sized> SendMail for Arc<M> {
    fn send(&self, envelope: Envelope, body: Body<'static>) -> Sending<'_> {
        (**self).send(envelope, body)
    }
}

impl<M: SendMail + ?Sized> SendMail for Box<M> {
    fn send(&self, envelope: Envelope, body: Body<'static>) -> Sending<'_> {
        (**self).send(envelope, body)
    }
}
