//! The run of a group: it queues the commands that may leave, flight by flight.
//!
//! Everything up to the command that opens content leaves in one flight (RFC 2920 §3.1); a server
//! without PIPELINING gets one command at a time. Then every reply is read before the content is
//! sent, and the content, its final dot and the commands that follow are the next flight.

use std::collections::VecDeque;
use std::task::{Context, Poll};

use smtp_grammar::Capabilities;

use super::entry::{Entry, StateEffect, Submitted};
use super::outcome::{NotSent, Outcome};
use super::predicted::{PredictedState, Progress};
use super::tuple::Entries;
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::exchange::content::ContentNeed;
use crate::exchange::plan::check_body;
use crate::exchange::recipients::{RecipientList, named_recipient};
use crate::exchange::transaction::{Carriage, Step, Transaction};
use crate::exchange::{Exchange, Need};
use crate::message::body::Body;
use crate::message::transfer::BodyMethod;
use crate::proto::engine::Engine;
use crate::proto::fault::Fault;
use crate::proto::line::Declared;
use crate::proto::stage::Stage;

/// The number of bytes of commands that may wait to be written before more are made.
// A group may name any number of recipients: its commands wait for the socket, not in memory.
const MAX_QUEUED_COMMAND_BYTES: usize = 64 * 1024;

/// A group in flight.
pub(crate) struct PipelineRun<'a, L> {
    pub(super) entries: L,
    pub(super) capabilities: Capabilities,
    /// The entry that is being written, and how far it is.
    index: usize,
    phase: Phase,
    /// The commands that wait for a reply, and between them those that did not leave.
    pub(super) awaited: VecDeque<Awaited>,
    /// The state of the session if everything in flight is accepted.
    pub(super) predicted: PredictedState,
    /// The state that the replies so far have shown.
    pub(super) confirmed: PredictedState,
    /// The recipients of the transaction that is open, those that the library's RCPT has named.
    pub(super) recipients: RecipientList,
    /// Recipients before this one have their answer.
    pub(super) answered: usize,
    /// Why the session is not where it should be.
    pub(super) reason: Option<Refusal>,
    /// Whether the server waits for content; none when it was not asked.
    pub(super) opened: Option<bool>,
    /// The message that is being sent, or waits for its reply.
    pub(super) message: Option<Transaction<'a>>,
    /// The RSET in flight has left before the message before it was answered.
    pub(super) reset_overtakes: bool,
    /// It was refused.
    pub(super) reset_refused: bool,
}

/// How far an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing was written.
    Begin,
    /// RSET comes before the next entry, because a message has left.
    Reset,
    /// Its commands are written.
    Commands,
    /// Every reply is read before its content is sent.
    Replies,
    /// Its content is written.
    Content,
}

/// A command that waits for a reply, or did not leave and keeps its position among those that did.
// Both are in one queue, so that the confirmed state passes all commands in their order.
#[derive(Clone, Copy)]
pub(super) struct Awaited {
    pub(super) entry: usize,
    pub(super) effect: StateEffect,
    pub(super) due: Due,
}

#[derive(Clone, Copy)]
pub(super) enum Due {
    /// The reply to a command.
    Reply(Declared),
    /// Nothing: the command did not leave.
    Nothing(Progress),
    /// The reply to a message.
    End,
    /// The reply to a final dot without a message.
    EmptyMessage,
}

/// The state that a group has led to.
#[derive(Debug)]
pub(crate) struct PipelineEnd {
    pub(crate) state: PredictedState,
    /// The recipients of a transaction that is left open.
    pub(crate) recipients: RecipientList,
    /// Why the session is not where it should be.
    pub(crate) reason: Option<Refusal>,
}

