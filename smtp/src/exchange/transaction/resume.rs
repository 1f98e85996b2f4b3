//! A transaction of an earlier session that goes on: the server has a part of its message (RFC 1845).

use smtp_grammar::Reply;

use super::{MailReply, Step, Transaction};
use crate::command::Mail;
use crate::error::refusal::Refusal;
use crate::message::body::Body;
use crate::message::transfer::BodyMethod;
use crate::proto::command::Command as _;
use crate::proto::engine::Engine;
use crate::proto::line::Declared;

impl Transaction<'_> {
    /// MAIL was answered with 355: the server has a part of the message, and its recipients, from an
    /// earlier session. The next command is the one that opens the content, and the content begins
    /// where that part ends (RFC 1845 §4).
    #[cold]
    pub(super) fn resume(&mut self, reply: &Reply, engine: &mut Engine) {
        let refusal = Refusal::by_server(Mail::SPEC.verb, reply.clone());
        // Where each recipient has a reply to the message, the number of replies is not known: it is
        // that of the recipients that the earlier session has accepted.
        let offset = refusal
            .checkpoint()
            .filter(|_| !engine.facts.lmtp && !self.declared.has(Declared::PRDR));
        let (Some(offset), Some(_)) = (offset, &self.body) else {
            self.mail = MailReply::Refused;
            self.refusal = Some(refusal);
            return;
        };
        // The transaction goes on, and RSET is not due as long as it does.
        engine.facts.end_transaction();
        self.mail = MailReply::Accepted;
        while let Some(index) = self.next_recipient() {
            self.named = index + 1;
            self.recipients.accept(index, reply.clone(), self.accepted);
            self.accepted += 1;
        }
        (self.asked, self.answered) = (self.accepted, self.named);
        self.step = Step::Open;
        if self.body.as_ref().is_some_and(Body::is_unmade) {
            self.make_body();
        }
        let (data, eight_bit) =
            (self.carriage.method == BodyMethod::Data, self.declared.has(Declared::EIGHT_BIT));
        self.body = self.body.take().map(|body| body.rest(offset, data, eight_bit));
        // It is that of the whole message.
        self.carriage.summary = None;
    }
}
