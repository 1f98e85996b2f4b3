//! One mail transaction (RFC 5321 §3.3): the command that is written next, the meaning of each
//! reply, and the result of the message when the connection ends.
//!
//! There is no other: `deliver`, streams, the calls of `InTransaction` and the entries of a
//! pipeline all drive this one. The engine's queue says which command a reply answers; this module
//! says what the answer means for the message and its recipients.
//!
//! ```text
//! [RSET] ── MAIL ── RCPT … ── DATA ── 354 ── content ── dot ── 2yz: delivered
//!                         └── BDAT … BDAT LAST ──────────────┘
//! ```

mod answering;
mod body;
mod each;
mod end;
mod finals;
mod replies;
mod resume;

use std::ops::Range;

use answering::FinalReplies;
pub(crate) use body::follows_recipients;
pub(crate) use each::make_body;

use super::content::Content;
use super::recipients::RecipientList;
use crate::command::Data;
use crate::error::refusal::Refusal;
use crate::message::body::Body;
use crate::message::transfer::BodyMethod;
use crate::proto::command::Command as _;
use crate::proto::content::ContentSummary;
use crate::proto::engine::Engine;
use crate::proto::line::Declared;

/// The part of a transaction that is written next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Reset,
    Mail,
    Rcpt,
    /// DATA, or the first chunk.
    Open,
    /// Nothing, until DATA is answered: its reply decides.
    Opening,
    Content,
    /// The empty message for a server that waits for content although it has accepted no recipient.
    Nothing,
    Done,
}

/// The next thing to write once the recipients are named.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// Nothing, before the replies that are due.
    Wait,
    /// Nothing, before the source has given something.
    Source,
    /// Nothing, as no recipient would get the message.
    Refused,
    /// DATA.
    Ask,
    /// The message.
    Send,
}

/// The result of a message whose connection was lost.
#[derive(Debug)]
pub(crate) enum Loss {
    /// It had left whole and was not answered.
    Unknown,
    /// It was refused before that.
    Refused(Refusal),
    /// It cannot have arrived.
    NotDelivered,
    /// Nothing of it had left.
    NotSent,
}

/// How a body travels in a transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carriage {
    pub(crate) method: BodyMethod,
    pub(crate) summary: Option<ContentSummary>,
    pub(crate) chunk_size: usize,
}

/// A transaction under way, or one after the other for the recipients of one message.
#[derive(Debug)]
pub(crate) struct Transaction<'b> {
    pub(crate) recipients: RecipientList,
    /// None while it is being sent, where it cannot be sent again.
    body: Option<Body<'b>>,
    /// The body, where it takes more than one step.
    content: Option<Box<Content<'b>>>,
    carriage: Carriage,
    step: Step,
    /// The recipients of this transaction, by index; only those that are pending are named.
    range: Range<usize>,
    /// Recipients before this one were named.
    named: usize,
    /// Recipients before this one have their answer.
    answered: usize,
    /// How many RCPT were written, and how many of them the server accepted.
    asked: u32,
    accepted: u32,
    /// Replies that are due, and those of them that answer RCPT or a chunk.
    // The engine counts all replies of the connection. Several transactions may be in flight, and
    // each must know when its own part of the queue is answered.
    due: u32,
    rcpts_due: u32,
    chunks_due: u32,
    /// The replies to the message.
    finals: FinalReplies,
    declared: Declared,
    /// Why no recipient gets the message.
    refusal: Option<Refusal>,
    mail: MailReply,
    /// It ended with a dot and no message.
    empty: bool,
    /// Its commands left before the message before it was answered.
    overtakes: bool,
    /// Its first commands left before the command in front of them, AUTH or EHLO, was answered.
    runs_ahead: bool,
    /// The RSET before it was refused.
    reset_refused: bool,
    /// RSET was refused, and then MAIL: the transaction begins again.
    restarts: bool,
    /// The offsets, in all that was queued, at which the transaction begins and its message ends.
    // Offsets, and no flags: only the driver knows how much has left, and a message of which not
    // one byte has left can be handed back.
    start: u64,
    end: Option<u64>,
    /// The verb of the command that opens the content.
    opening_verb: &'static str,
    /// Transactions that the message has taken.
    transactions: u32,
    /// The server took no more recipients than it had accepted.
    was_full: bool,
    /// It has said so of the recipient before this one too.
    full_before: bool,
    /// Recipients that the next transaction may have.
    most: usize,
}

