//! The body of a transaction that is made when its recipients are known.

use std::io;

use super::{Opening, Transaction};
use crate::error::refusal::Refusal;
use crate::exchange::plan::check_body;
use crate::message::body::Body;
use crate::message::recipient::Recipient;
use crate::message::transaction;
use crate::message::transfer::BodyMethod;
use crate::proto::line::Declared;

impl<'b> Transaction<'b> {
    /// The next thing to write where the first piece of the body is not here.
    #[cold]
    pub(super) fn opening_without_body(&mut self) -> Opening {
        if !self.body.as_ref().is_some_and(Body::is_unmade) {
            return Opening::Source;
        }
        // The body may depend on the recipients, so each RCPT must be answered; and it is made before
        // DATA, because after 354 only closing the connection could keep the message back.
        if self.due > 0 {
            return Opening::Wait;
        }
        self.make_body();
        if self.refusal.is_some() { Opening::Refused } else { Opening::Source }
    }

    /// Makes the body for the recipients that were accepted.
    pub(super) fn make_body(&mut self) {
        let Some(body) = &mut self.body else {
            return;
        };
        let range = self.recipients.as_slice().get(self.range.clone()).unwrap_or_default();
        let made = make_body(body, range, self.accepted, self.declared, self.carriage.method);
        if let Err(refusal) = made {
            self.refusal.get_or_insert(refusal);
        }
    }

    /// The body that is made for each transaction, also while it is being sent.
    fn each_body(&self) -> Option<&Body<'b>> {
        let sent = || self.content.as_ref().map(|content| content.body());
        self.body.as_ref().or_else(sent).filter(|body| body.is_each())
    }

    /// Whether the refusal is about this transaction alone: its body could not be made, or not be
    /// sent. Recipients of other transactions have bodies of their own.
    // The body is made once a recipient was accepted: a refusal before that is for a command which no
    // other transaction could write either.
    pub(super) fn is_of_transaction(&self, refusal: &Refusal) -> bool {
        refusal.is_local() && self.accepted > 0 && self.each_body().is_some()
    }

    /// Prepares the body for the next transaction.
    pub(super) fn renew_body(&mut self) {
        if let Some(content) = self.content.take()
            && self.body.is_none()
        {
            self.body = Some(content.into_body()).filter(Body::is_each);
        }
        if let Some(body) = &mut self.body {
            body.unmake();
        }
    }
}

/// Makes a body for a transaction that has accepted so many recipients, those of the list among them.
///
/// # Errors
///
/// When the body cannot be made, or not be sent in this transaction.
pub(crate) fn make_body(
    body: &mut Body<'_>,
    list: &[Recipient],
    accepted: u32,
    declared: Declared,
    method: BodyMethod,
) -> Result<(), Refusal> {
    let transaction = transaction::Transaction::new(list);
    // A signature over a part of the recipients would be wrong.
    if transaction.recipients().count() != accepted as usize {
        return Err(Refusal::body(io::Error::other(
            "a body that is made for each transaction must know its recipients, and not all of them \
             are known: name them with `Rcpt`, and not more than `Limits::recipients_kept`",
        )));
    }
    body.make(&transaction, &mut |made| check_body(made, declared, method).map(|_| ()))
}
