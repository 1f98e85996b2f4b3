//! One mail transaction: what is written of it next, what each reply means to it, and what became of
//! its message when the connection ends.
//!
//! There is no other: `deliver`, streams, the calls of `InTransaction` and the members of a pipeline
//! all drive this one. Which reply is the answer to what is read from the engine's queue; here stands
//! what it means.
//!
//! ```text
//! [RSET] ── MAIL ── RCPT … ── DATA ── 354 ── content ── dot ── 2yz: delivered
//!                         └── BDAT … BDAT LAST ──────────────┘
//! ```

use std::ops::Range;
use std::task::{Context, Poll};

use smtp_grammar::{Capabilities, Reply, ReplyCode};

use super::content::{Content, ContentFailure, ContentNeed, submit_nothing, submit_whole};
use super::recipients::RecipientList;
use crate::command::{Bdat, Data, Mail, Rcpt};
use crate::error::refusal::Refusal;
use crate::message::body::Body;
use crate::message::policy::Policy;
use crate::message::transfer::BodyMethod;
use crate::proto::command::Command as _;
use crate::proto::content::ContentSummary;
use crate::proto::engine::{Engine, Outcome, ReplyHead};
use crate::proto::fault::{Fault, ProtocolError};
use crate::proto::line::Declared;
use crate::proto::stage::Stage;

/// What is written next of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Reset,
    Mail,
    Rcpt,
    /// DATA, or the first chunk.
    Open,
    /// The reply to DATA decides.
    Opening,
    Content,
    /// The empty message that a server gets which waits for one that nobody would get.
    Nothing,
    Done,
}

/// What follows the recipients.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// Nothing, before the replies that are due.
    Wait,
    /// Nothing, before the source has given something.
    Source,
    /// Nothing, as nobody would get the message.
    Refused,
    /// DATA.
    Ask,
    /// The message.
    Send,
}

/// What became of a message when the connection was lost.
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
    /// Not there any more when it is being sent and cannot be sent again.
    body: Option<Body<'b>>,
    /// The body, where it takes more than one step.
    content: Option<Box<Content<'b>>>,
    carriage: Carriage,
    step: Step,
    /// The recipients of this transaction: those of them that are still to be named.
    range: Range<usize>,
    /// Recipients before this one were named.
    named: usize,
    /// Recipients before this one have their answer.
    answered: usize,
    asked: usize,
    accepted: usize,
    /// Replies that are due, and those of them that answer RCPT or a chunk.
    due: usize,
    rcpts_due: usize,
    chunks_due: usize,
    declared: Declared,
    /// Why nobody gets the message.
    refusal: Option<Refusal>,
    mail: MailReply,
    /// Its commands left before the message before it was answered.
    overtakes: bool,
    /// RSET was refused, and then MAIL: it begins again.
    reset_refused: bool,
    restarts: bool,
    /// Where it begins, and where the message ends, in all that leaves.
    start: u64,
    end: Option<u64>,
    /// The verb of the command that opens the content.
    opening_verb: &'static str,
    /// Transactions that the message has taken.
    transactions: usize,
    /// The server took no more recipients than it had accepted.
    was_full: bool,
    /// Recipients that the next transaction may have.
    most: usize,
}

