//! What each reply means to a transaction.

use smtp_grammar::Reply;

use super::{MailReply, Step, Transaction};
use crate::command::{Bdat, Mail, Rcpt};
use crate::error::refusal::Refusal;
use crate::proto::command::Command as _;
use crate::proto::engine::{Engine, Outcome, ReplyHead};
use crate::proto::fault::{Fault, ProtocolError};
use crate::proto::stage::Stage;

impl Transaction<'_> {
    /// Whether no recipient can get the message any more.
    #[inline]
    pub(crate) fn is_hopeless(&self) -> bool {
        let nobody = self.accepted == 0 && self.step > Step::Rcpt && self.rcpts_due == 0;
        nobody || self.refusal.is_some()
    }

    #[cold]
    pub(super) fn why_hopeless(&self) -> Refusal {
        match &self.refusal {
            Some(refusal) => refusal.clone(),
            None => self.recipients.refusal(),
        }
    }

    /// Whether a reply is due.
    #[inline]
    pub(crate) fn awaits(&self) -> bool {
        self.due > 0
    }

    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.step == Step::Done && self.due == 0
    }

    /// Whether the transaction begins again: the server let no command follow the message before.
    pub(crate) fn restarts(&self) -> bool {
        self.restarts
    }

    /// Takes the next reply. `answers` says what command it is the answer to, `may_split` that
    /// recipients for which there is no room here are named again in another transaction.
    ///
    /// # Errors
    ///
    /// When it refuses a RSET that was no part of a flight that overtook a message.
    #[expect(clippy::inline_always, reason = "a call would cost as much as what it does")]
    #[inline(always)]
    pub(crate) fn take(
        &mut self,
        head: &ReplyHead,
        answers: Stage,
        engine: &mut Engine,
        may_split: bool,
    ) -> Result<(), Fault> {
        self.due -= 1;
        if answers == Stage::Rcpt {
            self.rcpts_due -= 1;
            let reply = engine.cut(head.framed());
            self.take_rcpt(reply, head.accepted, may_split);
            return Ok(());
        }
        match answers {
            Stage::Reset if head.accepted => {
                engine.facts.end_transaction();
                engine.skip(head);
            }
            Stage::Mail if head.accepted => {
                self.mail = MailReply::Accepted;
                engine.skip(head);
            }
            Stage::Data if head.accepted && !self.is_hopeless() && !self.restarts => {
                engine.skip(head);
                // What has come together with 354 is said of the message already.
                engine.begin_content();
                self.step = Step::Content;
            }
            Stage::EndOfData => self.take_end(engine.take(head)),
            Stage::Bdat => {
                self.chunks_due -= 1;
                if let Some(reply) = engine.take_refusal(head).filter(|_| self.accepted > 0) {
                    self.refusal.get_or_insert(Refusal::by_server(Bdat::SPEC.verb, reply));
                }
            }
            _ => return self.take_unusual(head, answers, engine),
        }
        Ok(())
    }

    #[cold]
    fn take_unusual(
        &mut self,
        head: &ReplyHead,
        answers: Stage,
        engine: &mut Engine,
    ) -> Result<(), Fault> {
        let refused = engine.take_refusal(head);
        match (answers, refused) {
            (Stage::Reset, Some(reply)) => {
                if !self.overtakes {
                    return Err(engine.end(ProtocolError::ResetRefused(reply).into()));
                }
                // Some servers refuse what comes after a final dot in the same flight, to be safe
                // from smuggled messages: this one gets no such commands any more.
                engine.facts.overtakes = false;
                self.reset_refused = true;
            }
            // A source that was read from cannot be read again: its message is refused for now.
            (Stage::Mail, Some(reply)) if self.reset_refused && self.body.is_none() => {
                self.mail = MailReply::Refused;
                self.refusal = Some(Refusal::not_repeatable(reply));
            }
            (Stage::Mail, Some(_)) if self.reset_refused => {
                self.restarts = true;
                // Once DATA has left, its reply decides.
                if self.step != Step::Opening {
                    self.step = Step::Done;
                }
            }
            (Stage::Mail, Some(reply)) => {
                self.mail = MailReply::Refused;
                self.refusal = Some(Refusal::by_server(Mail::SPEC.verb, reply));
            }
            (Stage::Data, refused) => self.take_no_data(refused),
            _ => {}
        }
        Ok(())
    }

    #[inline]
    fn take_rcpt(&mut self, reply: Reply, accepted: bool, may_split: bool) {
        let Some(index) = self.recipients.next_pending(self.answered..self.named) else {
            return;
        };
        self.answered = index + 1;
        if accepted {
            self.accepted += 1;
            self.full_before = false;
            self.recipients.accept(index, reply);
        } else if !self.restarts {
            // Else it is named again, as if it had not been.
            self.refuse_rcpt(index, reply, may_split);
        }
    }

    #[cold]
    fn refuse_rcpt(&mut self, index: usize, reply: Reply, may_split: bool) {
        if self.mail == MailReply::Refused
            && let Some(refusal) = &self.refusal
        {
            // It follows from the refusal of the sender, which decides: a 503 here does not make a
            // recipient permanent whose sender may be accepted later.
            return self.recipients.refuse_after_mail(index, reply, refusal.clone());
        }
        let refusal = Refusal::by_server(Rcpt::SPEC.verb, reply);
        if self.accepted > 0 && may_split && is_too_many(&refusal) {
            self.recipients.retry(index, refusal);
            self.was_full = true;
            // Those that were not named yet are of the next transaction: after the second such
            // reply, as 452 is also what a server says of one mailbox that is full.
            if std::mem::replace(&mut self.full_before, true) {
                self.range.end = self.named;
            }
        } else {
            self.recipients.refuse(index, refusal);
        }
    }

    /// The server does not want the message, or no recipient would get it. Without a sender there
    /// is no transaction, no matter what the server said of its recipients and to DATA.
    fn take_no_data(&mut self, refused: Option<Reply>) {
        match refused {
            None => {
                if !self.restarts {
                    self.refusal = Some(self.why_hopeless());
                }
                self.step = Step::Nothing;
            }
            Some(_) if self.restarts => self.step = Step::Done,
            Some(_) if self.is_hopeless() => self.refuse(self.why_hopeless()),
            Some(reply) => self.refuse(Refusal::by_server(self.opening_verb, reply)),
        }
    }

    #[inline]
    fn take_end(&mut self, outcome: Outcome) {
        match outcome {
            // The reply to a message without recipients is of no interest.
            _ if self.accepted == 0 || self.chunk_was_refused() => self.end_for_nobody(),
            // A server that takes a message for accepted recipients has taken it, whatever it said
            // to MAIL.
            Outcome::Accepted(reply) => {
                self.refusal = None;
                self.restarts = false;
                self.recipients.deliver(self.range.clone(), reply);
            }
            Outcome::Refused(_) if self.restarts => {}
            Outcome::Refused(reply) => {
                let refusal = Refusal::by_server(Refusal::END_OF_DATA, reply);
                self.refusal.get_or_insert(refusal);
            }
        }
    }

    /// Whether a part of the message was refused, which no later reply can mend.
    #[inline]
    fn chunk_was_refused(&self) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| refusal.command() == Bdat::SPEC.verb)
    }

    #[cold]
    fn end_for_nobody(&mut self) {
        if !self.restarts {
            self.refusal = Some(self.why_hopeless());
        }
    }
}

/// Whether a recipient is one more than the server takes for one message: 452, or 552 of a server
/// that follows RFC 821 (RFC 5321 §4.5.3.1.10).
fn is_too_many(refusal: &Refusal) -> bool {
    let code = refusal.reply().map(|reply| reply.code().value());
    let detail = refusal.enhanced().map(|code| (code.subject(), code.detail()));
    matches!(code, Some(452 | 552)) && matches!(detail, None | Some((5, 3)))
}
