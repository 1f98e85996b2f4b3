//! The senders of a retrying handle.

use std::pin::Pin;

use smtp::{Body, Envelope};

use crate::send_mail::{SendMail, Sending};

/// A sender of mail that may be closed.
pub(crate) trait Sender: SendMail {
    /// Ready once it takes no more messages.
    fn closed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// A sender that is never closed.
pub(super) struct NeverClosed<M>(pub(super) M);

impl<M: SendMail> SendMail for NeverClosed<M> {
    fn send(&self, envelope: Envelope, body: Body<'static>) -> Sending<'_> {
        self.0.send(envelope, body)
    }
}

impl<M: SendMail> Sender for NeverClosed<M> {
    fn closed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::pending())
    }
}
