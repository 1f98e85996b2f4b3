//! One transaction of a message, as a body sees it that is made for each of them.

use smtp_grammar::ForwardPath;

use super::recipient::{Recipient, RecipientStatus};

/// The transaction that a body is made for: [`Body::each`](crate::Body::each).
#[derive(Clone, Copy, Debug)]
pub struct Transaction<'t> {
    recipients: &'t [Recipient],
}

impl<'t> Transaction<'t> {
    /// The transaction that has accepted some of these recipients.
    pub(crate) fn new(recipients: &'t [Recipient]) -> Self {
        Self { recipients }
    }

    /// The recipients that the server has accepted in this transaction, in the order in which they
    /// were named: the message goes to them, and to no others. There is at least one.
    pub fn recipients(&self) -> impl Iterator<Item = &'t ForwardPath> + use<'t> {
        let accepted = |recipient: &&Recipient| recipient.status() == RecipientStatus::Accepted;
        self.recipients.iter().filter(accepted).map(Recipient::path)
    }
}
