//! The replies to a group, matched to its commands by counting.
//!
//! A client "MUST check ALL statuses returned from each command in a group" (RFC 2920 §3.1): each
//! reply moves the confirmed state on, and the content depends on all of them.

use super::entry::StateEffect;
use super::outcome::{NotSent, Outcome};
use super::predicted::{Diverged, Progress};
use super::run::{Awaited, Due, PipelineRun};
use super::tuple::Entries;
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::exchange::reset;
use crate::exchange::transaction::{Loss, Transaction};
use crate::message::receipt::Receipt;
use crate::proto::engine::{Engine, Outcome as Answer, ReplyHead};
use crate::proto::fault::{Fault, ProtocolError};
use crate::proto::stage::Stage;

impl<'a, L: Entries<'a>> PipelineRun<'a, L> {
    /// Gives the replies that are here to the entries that they answer.
    pub(super) fn take_replies(&mut self, engine: &mut Engine) -> Result<(), Fault> {
        self.pass_unsent();
        while !self.is_asked()
            && let Some(head) = engine.next_reply()?
        {
            if !head.automatic {
                self.take(&head, engine)?;
            } else if head.accepted || !self.reset_overtakes {
                // A RSET that was sent alone and is refused ends the connection.
                reset::settle(engine, &head)?;
            } else {
                // Some servers refuse commands that follow a final dot in the same flight, to be
                // safe from smuggled messages, although RFC 2920 §3.1 allows them. This server gets
                // no such commands any more.
                engine.facts.overtakes = false;
                engine.facts.leave_transaction(false);
                self.reset_refused = true;
                engine.skip(&head);
            }
        }
        Ok(())
    }

    /// Whether the server waits for a message that is not begun.
    fn is_asked(&self) -> bool {
        // No reply is read then: after 354 the next one is about the message, which must be opened
        // first to take it.
        self.opened == Some(true) && self.awaited.is_empty()
    }

    fn take(&mut self, head: &ReplyHead, engine: &mut Engine) -> Result<(), Fault> {
        let Some(awaited) = self.awaited.pop_front() else {
            engine.skip(head);
            return Ok(());
        };
        match awaited.due {
            Due::End => self.take_end(awaited, head, engine)?,
            Due::EmptyMessage => {
                let (Answer::Accepted(reply) | Answer::Refused(reply)) = engine.take(head);
                self.message = None;
                if let Some(content) = self.entry(awaited.entry).and_then(|entry| entry.content()) {
                    content.empty_message_reply(reply);
                }
            }
            Due::Reply(_) | Due::Nothing(_) => {
                let answer = engine.take(head);
                if let Answer::Accepted(reply) = &answer
                    && reply.code().is_intermediate()
                    && awaited.effect != StateEffect::Content
                {
                    // 3yz asks for a further line (RFC 5321 §4.2.1), and the server takes the next
                    // command of the group for that line: no later reply can be trusted.
                    self.awaited.push_front(awaited);
                    let (stage, reply) = (head.stage, reply.clone());
                    return Err(engine.end(ProtocolError::Unexpected { stage, reply }.into()));
                }
                self.give(awaited, answer, engine);
            }
        }
        self.pass_unsent();
        Ok(())
    }

    /// Gives a command its reply.
    fn give(&mut self, awaited: Awaited, answer: Answer, engine: &mut Engine) {
        let Due::Reply(declared) = awaited.due else {
            return;
        };
        let Some(entry) = self.entries.entry(awaited.entry).map(|entry| entry.0) else {
            return;
        };
        let names_recipient = entry.spec().stage == Stage::Rcpt;
        // Only RCPT of the library names a recipient in a form that can be kept; `answered` is its
        // index among those.
        if names_recipient && entry.spec().verb == NAMED {
            let rank = u32::try_from(self.confirmed.recipients).unwrap_or(u32::MAX);
            match &answer {
                Answer::Accepted(reply) => {
                    self.recipients.answer(self.answered, Ok(reply.clone()), rank);
                }
                Answer::Refused(reply) => {
                    let refusal = Refusal::by_server(NAMED, reply.clone());
                    self.recipients.answer(self.answered, Err(refusal), rank);
                }
            }
            self.answered += 1;
        }
        let accepted = entry.answer(answer);
        if names_recipient && accepted {
            self.confirmed.recipients += 1;
            // Accepted although MAIL was refused: the server may have a transaction with this
            // recipient, who would get the next message.
            if self.confirmed.diverged == Some(Diverged::Outside) {
                engine.facts.leave_transaction(true);
            }
        }
        if awaited.effect == StateEffect::Content && accepted {
            // At once, and not when content is queued: a refusal that came in the same read as 354
            // is already about the message.
            engine.begin_content();
        }
        let progress = if accepted { Progress::Accepted(declared) } else { Progress::Refused };
        if self.record(awaited, progress) {
            engine.facts.leave_transaction(true);
        }
        if awaited.effect == StateEffect::Close && accepted {
            engine.facts.end_transaction();
        }
    }

    /// Takes the reply to a message.
    fn take_end(
        &mut self,
        awaited: Awaited,
        head: &ReplyHead,
        engine: &mut Engine,
    ) -> Result<(), Fault> {
        let Some(mut transaction) = self.message.take() else {
            engine.skip(head);
            return Ok(());
        };
        transaction.take(head, head.stage, engine, false)?;
        // Each recipient may have a reply of its own (RFC 2033 §4.2).
        if !transaction.is_over() {
            self.message = Some(transaction);
            self.awaited.push_front(awaited);
            return Ok(());
        }
        transaction.settle(engine);
        let refused = !transaction.recipients.has_delivered();
        let refusal = refused.then(|| transaction.why_hopeless());
        if refused {
            self.reason.clone_from(&refusal);
        }
        self.end_message(awaited.entry, transaction, engine, refusal.map(Outcome::Refused));
        Ok(())
    }

    /// Gives a message its receipt, or what has come of it instead.
    fn end_message(
        &mut self,
        entry: usize,
        mut transaction: Transaction<'a>,
        engine: &Engine,
        failed: Option<Outcome<Receipt>>,
    ) {
        let Some(content) = self.entry(entry).and_then(|entry| entry.content()) else {
            return;
        };
        let recipients = &mut transaction.recipients;
        match (failed, recipients.take_delivered()) {
            (None, Some(reply)) => {
                content.end(Outcome::Accepted(recipients.take_receipt(reply, engine)));
            }
            (failed, _) => {
                content.end(failed.unwrap_or(Outcome::Unknown));
                content.recipients(recipients.take());
            }
        }
    }

    /// Moves the confirmed state past a command. Returns whether RSET is due now.
    fn record(&mut self, awaited: Awaited, progress: Progress) -> bool {
        let refused = progress == Progress::Refused;
        let reason = self.entry(awaited.entry).and_then(|entry| entry.refusal());
        let mut reset_due = false;
        match awaited.effect {
            StateEffect::Open | StateEffect::Leave | StateEffect::Quit if refused => {
                self.reason = reason;
            }
            // The transaction is still open (RFC 5321 §4.1.1.5), and the type says that it is not.
            StateEffect::Close if refused => {
                reset_due = true;
                self.reason = reason;
            }
            StateEffect::Content => {
                let sent = matches!(awaited.due, Due::Reply(_));
                self.opened = sent.then_some(!refused);
                // A group that goes on after a refused message needs no reason; one that ends in a
                // state that it could not reach has the last refusal.
                self.reason = reason.or_else(|| self.reason.take());
            }
            _ => {}
        }
        self.confirmed.pass(awaited.effect, progress);
        // The replies have caught up with the commands that change the state: the next commands are
        // written with the knowledge of what was refused.
        if self.confirmed.transitions == self.predicted.transitions {
            self.predicted.diverged = self.confirmed.diverged;
        }
        if self.awaited.is_empty() {
            self.predicted = self.confirmed;
        }
        reset_due
    }

    /// Moves past the oldest commands, as long as these did not leave.
    pub(super) fn pass_unsent(&mut self) {
        while let Some(&awaited) = self.awaited.front()
            && let Due::Nothing(progress) = awaited.due
        {
            self.awaited.pop_front();
            self.record(awaited, progress);
        }
    }

    /// Gives an outcome to everything that has none, because the connection is gone.
    pub(super) fn lose(&mut self, engine: &Engine, cause: &Lost) {
        let mut unanswered = engine.unanswered().filter(|due| !due.automatic);
        // A message may wait for a reply for each of its recipients.
        let finals = self.message.as_ref().map_or(1, Transaction::replies_due);
        let replies = |awaited: &Awaited| match awaited.due {
            Due::Nothing(_) => 0,
            Due::Reply(_) | Due::EmptyMessage => 1,
            Due::End => finals,
        };
        let dues: usize = self.awaited.iter().map(replies).sum();
        // A reply that was judged here, and ended the connection, is out of the engine's queue
        // already: its command has left.
        let mut taken = dues.saturating_sub(unanswered.clone().count());
        // A 421 that answers a RSET of the library's own refuses no entry.
        let answers_member = engine.unanswered().next().is_some_and(|due| !due.automatic);
        let closing = match cause.fault() {
            Fault::Closing(reply) if answers_member => Some(reply),
            _ => None,
        };
        if let Some(mut transaction) = self.message.take() {
            // Content is sent only after every earlier reply was read, so its reply is the oldest.
            let entry = self
                .awaited
                .front()
                .filter(|awaited| matches!(awaited.due, Due::End | Due::EmptyMessage))
                .map_or(self.index(), |awaited| awaited.entry);
            let failed = match transaction.lose(cause.fault(), engine, true) {
                Loss::Unknown => Some(Outcome::Unknown),
                // It has recipients, whatever became of the connection after they had their replies.
                _ if transaction.recipients.has_delivered() => None,
                Loss::Refused(refusal) => Some(Outcome::Refused(refusal)),
                Loss::NotDelivered | Loss::NotSent => Some(Outcome::NotSent(NotSent::Lost)),
            };
            self.end_message(entry, transaction, engine, failed);
        }
        let mut oldest = true;
        for awaited in std::mem::take(&mut self.awaited) {
            let left = match awaited.due {
                Due::Nothing(_) => continue,
                Due::End => {
                    let of_message = taken.min(finals);
                    taken -= of_message;
                    unanswered.by_ref().take(finals - of_message).for_each(drop);
                    false
                }
                _ if taken > 0 => {
                    taken -= 1;
                    true
                }
                _ => unanswered.next().is_some_and(|due| due.left),
            };
            let first = std::mem::replace(&mut oldest, false);
            let Due::Reply(_) = awaited.due else {
                continue;
            };
            if let Some(entry) = self.entry(awaited.entry) {
                match closing {
                    // 421 answers the oldest command, and says that no other one will be answered
                    // (RFC 5321 §3.8). A 221 that was not asked for refuses nothing.
                    Some(reply) if first && reply.code().value() >= 400 => {
                        entry.answer(Answer::Refused(reply.clone()));
                    }
                    _ => entry.lose(left),
                }
            }
        }
        self.skip_all();
    }
}

/// The verb of the library's own RCPT.
const NAMED: &str = <crate::command::Rcpt as crate::proto::command::Command>::SPEC.verb;
