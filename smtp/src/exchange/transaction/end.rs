//! How a transaction ends: over, or with its connection.

use smtp_grammar::{Reply, ReplyCode};

use super::{Loss, MailReply, Step, Transaction};
use crate::command::{Bdat, Mail, Rcpt};
use crate::error::refusal::Refusal;
use crate::proto::command::Command as _;
use crate::proto::engine::Engine;
use crate::proto::fault::Fault;
use crate::proto::stage::Stage;

impl Transaction<'_> {
    /// Ends a transaction that is over, and records whether the server may still have it open: RSET
    /// is due after it was accepted and its message was not, but not after MAIL was refused.
    #[inline]
    pub(crate) fn settle(&mut self, engine: &mut Engine) {
        if self.refusal.is_some() || self.restarts {
            self.settle_refused(engine);
        }
    }

    #[cold]
    fn settle_refused(&mut self, engine: &mut Engine) {
        if let Some(refusal) = &self.refusal
            && !self.is_of_recipients(refusal)
        {
            self.recipients.refuse_rest(refusal);
        }
        let open = self.mail == MailReply::Accepted || self.accepted > 0 || self.empty;
        if open || self.refusal.is_none() {
            engine.facts.leave_transaction(self.accepted > 0);
        }
    }

    /// Whether a refusal is only that of each recipient. Those that this transaction had no room
    /// for may still be accepted by another: it was not the message that was refused.
    fn is_of_recipients(&self, refusal: &Refusal) -> bool {
        self.mail == MailReply::Accepted && self.accepted == 0 && refusal.is_of_recipient()
    }

    /// What became of the message, of a connection that is lost for this reason. `oldest` says that
    /// the next reply would have been for this transaction, so that one that closed the session
    /// answers it.
    pub(crate) fn lose(&mut self, fault: &Fault, engine: &Engine, oldest: bool) -> Loss {
        let closing = match fault {
            Fault::Closing(reply) => Some(reply),
            _ => None,
        };
        // A server that says that it is not available takes nothing that it has not answered
        // (RFC 5321 §3.8); one that says goodbye to a message may have taken it.
        let unavailable =
            closing.is_some_and(|reply| reply.code() == ReplyCode::SERVICE_NOT_AVAILABLE);
        let early = oldest && closing.is_some_and(|reply| reply.code().value() >= 400);
        let whole = self.end.is_some_and(|end| engine.has_left(end));
        let answered = self.end.is_some() && self.due == 0;
        if whole && !answered && !self.is_hopeless() && !unavailable && !early {
            self.recipients.lose(Some(&(self.answered..self.named)));
            return Loss::Unknown;
        }
        // What was refused before stays refused: it is nearer to the cause than a goodbye.
        if let Some(reply) = closing.filter(|_| early && !self.is_refused()) {
            self.take_closing(reply.clone(), engine);
        }
        if self.is_refused() {
            let refusal = self.why_hopeless();
            if self.refusal.is_some() && !self.is_of_recipients(&refusal) {
                self.recipients.refuse_rest(&refusal);
            }
            self.recipients.lose(None);
            return Loss::Refused(refusal);
        }
        self.recipients.lose(None);
        let has_left = self.transactions > 1 || engine.has_left(self.start + 1);
        if has_left { Loss::NotDelivered } else { Loss::NotSent }
    }

    /// Whether the server has refused the message, or every recipient. What it says in a
    /// transaction that begins again is not about those.
    fn is_refused(&self) -> bool {
        !self.restarts && self.is_hopeless() && (self.refusal.is_some() || self.asked > 0)
    }

    /// Gives the reply that closed the session to the command that it answers.
    fn take_closing(&mut self, reply: Reply, engine: &Engine) {
        let verb = match engine.unanswered().next().map(|due| due.stage) {
            Some(Stage::Rcpt) => {
                self.rcpts_due = 0;
                if let Some(index) = self.recipients.next_pending(self.answered..self.named) {
                    self.recipients.refuse(index, Refusal::by_server(Rcpt::SPEC.verb, reply));
                }
                return;
            }
            Some(Stage::Mail) => Mail::SPEC.verb,
            Some(Stage::Bdat) => Bdat::SPEC.verb,
            Some(Stage::EndOfData) => Refusal::END_OF_DATA,
            // It answers what was no part of this message, although DATA has left too.
            Some(Stage::Reset) => return,
            _ if self.step == Step::Opening => self.opening_verb,
            // Content is on its way.
            None if self.step >= Step::Content => Refusal::END_OF_DATA,
            _ => return,
        };
        self.refusal.get_or_insert(Refusal::by_server(verb, reply));
    }
}