/// The server's answer to MAIL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MailReply {
    None,
    Accepted,
    Refused,
}

impl<'b> Transaction<'b> {
    /// A transaction for these recipients, of which nothing was written.
    #[inline]
    pub(crate) fn new(recipients: RecipientList, body: Body<'b>, carriage: Carriage) -> Self {
        Self {
            recipients,
            body: Some(body),
            content: None,
            carriage,
            step: Step::Mail,
            range: 0..0,
            named: 0,
            answered: 0,
            asked: 0,
            accepted: 0,
            due: 0,
            rcpts_due: 0,
            chunks_due: 0,
            finals: FinalReplies::default(),
            declared: Declared::default(),
            refusal: None,
            mail: MailReply::None,
            empty: false,
            overtakes: false,
            runs_ahead: false,
            reset_refused: false,
            restarts: false,
            start: 0,
            end: None,
            opening_verb: Data::SPEC.verb,
            transactions: 0,
            was_full: false,
            full_before: false,
            most: usize::MAX,
        }
    }

    /// A transaction whose MAIL and recipients were accepted already, one at a time.
    pub(crate) fn opened(
        recipients: RecipientList,
        accepted: usize,
        declared: Declared,
        body: Body<'b>,
        carriage: Carriage,
    ) -> Self {
        let count = recipients.len();
        let accepted = u32::try_from(accepted).unwrap_or(u32::MAX);
        Self {
            // MAIL and RCPT have their answers, so what may be written next is DATA or a chunk.
            step: Step::Open,
            range: 0..count,
            named: count,
            answered: count,
            asked: accepted,
            accepted,
            declared,
            mail: MailReply::Accepted,
            ..Self::new(recipients, body, carriage)
        }
    }

    /// Begins the next transaction, for these recipients. `reset` says that RSET goes first,
    /// `overtakes` that the message before this one is not answered yet.
    #[inline]
    pub(crate) fn begin(&mut self, range: Range<usize>, reset: bool, overtakes: bool, start: u64) {
        (self.named, self.answered) = (range.start, range.start);
        self.range = range;
        self.step = if reset { Step::Reset } else { Step::Mail };
        self.overtakes = overtakes;
        self.start = start;
        self.transactions += 1;
    }

    /// Its first commands leave before the command in front of them is answered.
    pub(crate) fn run_ahead(&mut self) {
        self.runs_ahead = true;
    }

    /// The rest of an open transaction begins at this offset.
    pub(crate) fn begin_at(&mut self, start: u64) {
        self.start = start;
    }

    /// Makes ready for another transaction of the same message.
    pub(crate) fn renew(&mut self) {
        if self.restarts {
            self.recipients.restart(self.range.clone());
            // The server has refused MAIL only because it came in the flight of the message before:
            // no transaction was open, so none counts towards the limit of transactions.
            self.transactions -= 1;
        } else if std::mem::take(&mut self.was_full) {
            // A server that takes this many recipients at once will refuse more each time (RFC 5321
            // §4.5.3.1.10). At least one, or the message would never end.
            self.most = self.accepted.max(1) as usize;
        }
        (self.asked, self.accepted, self.due, self.rcpts_due, self.chunks_due) = (0, 0, 0, 0, 0);
        (self.finals, self.declared) = (FinalReplies::default(), Declared::default());
        (self.refusal, self.end) = (None, None);
        self.renew_body();
        (self.mail, self.empty, self.full_before) = (MailReply::None, false, false);
        (self.overtakes, self.reset_refused, self.restarts) = (false, false, false);
        self.runs_ahead = false;
    }

    #[inline]
    pub(crate) fn step(&self) -> Step {
        self.step
    }

    pub(crate) fn set_step(&mut self, step: Step) {
        self.step = step;
    }

    #[inline]
    pub(crate) fn method(&self) -> BodyMethod {
        self.carriage.method
    }

    /// The server has refused the RSET before this transaction.
    pub(crate) fn note_reset_refused(&mut self) {
        self.reset_refused = true;
    }

