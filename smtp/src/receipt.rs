//! What became of a message: one outcome per recipient, the final reply, the queue id.

use smtp_grammar::{ForwardPath, Reply};

use crate::error::Refusal;

/// A message that the server took for at least one recipient.
#[derive(Clone, Debug)]
pub struct Receipt {
    recipients: Vec<Recipient>,
    reply: Reply,
}

/// A recipient and what the server said to it.
#[derive(Clone, Debug)]
pub struct Recipient {
    path: ForwardPath,
    /// Of one that was not asked for, this says nothing yet.
    pub(crate) outcome: Result<Reply, Refusal>,
    pub(crate) stand: Stand,
}

/// Where a recipient stands while its message is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    /// It was not asked for yet.
    Open,
    /// It was one too many, and is asked for again in another transaction.
    Again,
    /// The server accepted it in the transaction under way.
    Accepted,
    Settled,
}

impl Receipt {
    pub(crate) fn new(recipients: Vec<Recipient>, reply: Reply) -> Self {
        Self { recipients, reply }
    }

    /// What became of each recipient, in the order of the envelope. Empty when recipients were
    /// named one at a time, as `rcpt` then gave their replies.
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// The recipients that the message was taken for.
    pub fn accepted(&self) -> impl Iterator<Item = &ForwardPath> {
        self.recipients.iter().filter(|recipient| recipient.outcome.is_ok()).map(Recipient::path)
    }

    /// The recipients that were refused, and why.
    pub fn refused(&self) -> impl Iterator<Item = (&ForwardPath, &Refusal)> {
        self.recipients
            .iter()
            .filter_map(|recipient| Some((&recipient.path, recipient.outcome.as_ref().err()?)))
    }

    /// Whether the message was taken for every recipient.
    pub fn is_complete(&self) -> bool {
        self.refused().next().is_none()
    }

    /// The server's reply to the message.
    pub fn reply(&self) -> &Reply {
        &self.reply
    }

    /// The name that the server gave to the message, where its reply has one: what stands behind
    /// `queued as` or `id=`. No RFC defines it; it is for logs.
    pub fn queue_id(&self) -> Option<String> {
        let text = self.reply.text();
        let behind = ["queued as ", "id="].iter().find_map(|mark| text.split_once(mark))?.1;
        let id: String = behind
            .chars()
            .take_while(|&character| character.is_ascii_graphic() && !"<>(),;]".contains(character))
            .collect();
        let id = id.trim_end_matches('.');
        (!id.is_empty()).then(|| id.to_owned())
    }
}

impl Recipient {
    /// One that was not asked for yet.
    #[inline]
    pub(crate) fn new(path: ForwardPath) -> Self {
        Self { path, outcome: Err(Refusal::unanswered()), stand: Stand::Open }
    }

    /// Whether it is still to be asked for.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.stand, Stand::Open | Stand::Again)
    }

    /// The recipient.
    pub fn path(&self) -> &ForwardPath {
        &self.path
    }

    /// The server's reply when it accepted the recipient.
    ///
    /// # Errors
    ///
    /// Why it did not.
    pub fn outcome(&self) -> Result<&Reply, &Refusal> {
        self.outcome.as_ref()
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
            let receipt = Receipt::new(Vec::new(), Reply::new(code, [text]));
            assert_eq!(receipt.queue_id().as_deref(), expected, "{text}");
        }
    }
}