/// What the server has said to MAIL.
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
            declared: Declared::default(),
            refusal: None,
            mail: MailReply::None,
            overtakes: false,
            reset_refused: false,
            restarts: false,
            start: 0,
            end: None,
            opening_verb: Data::SPEC.verb,
            transactions: 0,
            was_full: false,
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
        Self {
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
    /// `overtakes` that a message before is not answered yet.
    #[inline]
    pub(crate) fn begin(&mut self, range: Range<usize>, reset: bool, overtakes: bool, start: u64) {
        (self.named, self.answered) = (range.start, range.start);
        self.range = range;
        self.step = if reset { Step::Reset } else { Step::Mail };
        self.overtakes = overtakes;
        self.start = start;
        self.transactions += 1;
    }

    /// The rest of a transaction that is open begins here, in all that leaves.
    pub(crate) fn begin_at(&mut self, start: u64) {
        self.start = start;
    }

    /// Makes ready for another transaction of the same message.
    pub(crate) fn renew(&mut self) {
        if self.restarts {
            self.recipients.restart(self.range.clone());
            // It was none: the server has not even looked at it.
            self.transactions -= 1;
        } else if std::mem::take(&mut self.was_full) {
            // What was taken is what will be: more would be refused each time.
            self.most = self.accepted.max(1);
        }
        (self.asked, self.accepted, self.due, self.rcpts_due, self.chunks_due) = (0, 0, 0, 0, 0);
        self.declared = Declared::default();
        (self.refusal, self.end, self.content) = (None, None, None);
        self.mail = MailReply::None;
        (self.overtakes, self.reset_refused, self.restarts) = (false, false, false);
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

    pub(crate) fn declared(&self) -> Declared {
        self.declared
    }

    pub(crate) fn transactions(&self) -> usize {
        self.transactions
    }

    /// How many recipients the next transaction may have, as far as the server has shown.
    pub(crate) fn most_recipients(&self) -> usize {
        self.most
    }

    /// How many recipients the server has accepted.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted
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

    // What was written.

    #[inline]
    pub(crate) fn wrote_reset(&mut self) {
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

    /// What follows a recipient, unless a reply is taken in between.
    #[inline]
    pub(crate) fn step_after_rcpt(&mut self) {
        self.step = if self.named == self.range.end { Step::Open } else { Step::Rcpt };
    }

    /// A recipient cannot be named.
    #[cold]
    pub(crate) fn skip_rcpt(&mut self, index: usize, refusal: Refusal) {
        self.named = index + 1;
        self.recipients.refuse(index, refusal);
    }

    /// The content was asked for with this command.
    pub(crate) fn wrote_command(&mut self, verb: &'static str) {
        self.opening_verb = verb;
        self.wrote_opening();
    }

    #[inline]
    pub(crate) fn wrote_opening(&mut self) {
        self.due += 1;
        self.step = Step::Opening;
    }

    /// The message is queued up to its end.
    #[inline]
    fn wrote_end(&mut self, engine: &Engine) {
        self.due += 1;
        self.end = Some(engine.queued());
        self.step = Step::Done;
    }

    /// Nobody gets the message, as the server has said.
    #[cold]
    pub(crate) fn give_up(&mut self) {
        self.refuse(self.why_hopeless());
    }

    /// Nobody gets the message, and no more of it is written.
    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.refusal.get_or_insert(refusal);
        self.step = Step::Done;
    }

    // The message itself.

    /// Whether the message may follow its recipients. `pipelining` says that it may do so before
    /// they were answered, as far as the policy lets it.
    pub(crate) fn opening(&mut self, pipelining: bool, policy: &Policy) -> Opening {
        let eager = match self.carriage.method {
            BodyMethod::Data => pipelining && policy.permits_one_flight(),
            BodyMethod::Bdat => false,
            BodyMethod::EagerBdat => true,
        };
        if self.due > 0 && !(eager && self.asked > 0) {
            return Opening::Wait;
        }
        if self.due == 0 {
            if self.is_hopeless() {
                return Opening::Refused;
            }
            if !policy.permits_one_flight() && !policy.permits(self.recipients.as_slice()) {
                self.refusal = Some(Refusal::by_policy(self.recipients.has_transient_refusal()));
                return Opening::Refused;
            }
        }
        if !self.prepare() {
            return Opening::Source;
        }
        if self.refusal.is_some() {
            return Opening::Refused;
        }
        if self.carriage.method == BodyMethod::Data { Opening::Ask } else { Opening::Send }
    }

    /// Has the first of a body that is produced while it is sent. One that fails by then costs
    /// nobody anything: nothing of the message was announced.
    fn prepare(&mut self) -> bool {
        if self.body.as_ref().is_some_and(Body::is_polled) {
            self.open_content();
        }
        let Some(content) = &mut self.content else {
            return true;
        };
        if let Some(error) = content.take_failure() {
            self.refusal.get_or_insert(Refusal::body(error));
            return true;
        }
        content.is_ready()
    }

    /// Takes the body, to be sent in more than one step. It stays where it can be sent again.
    fn open_content(&mut self) {
        let Some(body) = &self.body else {
            return;
        };
        let again = body.again();
        if let Some(body) = std::mem::replace(&mut self.body, again) {
            let Carriage { method, summary, chunk_size } = self.carriage;
            match Content::new(body, method, summary, self.declared, chunk_size) {
                Ok(content) => self.content = Some(Box::new(content)),
                Err(ContentFailure::Content(error)) => {
                    self.refusal.get_or_insert(Refusal::content(error));
                }
                Err(ContentFailure::Body(error)) => {
                    self.refusal.get_or_insert(Refusal::body(error));
                }
            }
        }
    }

    /// Whether something of the body is there to be sent, or nothing has to be waited for.
    pub(crate) fn is_body_ready(&mut self) -> bool {
        if self.body.as_ref().is_some_and(Body::is_polled) {
            self.open_content();
        }
        self.content.as_ref().is_none_or(|content| content.is_ready())
    }

    /// Whether the body's source is waited for.
    pub(crate) fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.content {
            Some(content) => content.poll(cx),
            None => Poll::Pending,
        }
    }

    /// Queues the message when it is in memory, needs no change and is small, or owned: nothing has
    /// to be waited for. False when it is not.
    #[inline]
    fn submit_whole(&mut self, engine: &mut Engine, capabilities: &Capabilities) -> bool {
        let Carriage { method, summary, chunk_size } = self.carriage;
        let data = method == BodyMethod::Data;
        let ready =
            summary.is_some_and(|summary| summary.is_ready(data, self.declared.eight_bit));
        if !ready || self.content.is_some() {
            return false;
        }
        let Some(segment) = self.body.as_ref().and_then(Body::whole) else {
            return false;
        };
        if !data && segment.as_ref().len() > chunk_size {
            return false;
        }
        submit_whole(engine, capabilities, segment, method)
    }

    /// Queues of the message what there is and fits; none when it is queued whole, or abandoned.
    ///
    /// # Errors
    ///
    /// When it can only be abandoned by closing the connection: after 354 with an accepted recipient
    /// a dot would deliver an empty or a cut message.
    #[inline]
    pub(crate) fn write_content(
        &mut self,
        engine: &mut Engine,
        capabilities: &Capabilities,
        pipelining: bool,
    ) -> Result<Option<ContentNeed>, Fault> {
        if self.content.is_none() {
            // What is sent after a refused recipient is for nobody: it is not sent.
            if self.method() != BodyMethod::Data && self.is_hopeless() {
                self.give_up();
                return Ok(None);
            }
            if self.submit_whole(engine, capabilities) {
                self.wrote_end(engine);
                return Ok(None);
            }
        }
        self.write_segments(engine, capabilities, pipelining)
    }

    fn write_segments(
        &mut self,
        engine: &mut Engine,
        capabilities: &Capabilities,
        pipelining: bool,
    ) -> Result<Option<ContentNeed>, Fault> {
        if self.content.is_none() {
            self.open_content();
        }
        let data = self.carriage.method == BodyMethod::Data;
        loop {
            if !data && self.is_hopeless() {
                self.give_up();
                return Ok(None);
            }
            let Some(content) = &mut self.content else {
                // It was refused as it was opened, before anything was announced.
                self.step = Step::Done;
                return Ok(None);
            };
            if !data && !pipelining && self.due > 0 {
                return Ok(Some(ContentNeed::Chunk));
            }
            match content.advance(engine, capabilities, self.chunks_due > 0) {
                Ok(ContentNeed::Done) => {
                    self.wrote_end(engine);
                    return Ok(None);
                }
                Ok(ContentNeed::Chunk) => {
                    self.due += 1;
                    self.chunks_due += 1;
                }
                Ok(need) => return Ok(Some(need)),
                Err(failure) if data => {
                    return Err(engine.end(match failure {
                        ContentFailure::Body(error) => Fault::Body(error),
                        ContentFailure::Content(error) => Fault::Content(error),
                    }));
                }
                // The chunks before it were counted, and RSET takes them back.
                Err(failure) => {
                    self.refuse(match failure {
                        ContentFailure::Body(error) => Refusal::body(error),
                        ContentFailure::Content(error) => Refusal::content(error),
                    });
                    return Ok(None);
                }
            }
        }
    }

    /// Answers a server that waits for a message that nobody would get with an empty one (RFC 2920
    /// §3.1).
    ///
    /// # Errors
    ///
    /// When the server has accepted a recipient: it would get the empty message.
    pub(crate) fn write_nothing(&mut self, engine: &mut Engine) -> Result<(), Fault> {
        if self.accepted > 0 {
            return Err(engine.end(Fault::Abandoned));
        }
        submit_nothing(engine);
        self.due += 1;
        self.step = Step::Done;
        Ok(())
    }

    // What the server says.

    /// Why nobody gets the message, as far as the server has said so.
    #[inline]
    pub(crate) fn is_hopeless(&self) -> bool {
        let nobody = self.accepted == 0 && self.step > Step::Rcpt && self.rcpts_due == 0;
        nobody || self.refusal.is_some()
    }

    #[cold]
    fn why_hopeless(&self) -> Refusal {
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

    /// Whether the message was queued whole and waits for its final reply alone.
    pub(crate) fn awaits_end(&self) -> bool {
        self.end.is_some() && self.due == 1
    }

    /// Whether the transaction begins again: the server let no command follow the message before.
    pub(crate) fn restarts(&self) -> bool {
        self.restarts
    }

    /// Takes the next reply. `answers` says what command it is the answer to, `may_split` that recipients for which there is no room here are
    /// named again in another transaction.
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
        match answers {
            Stage::Rcpt => {
                self.rcpts_due -= 1;
                self.take_rcpt(engine.take(head), may_split);
            }
            Stage::Reset if head.accepted => {
                engine.facts.reset_due = false;
                engine.skip(head);
            }
            Stage::Mail if head.accepted => {
                self.mail = MailReply::Accepted;
                engine.skip(head);
            }
            Stage::Data if head.accepted && !self.is_hopeless() && !self.restarts => {
                engine.skip(head);
                self.step = Step::Content;
            }
            Stage::EndOfData => self.take_end(engine.take(head)),
            Stage::Bdat => {
                self.chunks_due -= 1;
                if let Some(reply) = engine.take_refusal(head) {
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
    fn take_rcpt(&mut self, outcome: Outcome, may_split: bool) {
        let Some(index) = self.recipients.next_pending(self.answered..self.named) else {
            return;
        };
        self.answered = index + 1;
        match outcome {
            Outcome::Accepted(reply) => {
                self.accepted += 1;
                self.recipients.accept(index, reply);
            }
            // It is named again, as if it had not been.
            Outcome::Refused(_) if self.restarts => {}
            Outcome::Refused(reply) => self.refuse_rcpt(index, reply, may_split),
        }
    }

    #[cold]
    fn refuse_rcpt(&mut self, index: usize, reply: Reply, may_split: bool) {
        let refusal = Refusal::by_server(Rcpt::SPEC.verb, reply);
        if self.accepted > 0 && may_split && is_too_many(&refusal) {
            self.recipients.retry(index, refusal);
            self.was_full = true;
            // Those that were not named yet are of the next transaction.
            self.range.end = self.named;
        } else {
            self.recipients.refuse(index, refusal);
        }
    }

    /// The server does not want the message, or nobody would get it. Without a sender there is no
    /// transaction, whatever the server said of its recipients and to DATA.
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
            // What is said of a message that nobody gets is of no interest.
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
    fn chunk_was_refused(&self) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| refusal.command() == Bdat::SPEC.verb)
    }

    #[cold]
    fn end_for_nobody(&mut self) {
        if !self.restarts {
            self.refusal = Some(self.why_hopeless());
        }
    }

    // How it ends.

    /// Ends a transaction that is over, and says whether the server may still have it open: RSET is
    /// due after it was accepted and its message was not, but not after MAIL was refused.
    #[inline]
    pub(crate) fn settle(&mut self) -> bool {
        match &self.refusal {
            None if self.restarts => true,
            None => false,
            Some(_) => self.settle_refused(),
        }
    }

    #[cold]
    fn settle_refused(&mut self) -> bool {
        let Some(refusal) = &self.refusal else {
            return false;
        };
        // Where each recipient was refused, those that this transaction had no room for may still
        // be accepted by another: it was not the message that was refused.
        let only_recipients = self.mail == MailReply::Accepted
            && self.accepted == 0
            && refusal.command() == "RCPT"
            && self.recipients.has_pending();
        if !only_recipients {
            self.recipients.refuse_rest(refusal);
        }
        self.mail == MailReply::Accepted || self.accepted > 0
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
            self.recipients.lose(Some(self.range.start..self.named));
            return Loss::Unknown;
        }
        if let Some(reply) = closing.filter(|_| early) {
            self.take_closing(reply.clone());
        }
        if self.is_hopeless() && (self.refusal.is_some() || self.asked > 0) {
            let refusal = self.why_hopeless();
            if self.refusal.is_some() {
                self.recipients.refuse_rest(&refusal);
            }
            self.recipients.lose(None);
            return Loss::Refused(refusal);
        }
        self.recipients.lose(None);
        if engine.has_left(self.start + 1) { Loss::NotDelivered } else { Loss::NotSent }
    }

    /// Gives the reply that closed the session to what it answers.
    fn take_closing(&mut self, reply: Reply) {
        if self.mail == MailReply::None && self.refusal.is_none() {
            self.refusal = Some(Refusal::by_server(Mail::SPEC.verb, reply));
        } else if self.rcpts_due > 0 {
            self.rcpts_due = 0;
            if let Some(index) = self.recipients.next_pending(self.answered..self.named) {
                self.recipients.refuse(index, Refusal::by_server(Rcpt::SPEC.verb, reply));
            }
        } else if self.step == Step::Opening {
            self.refusal.get_or_insert(Refusal::by_server(self.opening_verb, reply));
        } else if self.chunks_due > 0 {
            self.refusal.get_or_insert(Refusal::by_server(Bdat::SPEC.verb, reply));
        } else if self.step >= Step::Content {
            self.refusal.get_or_insert(Refusal::by_server(Refusal::END_OF_DATA, reply));
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