    /// Whether MAIL may be answered with 355, so that nothing may follow it (RFC 1845 §4).
    #[inline]
    pub(crate) fn may_resume(&self) -> bool {
        self.declared.has(Declared::CHECKPOINT) && self.mail == MailReply::None
    }

    pub(crate) fn declared(&self) -> Declared {
        self.declared
    }

    pub(crate) fn transactions(&self) -> usize {
        self.transactions as usize
    }

    /// How many recipients the next transaction may have, as far as the server has shown.
    pub(crate) fn most_recipients(&self) -> usize {
        self.most
    }

    /// Whether the message has left whole, and was refused by replies alone.
    pub(crate) fn depends_on_replies(&self, engine: &Engine) -> bool {
        // A refusal without a reply is this side's own, and stands whatever the replies were.
        let refused = self.refusal.as_ref().is_none_or(|refusal| refusal.reply().is_some());
        refused && self.end.is_some_and(|end| engine.has_left(end))
    }

    /// Makes the named recipients unknown: the replies may have been those of other commands.
    pub(crate) fn doubt(&mut self) {
        self.recipients.doubt(self.range.start..self.named);
    }

    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// Whether the body can be sent more than once.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.body.as_ref().is_some_and(Body::is_repeatable)
    }

    /// The body, where nothing was taken from it.
    pub(crate) fn take_body(&mut self) -> Option<Body<'b>> {
        self.body.take()
    }

    #[inline]
    pub(crate) fn wrote_reset(&mut self, engine: &Engine) {
        // RSET is no part of the message that follows it: where only RSET has left, nothing of the
        // message has, and it can be handed back.
        self.start = engine.queued();
        self.due += 1;
        self.step = Step::Mail;
    }

    #[inline]
    pub(crate) fn wrote_mail(&mut self, declared: Declared) {
        self.declared = declared;
        self.due += 1;
        self.step = Step::Rcpt;
    }

    /// The recipient that is named next.
    #[inline]
    pub(crate) fn next_recipient(&self) -> Option<usize> {
        self.recipients.next_pending(self.named..self.range.end)
    }

    /// A recipient was named.
    #[inline]
    pub(crate) fn wrote_rcpt(&mut self, index: usize) {
        self.named = index + 1;
        self.asked += 1;
        self.rcpts_due += 1;
        self.due += 1;
    }

    /// Goes on after a recipient, unless a reply is taken first.
    #[inline]
    pub(crate) fn step_after_rcpt(&mut self) {
        // DATA comes only after each RCPT was written: the server takes the recipients that it has
        // by then (RFC 5321 §3.3).
        self.step = if self.named == self.range.end { Step::Open } else { Step::Rcpt };
    }

    /// A recipient cannot be named.
    #[cold]
    pub(crate) fn skip_rcpt(&mut self, index: usize, refusal: Refusal) {
        // It costs no other recipient the message: each RCPT stands alone (RFC 5321 §3.3).
        self.named = index + 1;
        self.recipients.refuse(index, refusal);
    }

    /// The command of this verb, which asks for the content, was written.
    pub(crate) fn wrote_command(&mut self, verb: &'static str) {
        self.opening_verb = verb;
        self.wrote_opening();
    }

    #[inline]
    pub(crate) fn wrote_opening(&mut self) {
        // DATA ends its flight: content must wait for 354 (RFC 2920 §3.1, RFC 5321 §4.1.1.4).
        self.due += 1;
        self.step = Step::Opening;
    }

    /// The message is queued up to its end.
    #[inline]
    fn wrote_end(&mut self, engine: &mut Engine) {
        self.due += 1;
        self.end = Some(engine.queued());
        self.step = Step::Done;
        if engine.facts.lmtp || self.declared.has(Declared::PRDR) {
            self.expect_finals(engine);
        }
    }

    /// No recipient gets the message, as the server has said.
    #[cold]
    pub(crate) fn give_up(&mut self) {
        self.refuse(self.why_hopeless());
    }

    /// No recipient gets the message, and no more of it is written.
    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        // The first refusal is the cause; those that follow from it would hide it.
        self.refusal.get_or_insert(refusal);
        self.step = Step::Done;
    }
}
