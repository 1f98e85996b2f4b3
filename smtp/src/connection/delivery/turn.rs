//! One transaction: what of it was written, and which reply is due next.

use std::borrow::Borrow;
use std::ops::Range;

use smtp_grammar::Reply;

use super::super::envelope::Envelope;
use super::super::transfer::Way;
use super::message::Message;
use super::offers::Offers;
use crate::command::{Bdat, Data, Mail, Rcpt};
use crate::error::{EncodeError, Refusal};
use crate::proto::command::Command as _;
use crate::proto::engine::{Arrived, Engine, Outcome};
use crate::proto::line::Declared;

/// What is written next of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
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
#[derive(Debug)]
pub(super) enum Opening {
    /// Nothing, before the replies that are due.
    Wait,
    /// Nothing, as nobody would get the message.
    Refused(Refusal),
    /// DATA.
    Ask,
    /// The message.
    Send,
}

/// A transaction under way.
#[derive(Debug)]
pub(super) struct Turn<'b, E> {
    pub(super) message: Message<'b, E>,
    /// The recipients of this transaction: those of them that are still to be asked for.
    pub(super) rcpts: Range<usize>,
    pub(super) step: Step,
    pub(super) declared: Declared,
    /// Recipients before this one were written.
    pub(super) written: usize,
    /// Recipients before this one have their answer.
    answered: usize,
    asked: usize,
    accepted: usize,
    /// Why nobody gets the message.
    pub(super) refusal: Option<Refusal>,
    begun: bool,
    sender_refused: bool,
    /// Where the message ends in all that leaves, once it is queued whole.
    pub(super) end: Option<u64>,
    due: Due,
}

/// The replies that are due, in the order in which they come; those to recipients stand between
/// MAIL and DATA.
#[derive(Debug, Default)]
struct Due {
    all: usize,
    reset: bool,
    mail: bool,
    rcpts: usize,
    data: bool,
    chunks: usize,
    end: bool,
}

impl<'b, E: Borrow<Envelope>> Turn<'b, E> {
    #[inline]
    pub(super) fn new(message: Message<'b, E>, reset: bool) -> Self {
        Self {
            message,
            rcpts: 0..0,
            written: 0,
            answered: 0,
            step: if reset { Step::Reset } else { Step::Mail },
            declared: Declared::default(),
            asked: 0,
            accepted: 0,
            refusal: None,
            begun: false,
            sender_refused: false,
            end: None,
            due: Due::default(),
        }
    }

    /// Finds the recipients of the transaction. False when none is left.
    pub(super) fn name_recipients(&mut self, offers: &Offers<'_>) -> bool {
        let Some(rcpts) = self.message.next_recipients(offers) else {
            return false;
        };
        (self.written, self.answered) = (rcpts.start, rcpts.start);
        self.rcpts = rcpts;
        true
    }

    pub(super) fn wrote_reset(&mut self) {
        self.due.reset = true;
        self.due.all += 1;
        self.step = Step::Mail;
    }

    pub(super) fn wrote_mail(&mut self, declared: Declared) {
        self.declared = declared;
        self.begun = true;
        self.due.mail = true;
        self.due.all += 1;
        self.step = Step::Rcpt;
    }

    /// The recipient that is written next.
    pub(super) fn next_rcpt(&self) -> Option<usize> {
        self.message.next_open(self.written..self.rcpts.end)
    }

    /// A recipient was written.
    #[inline]
    pub(super) fn wrote_rcpt(&mut self, place: usize) {
        self.written = place + 1;
        self.asked += 1;
        self.due.rcpts += 1;
        self.due.all += 1;
    }

    /// What follows a recipient, unless a reply is taken in between.
    #[inline]
    pub(super) fn step_behind_rcpt(&self) -> Step {
        if self.written == self.rcpts.end { Step::Open } else { Step::Rcpt }
    }

    /// A recipient cannot be written.
    #[cold]
    pub(super) fn skip_rcpt(&mut self, place: usize, error: EncodeError) {
        self.written = place + 1;
        self.message.refused(place, Refusal::encode(Rcpt::SPEC.verb, error));
    }

    pub(super) fn wrote_data(&mut self) {
        self.due.data = true;
        self.due.all += 1;
        self.step = Step::Opening;
    }

    pub(super) fn wrote_chunk(&mut self) {
        self.due.chunks += 1;
        self.due.all += 1;
    }

    /// The message is queued up to its end.
    pub(super) fn wrote_end(&mut self, end: u64) {
        self.due.end = true;
        self.due.all += 1;
        self.end = Some(end);
        self.step = Step::Done;
    }

