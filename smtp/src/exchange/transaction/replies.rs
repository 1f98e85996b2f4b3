//! The replies of a transaction: the meaning of each for the message and its recipients.
//!
//! RFC 2920 §3.1: a client "MUST check ALL statuses returned from each command in a group", because
//! a server that refuses one command may accept those that follow it.

use smtp_grammar::Reply;

use super::answering::Answering;
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
        // Only once each RCPT was written and answered: one that is accepted is enough for the
        // message to be sent (RFC 5321 §3.3).
        let no_recipient = self.accepted == 0 && self.step > Step::Rcpt && self.rcpts_due == 0;
        no_recipient || self.refusal.is_some()
    }

    #[cold]
    pub(crate) fn why_hopeless(&self) -> Refusal {
        match &self.refusal {
            Some(refusal) => refusal.clone(),
            None => self.recipients.refusal_by_rcpt(),
        }
    }

    /// Whether a reply is due.
    #[inline]
    pub(crate) fn awaits(&self) -> bool {
        self.due > 0
    }

    /// How many replies are due.
    pub(crate) fn replies_due(&self) -> usize {
        self.due as usize
    }

    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.step == Step::Done && self.due == 0
    }

    /// Whether the transaction begins again: the server let no command follow the message before.
    pub(crate) fn restarts(&self) -> bool {
        self.restarts
    }

    /// Takes the next reply of a transaction that is withdrawn. It decides only whether the server
    /// has the transaction open.
    pub(crate) fn drop_reply(&mut self, head: &ReplyHead, engine: &mut Engine) -> Outcome {
        self.due -= 1;
        self.rcpts_due -= u32::from(head.stage == Stage::Rcpt);
        match head.stage {
            Stage::Mail if head.accepted => self.mail = MailReply::Accepted,
            Stage::Rcpt if head.accepted => self.accepted += 1,
            _ => {}
        }
        engine.take(head)
    }

    /// Whether the reply to MAIL is due.
    pub(crate) fn awaits_mail(&self) -> bool {
        self.mail == MailReply::None && self.due > self.rcpts_due
    }

    /// Takes the next reply. `answers` is the stage of the command that it answers; `may_split`
    /// says that recipients for which this transaction has no room are named again in another one.
    ///
    /// # Errors
    ///
    /// When the server refuses RSET, and RSET did not follow a message that is not answered yet.
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
                // At once, and not when content is queued: the server may have refused the message
                // already, in the same read as 354.
                engine.begin_content();
                self.step = Step::Content;
            }
            Stage::EndOfData if self.finals.answering == Answering::Once => {
                self.take_end(engine.take(head));
            }
            Stage::EndOfData => self.take_final(head, engine),
            Stage::Bdat => {
                self.chunks_due -= 1;
                // Without an accepted recipient the chunk was refused for that reason alone: the
                // refusals of the recipients say more.
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
                // A server that does not end a transaction (RFC 5321 §4.1.1.5) would add the old
                // recipients to the next message.
                if !self.overtakes {
                    return Err(engine.end(ProtocolError::ResetRefused(reply).into()));
                }
                // Some servers refuse commands that follow a final dot in the same flight, to be
                // safe from smuggled messages, although RFC 2920 §3.1 allows them. This server gets
                // no such commands any more.
                engine.facts.overtakes = false;
                self.reset_refused = true;
            }
            // The server has read chunks of the body already (an eager flight), and a source cannot
            // be read again: its message is refused for now.
            (Stage::Mail, Some(reply)) if self.reset_refused && self.body.is_none() => {
                self.mail = MailReply::Refused;
                self.refusal = Some(Refusal::not_repeatable(reply));
            }
            (Stage::Mail, Some(_)) if self.reset_refused => {
                self.restarts = true;
                // Once DATA has left, its reply decides: after 354 the server waits for a final
                // dot.
                if self.step != Step::Opening {
                    self.step = Step::Done;
                }
            }
            // AUTH or EHLO was accepted, and the server did not know that when it read MAIL. The
            // transaction begins again, without either before it.
            (Stage::Mail, Some(reply)) if self.runs_ahead && is_too_early(&reply) => {
                self.restarts = true;
                self.step = Step::Done;
            }
            (Stage::Mail, Some(reply)) if reply.code().value() == CHECKPOINT => {
                self.resume(&reply, engine);
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
            self.recipients.accept(index, reply, self.accepted);
            self.accepted += 1;
            self.full_before = false;
        } else if !self.restarts {
            // In a transaction that begins again the recipient is named again too: the server
            // refused the flight.
            self.refuse_rcpt(index, reply, may_split);
        }
    }

    #[cold]
    fn refuse_rcpt(&mut self, index: usize, reply: Reply, may_split: bool) {
        if self.mail == MailReply::Refused
            && let Some(refusal) = &self.refusal
        {
            // 503 follows from the refusal of MAIL, and says nothing of the recipient: a sender
            // that may be accepted later (4yz) must not turn into a permanent failure of its
            // recipients.
            return self.recipients.refuse_after_mail(index, reply, refusal.clone());
        }
        let refusal = Refusal::by_server(Rcpt::SPEC.verb, reply);
        // Only after an accepted recipient: a server that takes none has no limit to split by.
        if self.accepted > 0 && may_split && refusal.is_too_many_recipients() {
            self.recipients.retry(index, refusal);
            self.was_full = true;
            // The recipients that were not named yet belong to the next transaction, but only after
            // the second such reply in a row: 452 is also the answer for one full mailbox.
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
            // 354 although no recipient gets the message: a client "cannot assume that the DATA
            // command will be rejected just because none of the RCPT TO commands worked", and sends
            // a lone dot (RFC 2920 §3.1).
            None => {
                if !self.restarts {
                    self.refusal = Some(self.why_hopeless());
                }
                self.step = Step::Nothing;
            }
            Some(_) if self.restarts => self.step = Step::Done,
            // 503 or 554 after every recipient was refused: their own replies say why.
            Some(_) if self.is_hopeless() => self.refuse(self.why_hopeless()),
            Some(reply) => self.refuse(Refusal::by_server(self.opening_verb, reply)),
        }
    }

    #[inline]
    pub(super) fn take_end(&mut self, outcome: Outcome) {
        match outcome {
            // No recipient, or a message with a hole: a 250 to either delivers nothing.
            _ if self.accepted == 0 || self.chunk_was_refused() => self.end_without_recipients(),
            // 250 to the message moves the responsibility to the server (RFC 5321 §6.1), whatever
            // it said to MAIL before: to send it again would make a second copy.
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

    /// Whether a chunk was refused: the message has "failed" then, whatever is said to a later
    /// chunk (RFC 3030 §2).
    #[inline]
    fn chunk_was_refused(&self) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| refusal.command() == Bdat::SPEC.verb)
    }

    #[cold]
    fn end_without_recipients(&mut self) {
        if !self.restarts {
            self.refusal = Some(self.why_hopeless());
        }
    }
}

/// The code by which the server says that it has a part of the message (RFC 1845 §4). Where MAIL did
/// not ask for it, the engine has ended the connection.
const CHECKPOINT: u16 = 355;

/// Whether the reply is the one to a command that comes too early: out of order, or without the
/// authentication that it needs (RFC 5321 §4.2.3, RFC 4954 §6).
fn is_too_early(reply: &Reply) -> bool {
    matches!(reply.code().value(), 503 | 530)
}