impl<'a, L: Entries<'a>> PipelineRun<'a, L> {
    /// A group that begins in this state, with these recipients of an open transaction.
    pub(crate) fn new(
        entries: L,
        capabilities: &Capabilities,
        start: PredictedState,
        recipients: RecipientList,
    ) -> Self {
        Self {
            entries,
            capabilities: capabilities.clone(),
            index: 0,
            phase: Phase::Begin,
            awaited: VecDeque::new(),
            predicted: start,
            confirmed: start,
            answered: recipients.len(),
            recipients,
            reason: None,
            opened: None,
            message: None,
            reset_overtakes: false,
            reset_refused: false,
        }
    }

    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// The entries with their outcomes.
    pub(crate) fn into_members(self) -> L {
        self.entries
    }

    /// The connection was gone before anything of the group was written.
    pub(crate) fn skip_all(&mut self) {
        let mut index = 0;
        while let Some(entry) = self.entry(index) {
            entry.skip(NotSent::Lost);
            index += 1;
        }
    }

    /// The properties of the last command of the group.
    pub(crate) fn last_spec(&mut self) -> Option<crate::proto::command::CommandSpec> {
        let mut index = 0;
        let mut last = None;
        while let Some(entry) = self.entry(index) {
            last = Some(entry.spec());
            index += 1;
        }
        last
    }

    pub(super) fn entry(&mut self, index: usize) -> Option<&mut (dyn Entry<'a> + 'a)> {
        self.entries.entry(index).map(|entry| entry.0)
    }

    /// Writes as much as may be written, and gives the event that must come before more; none when
    /// all is written.
    fn write(&mut self, engine: &mut Engine) -> Result<Option<Need<PipelineEnd>>, Fault> {
        while let Some(effect) = self.entry(self.index).map(|entry| entry.effect()) {
            let need = match self.phase {
                Phase::Begin => {
                    self.begin(effect, engine);
                    None
                }
                Phase::Reset => self.reset(effect, engine),
                Phase::Commands => self.write_command(effect, engine),
                // "The client must then check the response to the DATA command" (RFC 2920 §3.1),
                // and those to all recipients: content that has left cannot be taken back.
                Phase::Replies => {
                    if engine.awaits_reply() {
                        Some(Need::Reply)
                    } else {
                        self.open_content(engine);
                        // A refusal that came in the same read as 354 is about the message, which
                        // can take it now.
                        self.take_replies(engine)?;
                        None
                    }
                }
                Phase::Content => self.write_content(engine)?,
            };
            if need.is_some() {
                return Ok(need);
            }
        }
        Ok(None)
    }

    /// Writes a RSET that is due before the first command.
    fn begin(&mut self, effect: StateEffect, engine: &mut Engine) {
        // Not before QUIT, which ends every transaction.
        if engine.facts.reset_due && effect != StateEffect::Quit {
            engine.submit_reset();
        }
        self.phase = Phase::Commands;
    }

    /// Writes RSET between a message and the next command: a server that refuses a message may keep
    /// its transaction, and recipients of the next one must never join it.
    fn reset(&mut self, effect: StateEffect, engine: &mut Engine) -> Option<Need<PipelineEnd>> {
        let overtakes = engine.awaits_reply();
        if effect != StateEffect::Quit {
            // Without PIPELINING, or once the server has refused such a flight, the dot goes alone.
            if overtakes && !(engine.facts.pipelining && engine.facts.overtakes) {
                return Some(Need::Reply);
            }
            // While the reply is not known, RSET goes for the case of a refusal.
            if overtakes || engine.facts.reset_due {
                (self.reset_overtakes, self.reset_refused) = (overtakes, false);
                engine.submit_reset();
            }
        }
        self.phase = Phase::Commands;
        None
    }

    /// Queues the next command of an entry.
    fn write_command(
        &mut self,
        effect: StateEffect,
        engine: &mut Engine,
    ) -> Option<Need<PipelineEnd>> {
        // Without PIPELINING a client waits for each reply (RFC 2920 §3, RFC 5321 §2.1).
        // After 355 to MAIL the server would take what follows for the rest of an earlier message
        // (RFC 1845 §4).
        let resumes = self.predicted.declared.has(Declared::CHECKPOINT);
        let waits = resumes || self.awaits_recipients(effect);
        if (waits && engine.awaits_reply()) || !engine.may_submit() {
            return Some(Need::Reply);
        }
        if engine.output().remaining() >= MAX_QUEUED_COMMAND_BYTES {
            return Some(Need::Room);
        }
        if let Some(why) = self.hinders(effect) {
            if let Some(entry) = self.entry(self.index) {
                entry.skip(why);
            }
            self.pass_by(effect, Progress::Skipped);
            return None;
        }
        // Before DATA: after 354 a source that fails leaves nothing but to close the connection.
        if effect == StateEffect::Content && !self.has_first_segment() {
            return Some(Need::Source);
        }
        let utf8 = self.predicted.declared.has(Declared::UTF8);
        let start = engine.output().encoded().len();
        let entry = self.entries.entry(self.index).map(|entry| entry.0)?;
        match entry.submit(engine, &self.capabilities, utf8) {
            Submitted::Queued(declared) => {
                if entry.spec().stage == Stage::Rcpt {
                    self.predicted.recipients += 1;
                    let line = engine.output().encoded().get(start..).unwrap_or_default();
                    let named = named_recipient(line);
                    let without = engine.take_left_out();
                    self.recipients.extend(named, without, engine.limits().recipients_kept);
                }
                // The recipients kept so far are those of the transaction before.
                if effect == StateEffect::Open {
                    self.recipients = RecipientList::opened_without(engine.take_left_out());
                    self.answered = 0;
                }
                self.predicted.pass(effect, Progress::Accepted(declared));
                self.expect(effect, Due::Reply(declared));
                if effect != StateEffect::Stay {
                    self.end_commands(effect);
                }
            }
            // A recipient that cannot be written: another one may get the message (RFC 5321 §3.3).
            Submitted::Refused if effect == StateEffect::Stay => {}
            Submitted::Refused => {
                self.reason = entry.refusal();
                self.pass_by(effect, Progress::Refused);
            }
            Submitted::Nothing => self.end_commands(effect),
        }
        None
    }

    /// The commands of an entry are written.
    fn end_commands(&mut self, effect: StateEffect) {
        if effect == StateEffect::Content {
            self.phase = Phase::Replies;
        } else {
            self.index += 1;
        }
    }

    /// Why an entry must not be sent, as far as the replies so far show.
    fn hinders(&mut self, effect: StateEffect) -> Option<NotSent> {
        // The session is not where the type says, so the command would mean something else to the
        // server: RCPT would add to another transaction. QUIT means the same everywhere.
        if self.predicted.diverged.is_some() && effect != StateEffect::Quit {
            return Some(NotSent::AfterRefused);
        }
        if effect != StateEffect::Content {
            return None;
        }
        // Not even predicted: no RCPT was written, or each one is refused already.
        let all_answered = self.awaits_recipients(effect);
        if self.predicted.recipients == 0 || (all_answered && self.confirmed.recipients == 0) {
            return Some(NotSent::NoRecipients);
        }
        let declared = self.predicted.declared;
        let failure = self.first_failure();
        let content = self.entry(self.index)?.content()?;
        let checked = || check_body(content.body()?, declared, BodyMethod::Data).err();
        let refusal = failure.or_else(checked)?;
        content.end(Outcome::Refused(refusal));
        Some(NotSent::AfterRefused)
    }

    /// Moves past an entry that does not leave, in its order among those that do.
    fn pass_by(&mut self, effect: StateEffect, progress: Progress) {
        self.predicted.pass(effect, progress);
        self.expect(effect, Due::Nothing(progress));
        self.pass_unsent();
        self.end_commands(effect);
    }

    fn expect(&mut self, effect: StateEffect, due: Due) {
        self.awaited.push_back(Awaited { entry: self.index, effect, due });
    }

    /// Begins the message that the server waits for, if a recipient gets it. Every reply was read.
    fn open_content(&mut self, engine: &mut Engine) {
        self.pass_unsent();
        let opened = self.opened.take();
        let (state, predicted) = (self.confirmed, self.predicted);
        let recipients = std::mem::take(&mut self.recipients);
        self.answered = 0;
        let Some(content) = self.entry(self.index).and_then(|entry| entry.content()) else {
            self.end_content();
            return;
        };
        let forbidden = match opened {
            Some(true) => forbids(content.body(), &state, &predicted),
            // DATA was refused, or not sent: the transaction of MAIL is still open (RFC 5321
            // §4.1.4).
            _ => {
                content.end(Outcome::NotSent(NotSent::AfterRefused));
                // After a refused MAIL none is open: where a recipient was accepted all the same,
                // its reply has asked for RSET already.
                if state.open {
                    engine.facts.leave_transaction(state.recipients > 0);
                }
                self.end_transaction();
                self.end_content();
                return;
            }
        };
        let body = content.take_body().unwrap_or_else(|| EMPTY.into());
        let summary = body.summary().ok().flatten();
        let carriage = Carriage { method: BodyMethod::Data, summary, chunk_size: 0 };
        let mut transaction =
            Transaction::opened(recipients, state.recipients, state.declared, body, carriage);
        transaction.begin_at(engine.queued());
        match forbidden {
            None => transaction.set_step(Step::Content),
            // 354 although the message must not leave: the server gets a lone dot (RFC 2920 §3.1),
            // and RSET after that.
            Some(outcome) => {
                content.end(outcome);
                transaction.set_step(Step::Nothing);
                if self.reset_refused {
                    transaction.note_reset_refused();
                }
            }
        }
        self.message = Some(transaction);
        self.phase = Phase::Content;
    }

    fn write_content(&mut self, engine: &mut Engine) -> Result<Option<Need<PipelineEnd>>, Fault> {
        let Some(transaction) = &mut self.message else {
            self.end_content();
            return Ok(None);
        };
        let due = match transaction.step() {
            Step::Nothing => {
                transaction.write_nothing(engine)?;
                engine.facts.leave_transaction(false);
                Due::EmptyMessage
            }
            _ => match transaction.write_content(engine, &self.capabilities, false)? {
                None => Due::End,
                Some(ContentNeed::Room) => return Ok(Some(Need::Room)),
                Some(ContentNeed::Source) => return Ok(Some(Need::Source)),
                Some(ContentNeed::Chunk | ContentNeed::Replies | ContentNeed::Done) => {
                    return Ok(Some(Need::Reply));
                }
            },
        };
        self.end_transaction();
        self.expect(StateEffect::Content, due);
        self.end_content();
        Ok(None)
    }

    fn end_transaction(&mut self) {
        self.confirmed.end_transaction();
        self.predicted = self.confirmed;
    }

    /// An entry with content is written whole.
    fn end_content(&mut self) {
        self.index += 1;
        self.phase = Phase::Reset;
    }
}

