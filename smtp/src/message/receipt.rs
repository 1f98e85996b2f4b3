//! A message that the server took: who got it, and what the server said to it.

use std::sync::Arc;

use smtp_grammar::{ForwardPath, Reply};

use super::queue_id;
use super::recipient::{Recipient, RecipientStatus};
use crate::error::refusal::Refusal;
use crate::proto::left_out::{LeftOut, LeftOutList};
use crate::proto::security::Security;

/// A message that the server took for at least one recipient.
#[derive(Clone, Debug)]
pub struct Receipt {
    recipients: Vec<Recipient>,
    reply: Reply,
    security: Option<Arc<Security>>,
    /// The parameters that the message went without.
    left_out: LeftOutList,
}

impl Receipt {
    /// `security` is that of the connection, and `left_out` are the parameters that the message went
    /// without.
    #[inline]
    pub(crate) fn new(
        recipients: Vec<Recipient>,
        reply: Reply,
        security: Option<&Arc<Security>>,
        left_out: LeftOutList,
    ) -> Self {
        Self { recipients, reply, security: security.cloned(), left_out }
    }

    pub(crate) fn into_recipients(self) -> Vec<Recipient> {
        self.recipients
    }

    /// The recipients, of a message whose reply turned out not to be the answer to it.
    pub(crate) fn into_unknown(mut self) -> Vec<Recipient> {
        for recipient in &mut self.recipients {
            if recipient.is_delivered() {
                recipient.finish(RecipientStatus::Unknown);
            }
        }
        self.recipients
    }

    /// Each recipient and its outcome, in the order in which they were named.
    ///
    /// Of recipients that were named by a command of your own there is none here: such a command
    /// has a reply of its own type, and in LMTP its reply to the message is read and not kept. At
    /// most [`Limits::recipients_kept`](crate::connect::Limits) are kept of those that were named
    /// one at a time.
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// The recipients that the message was taken for.
    pub fn accepted(&self) -> impl Iterator<Item = &ForwardPath> {
        self.recipients.iter().filter(|recipient| recipient.is_delivered()).map(Recipient::path)
    }

    /// The recipients that were refused, and why.
    pub fn refused(&self) -> impl Iterator<Item = (&ForwardPath, &Refusal)> {
        self.recipients
            .iter()
            .filter_map(|recipient| Some((recipient.path(), recipient.refusal()?)))
    }

    /// Whether the message was taken for every recipient.
    pub fn is_complete(&self) -> bool {
        self.recipients.iter().all(Recipient::is_delivered)
    }

    /// The server's reply that took the message; the last one, where it took several transactions,
    /// or has a reply for each recipient (LMTP): see [`Recipient::final_reply`].
    pub fn reply(&self) -> &Reply {
        &self.reply
    }

    /// The security that TLS gave to the message on its way to the server; `None` where it
    /// travelled in clear. How the server passes it on is not known.
    pub fn security(&self) -> Option<&Security> {
        self.security.as_deref()
    }

    /// The [optional](crate::extension::Optional) parameters that the message went without, because
    /// the server does not offer them: those of MAIL, and of the [recipients](Self::recipients)
    /// that stand here.
    pub fn left_out(&self) -> &[LeftOut] {
        self.left_out.as_slice()
    }

    /// The name that the server gave to the message, where its reply has one in the words of a
    /// server that is known. No RFC defines it; it is for logs.
    pub fn queue_id(&self) -> Option<String> {
        queue_id::in_text(&self.reply.message())
    }
}
