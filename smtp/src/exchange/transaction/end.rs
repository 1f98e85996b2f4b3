//! The end of a transaction: by its last reply, or together with its connection.

use smtp_grammar::{Reply, ReplyCode};

use super::answering::Answering;
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
        // Each recipient that was refused keeps its own reply; a refused message is told to the
        // others too.
        if let Some(refusal) = self.refusal.clone()
            && !self.is_of_recipients(&refusal)
        {
            self.refuse_recipients(&refusal);
        }
        self.leave(engine);
    }

    /// Records a refusal that is not about single recipients.
    fn refuse_recipients(&mut self, refusal: &Refusal) {
        if self.is_of_transaction(refusal) {
            self.recipients.refuse_accepted(self.range.clone(), refusal);
        } else {
            self.recipients.refuse_rest(refusal);
        }
    }

    /// Records whether the server may still have the transaction open.
    pub(crate) fn leave(&self, engine: &mut Engine) {
        // RFC 5321 §4.1.1.4 clears the transaction after the final dot, refused or not. Some
        // servers keep it, as Postfix does where a policy refuses, and a recipient may stand
        // although MAIL was refused: the next message would go to those recipients too. So RSET is
        // due.
        let open = self.mail == MailReply::Accepted || self.accepted > 0 || self.empty;
        if open || (self.restarts && self.refusal.is_none()) {
            engine.facts.leave_transaction(self.accepted > 0);
        }
    }

    /// Whether the server has refused only recipients, and not the message. Recipients for which
    /// this transaction had no room may still be accepted by another one.
    fn is_of_recipients(&self, refusal: &Refusal) -> bool {
        let by_rcpt = || self.accepted == 0 && refusal.is_of_recipient();
        self.mail == MailReply::Accepted && (by_rcpt() || self.was_refused_each())
    }

    /// The result of the message when the connection is lost with this fault. `oldest` says that
    /// the next reply would have been for this transaction: a reply that closed the session answers
    /// it.
    pub(crate) fn lose(&mut self, fault: &Fault, engine: &Engine, oldest: bool) -> Loss {
        let closing = match fault {
            Fault::Closing(reply) => Some(reply),
            _ => None,
        };
        // 421 takes nothing that the server has not answered (RFC 5321 §3.8). Any other end, 221
        // among them, may follow a message that the server has taken.
        let unavailable =
            closing.is_some_and(|reply| reply.code() == ReplyCode::SERVICE_NOT_AVAILABLE);
        let early = oldest && closing.is_some_and(|reply| reply.code().value() >= 400);
        // From the moment when the whole message has left, the server may have delivered it and its
        // reply may be lost (RFC 1047): to call it undelivered would invite a second copy.
        let whole = self.end.is_some_and(|end| engine.has_left(end));
        let answered = self.end.is_some() && self.due == 0;
        if whole && !answered && !self.is_hopeless() {
            match self.finals.answering {
                Answering::Each => return self.lose_each(closing.filter(|_| oldest)),
                Answering::EachThenAll if self.was_refused_each() => {
                    self.refusal = Some(self.why_none());
                }
                _ if unavailable || early => {}
                _ => {
                    self.recipients.lose(Some(&(self.answered..self.named)));
                    return Loss::Unknown;
                }
            }
        }
        // An earlier refusal stands: it is nearer to the cause than the reply that closed.
        if let Some(reply) = closing.filter(|_| early && !self.is_refused()) {
            self.take_closing(reply.clone(), engine);
        }
        if self.is_refused() {
            let refusal = self.why_hopeless();
            if self.refusal.is_some() && !self.is_of_recipients(&refusal) {
                self.refuse_recipients(&refusal);
            }
            self.recipients.lose(None);
            return Loss::Refused(refusal);
        }
        self.recipients.lose(None);
        // A message of which not even one byte has left can be handed back to its caller. An
        // earlier transaction of the same message has left, so it cannot.
        let has_left = self.transactions > 1 || engine.has_left(self.start + 1);
        if has_left { Loss::NotDelivered } else { Loss::NotSent }
    }

    /// Whether the server has refused the message, or every recipient. The refusals of a
    /// transaction that begins again are about the flight, and not about message or recipients.
    fn is_refused(&self) -> bool {
        !self.restarts && self.is_hopeless() && (self.refusal.is_some() || self.asked > 0)
    }

    /// Gives the reply that closed the session to the command that it answers.
    fn take_closing(&mut self, reply: Reply, engine: &Engine) {
        // The engine still holds the oldest command without a reply: 421 is the answer to it, and
        // no later command gets one (RFC 5321 §3.8).
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
            // It answers RSET, which is no part of this message, although DATA has left too.
            Some(Stage::Reset) => return,
            _ if self.step == Step::Opening => self.opening_verb,
            // Content is on its way, and its end is not queued: no reply is due, and the server
            // refuses the message before it has all of it.
            None if self.step >= Step::Content => Refusal::END_OF_DATA,
            _ => return,
        };
        self.refusal.get_or_insert(Refusal::by_server(verb, reply));
    }
}