    /// Nobody gets the message, and no more of it is written.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.refusal.get_or_insert(refusal);
        self.step = Step::Done;
    }

    /// Whether the message may follow its recipients.
    pub(super) fn opening(&self, pipelining: bool) -> Opening {
        let eager = match self.message.plan.way {
            Way::Data => pipelining && self.message.policy().permits_one_flight(),
            Way::Chunks => false,
            Way::Eager => true,
        };
        if self.awaits() && !(eager && self.asked > 0) {
            return Opening::Wait;
        }
        if !self.awaits() {
            if let Some(refusal) = self.hopeless() {
                return Opening::Refused(refusal);
            }
            if !self.message.is_permitted() {
                return Opening::Refused(Refusal::by_policy());
            }
        }
        if self.message.plan.way == Way::Data { Opening::Ask } else { Opening::Send }
    }

    /// Why nobody gets the message, as far as the server has said so.
    #[inline]
    pub(super) fn hopeless(&self) -> Option<Refusal> {
        self.is_hopeless().then(|| self.why_hopeless())
    }

    #[inline]
    fn is_hopeless(&self) -> bool {
        let refused = self.accepted == 0 && self.step > Step::Rcpt && self.due.rcpts == 0;
        refused || self.refusal.is_some()
    }

    #[cold]
    fn why_hopeless(&self) -> Refusal {
        match &self.refusal {
            Some(refusal) => refusal.clone(),
            None => self.message.nobody(self.rcpts.clone()),
        }
    }

    /// Whether a reply is due.
    pub(super) fn awaits(&self) -> bool {
        self.due.all > 0
    }

    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.step == Step::Done && !self.awaits()
    }

    /// Whether the server may still have the transaction open when nobody got its message. A sender
    /// that was refused, with nothing behind it, has begun none.
    pub(super) fn leaves_open(&self) -> bool {
        self.begun && !(self.sender_refused && self.asked == 0)
    }

    /// Whether recipients that this transaction had no room for may fare better in another: it was
    /// not the message that was refused.
    pub(super) fn may_go_on(&self) -> bool {
        self.refusal.is_none() || (self.accepted == 0 && self.begun && !self.sender_refused)
    }

    /// Whether the message has left whole, for somebody, and was not answered.
    pub(super) fn is_unanswered(&self, has_left: impl Fn(u64) -> bool) -> bool {
        self.due.end && !self.is_hopeless() && self.end.is_some_and(has_left)
    }

    /// Takes the next reply, and returns one that refuses RSET: the server does not even let a
    /// transaction be ended. `open` says whether one may still be.
    #[expect(clippy::inline_always, reason = "a call would cost as much as what it does")]
    #[inline(always)]
    pub(super) fn take(
        &mut self,
        arrived: &Arrived,
        engine: &mut Engine,
        open: &mut bool,
    ) -> Option<Reply> {
        self.due.all -= 1;
        if self.due.reset {
            self.due.reset = false;
            if !arrived.accepted {
                return engine.take_refusal(arrived);
            }
            *open = false;
            engine.skip(arrived);
        } else if self.due.mail {
            self.due.mail = false;
            if arrived.accepted {
                engine.skip(arrived);
            } else {
                self.refuse_sender(engine.take_refusal(arrived));
            }
        } else if self.due.rcpts > 0 {
            self.due.rcpts -= 1;
            self.take_rcpt(engine.take(arrived));
        } else if self.due.data {
            self.due.data = false;
            if arrived.accepted && !self.is_hopeless() {
                engine.skip(arrived);
                self.step = Step::Content;
            } else {
                self.take_no_data(engine.take_refusal(arrived));
            }
        } else if self.due.chunks > 0 {
            self.due.chunks -= 1;
            if let Some(reply) = engine.take_refusal(arrived) {
                let refusal = Refusal::by_server(Bdat::SPEC.verb, reply);
                self.refusal.get_or_insert(refusal);
            }
        } else if self.due.end {
            self.due.end = false;
            self.take_end(engine.take(arrived));
        }
        None
    }

    #[cold]
    fn refuse_sender(&mut self, refused: Option<Reply>) {
        self.refusal = refused.map(|reply| Refusal::by_server(Mail::SPEC.verb, reply));
        self.sender_refused = true;
    }

    #[inline]
    fn take_rcpt(&mut self, outcome: Outcome) {
        let Some(place) = self.message.next_open(self.answered..self.written) else {
            return;
        };
        self.answered = place + 1;
        match outcome {
            Outcome::Accepted(reply) => {
                self.accepted += 1;
                self.message.accepted(place, reply);
            }
            Outcome::Refused(reply) => self.refused_rcpt(place, reply),
        }
    }

    #[cold]
    fn refused_rcpt(&mut self, place: usize, reply: Reply) {
        let refusal = Refusal::by_server(Rcpt::SPEC.verb, reply);
        if self.accepted == 0 || !is_too_many(&refusal) {
            self.message.refused(place, refusal);
        } else if self.message.too_many(place, refusal) {
            // Those that were not written yet are of the next transaction.
            self.rcpts.end = self.written;
        }
    }

    /// The server does not want the message, or nobody would get it. Without a sender there is no
    /// transaction, whatever the server said of its recipients and to DATA.
    #[cold]
    fn take_no_data(&mut self, refused: Option<Reply>) {
        match refused {
            None => {
                self.refusal = Some(self.why_hopeless());
                self.step = Step::Nothing;
            }
            Some(_) if self.is_hopeless() => self.refuse(self.why_hopeless()),
            Some(reply) => self.refuse(Refusal::by_server(Data::SPEC.verb, reply)),
        }
    }

    /// What is said of a message that nobody gets is of no interest.
    #[inline]
    fn take_end(&mut self, outcome: Outcome) {
        match outcome {
            _ if self.is_hopeless() => self.refusal = Some(self.why_hopeless()),
            Outcome::Accepted(reply) => self.message.ended(self.rcpts.clone(), Ok(reply)),
            Outcome::Refused(reply) => {
                self.refusal = Some(Refusal::by_server(Refusal::END_OF_DATA, reply));
            }
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
