//! The replies to a message whose recipients each get one: LMTP (RFC 2033 §4.2), and PRDR.
//!
//! ```text
//! SMTP   dot ── one reply
//! LMTP   dot ── one for each accepted recipient
//! PRDR   dot ── 353 ── one for each accepted recipient ── one for the message
//!           └── one reply, as in SMTP
//! ```
//!
//! They come in the order of RCPT, and count each RCPT that was accepted: a recipient that was named
//! twice has two. The number is known when the message has left whole, because content never leaves
//! before RCPT was answered.

use smtp_grammar::Reply;

use super::answering::Answering;
use super::{Loss, Transaction};
use crate::error::refusal::Refusal;
use crate::proto::command::CodePattern;
use crate::proto::engine::{Engine, Expected, Outcome, ReplyHead};
use crate::proto::stage::Stage;

/// The replies to a message after PRDR was asked for.
const ONCE_OR_EACH: &[CodePattern] = &[CodePattern::Class(2), CodePattern::Exactly(353)];

/// A reply that 353 has announced.
const ANNOUNCED: Expected =
    Expected { stage: Stage::EndOfData, accepts: &[CodePattern::Class(2)], reply_lines: None };

impl Transaction<'_> {
    /// The message is queued up to its end, and is not simply answered once.
    #[cold]
    pub(super) fn expect_finals(&mut self, engine: &mut Engine) {
        if engine.facts.lmtp {
            // One is expected already. None is due without a recipient, but then no message leaves.
            let others = self.accepted.saturating_sub(1);
            engine.expect_again(others);
            self.due += others;
            self.finals.answering = Answering::Each;
        } else {
            engine.expect_also(ONCE_OR_EACH);
            self.finals.answering = Answering::OnceOrEach;
        }
        self.finals.next = self.range.start;
    }

    /// Whether the message is answered for each recipient.
    #[inline]
    pub(crate) fn has_own_replies(&self) -> bool {
        matches!(self.finals.answering, Answering::Each | Answering::EachThenAll)
    }

    /// Takes a reply to a message that is not simply answered once.
    #[cold]
    pub(super) fn take_final(&mut self, head: &ReplyHead, engine: &mut Engine) {
        match self.finals.answering {
            Answering::OnceOrEach if head.code().value() == ONE_FOR_EACH => {
                engine.skip(head);
                let announced = self.accepted.saturating_add(1);
                engine.expect_first(announced, ANNOUNCED);
                self.due += announced;
                self.finals.answering = Answering::EachThenAll;
            }
            Answering::Each | Answering::EachThenAll if self.finals.came < self.accepted => {
                let outcome = engine.take(head);
                self.take_own(outcome);
            }
            // No recipient is left: the message was refused for each of them, whatever is said of
            // it as a whole.
            Answering::EachThenAll if self.finals.taken == 0 => {
                engine.skip(head);
                self.refusal = Some(self.why_none());
            }
            _ => {
                let outcome = engine.take(head);
                self.take_end(outcome);
            }
        }
    }

    /// Takes the reply to the message for the next recipient.
    fn take_own(&mut self, outcome: Outcome) {
        let finals = &mut self.finals;
        let found = self.recipients.find_accepted(finals.next..self.range.end, finals.came);
        finals.next = found.map_or(finals.next, |index| index + 1);
        finals.came += 1;
        match outcome {
            Outcome::Accepted(reply) => {
                finals.taken += 1;
                finals.last_taken = found;
                // With PRDR the reply to the whole message decides.
                let has_it = finals.answering == Answering::Each;
                match found {
                    Some(index) => self.recipients.answer_final(index, reply, has_it),
                    None if has_it => self.recipients.record_delivered(reply),
                    None => {}
                }
            }
            Outcome::Refused(reply) => {
                let refusal = Refusal::by_server(Refusal::END_OF_DATA, reply);
                if let Some(index) = found {
                    self.recipients.refuse_final(index, refusal.clone());
                }
                // As where every RCPT was refused: the message may still arrive.
                if !finals.refusal.as_ref().is_some_and(Refusal::is_transient) {
                    finals.refusal = Some(refusal);
                }
            }
        }
        if self.finals.answering == Answering::Each && self.finals.came == self.accepted {
            self.end_each();
        }
    }

    /// Each recipient of a message of LMTP has its reply.
    fn end_each(&mut self) {
        if self.finals.taken == 0 {
            self.refusal = Some(self.why_none());
        } else if let Some(index) = self.finals.last_taken {
            self.recipients.record_final(index);
        }
    }

    /// Why no recipient gets the message, each of which was refused by a reply of its own.
    pub(super) fn why_none(&self) -> Refusal {
        self.finals.refusal.clone().unwrap_or_else(Refusal::no_recipients)
    }

    /// Whether the message was refused by a reply for each recipient. Those that were not in this
    /// transaction were not refused by it.
    pub(super) fn was_refused_each(&self) -> bool {
        self.finals.taken == 0 && self.finals.came > 0 && self.finals.came == self.accepted
    }

    /// The result of a message of LMTP that had left whole, when the connection is lost before each
    /// recipient has its reply. `closing` is the reply that closed the session.
    pub(super) fn lose_each(&mut self, closing: Option<&Reply>) -> Loss {
        // It stands where the reply for the next recipient should be. Of those after that one the
        // server has said nothing, and it may have delivered the message to them before.
        if let Some(reply) = closing.filter(|reply| reply.code().value() >= 400) {
            self.take_own(Outcome::Refused(reply.clone()));
        }
        if self.finals.came < self.accepted {
            self.recipients.lose(Some(&(0..0)));
            return Loss::Unknown;
        }
        self.recipients.lose(None);
        match &self.refusal {
            Some(refusal) => Loss::Refused(refusal.clone()),
            None => Loss::NotDelivered,
        }
    }
}

/// The code that announces a reply for each recipient.
const ONE_FOR_EACH: u16 = 353;
