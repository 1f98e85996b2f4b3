//! A message that the server took: who got it, and what the server said to it.

use std::sync::Arc;

use smtp_grammar::{ForwardPath, Reply};

use super::recipient::{Recipient, RecipientStatus};
use crate::error::refusal::Refusal;
use crate::proto::security::Security;

/// A message that the server took for at least one recipient.
#[derive(Clone, Debug)]
pub struct Receipt {
    recipients: Vec<Recipient>,
    reply: Reply,
    security: Option<Arc<Security>>,
}

impl Receipt {
    /// `security` is that of the connection.
    #[inline]
    pub(crate) fn new(
        recipients: Vec<Recipient>,
        reply: Reply,
        security: Option<&Arc<Security>>,
    ) -> Self {
        Self { recipients, reply, security: security.cloned() }
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
    /// has a reply of its own type. At most [`Limits::recipients_kept`](crate::connect::Limits) are
    /// kept of those that were named one at a time.
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

    /// The server's reply to the message; the last one, where it took several transactions.
    pub fn reply(&self) -> &Reply {
        &self.reply
    }

    /// The security that TLS gave to the message on its way to the server; `None` where it
    /// travelled in clear. How the server passes it on is not known.
    pub fn security(&self) -> Option<&Security> {
        self.security.as_deref()
    }

    /// The name that the server gave to the message, where its reply has one: what follows
    /// `queued as` or `id=`. No RFC defines it; it is for logs.
    pub fn queue_id(&self) -> Option<String> {
        let text = self.reply.text();
        let after = ["queued as ", "id="].iter().find_map(|mark| text.split_once(mark))?.1;
        let id: String = after
            .chars()
            .take_while(|&character| character.is_ascii_graphic() && !"<>(),;]".contains(character))
            .collect();
        let id = id.trim_end_matches('.');
        (!id.is_empty()).then(|| id.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use smtp_grammar::ReplyCode;

    use super::*;

    #[test]
    fn queue_ids_of_servers_in_use() {
        let table = [
            ("2.0.0 Ok: queued as 4F2K1x0Zz9", Some("4F2K1x0Zz9")),
            ("OK id=1tFxyz-000000-Ab", Some("1tFxyz-000000-Ab")),
            ("2.6.0 Message accepted, queued as <abc>", None),
            ("2.0.0 Ok: queued as 12345.", Some("12345")),
            ("OK", None),
        ];
        for (text, expected) in table {
            let code = ReplyCode::new(250).expect("a code");
            let receipt = Receipt::new(Vec::new(), Reply::new(code, [text]), None);
            assert_eq!(receipt.queue_id().as_deref(), expected, "{text}");
        }
    }
}