/// The outcome of a message that the server waits for and must not get; none where it may.
fn forbids(
    body: Option<&Body<'_>>,
    confirmed: &PredictedState,
    predicted: &PredictedState,
) -> Option<Outcome<crate::message::receipt::Receipt>> {
    if confirmed.diverged.is_some() {
        return Some(Outcome::NotSent(NotSent::AfterRefused));
    }
    if !confirmed.is_ready() {
        return Some(Outcome::NotSent(NotSent::NoRecipients));
    }
    if confirmed.declared == predicted.declared {
        return None;
    }
    // A command that declared 8-bit or binary content was refused (RFC 6152 §3, RFC 3030 §3).
    check_body(body?, confirmed.declared, BodyMethod::Data).err().map(Outcome::Refused)
}

const EMPTY: &[u8] = b"";

impl<'a, L: Entries<'a>> Exchange for PipelineRun<'a, L> {
    type Output = Result<PipelineEnd, Lost>;

    fn advance(&mut self, engine: &mut Engine) -> Result<Need<Self::Output>, Fault> {
        loop {
            self.take_replies(engine)?;
            match self.write(engine)? {
                Some(Need::Reply) | None if engine.awaits_reply() => return Ok(Need::Reply),
                Some(Need::Room) => return Ok(Need::Room),
                Some(Need::Source) => return Ok(Need::Source),
                // The replies that it waited for are here.
                Some(_) => {}
                None => {
                    self.pass_unsent();
                    if engine.facts.reset_due {
                        // It goes before the next command, so nothing is open then.
                        self.confirmed.end_transaction();
                    }
                    return Ok(Need::Done(Ok(PipelineEnd {
                        state: self.confirmed,
                        recipients: std::mem::take(&mut self.recipients),
                        reason: self.reason.take(),
                    })));
                }
            }
        }
    }

    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.phase == Phase::Content
            && let Some(transaction) = &mut self.message
        {
            return transaction.poll_body(cx);
        }
        let content = self.entry(self.index).and_then(|entry| entry.content());
        content
            .and_then(|content| content.body_mut())
            .map_or(Poll::Pending, |body| body.poll_first(cx))
    }

    fn lost(&mut self, engine: &Engine, lost: Lost) -> Self::Output {
        self.lose(engine, &lost);
        Err(lost)
    }
}
