//! Messages from a source on their way: what is written next, and which transaction the next reply
//! is for.
//!
//! All ways of sending are one: transactions stand in a queue, the last of them is being written,
//! the first gets the replies. What differs is how far writing may run ahead.

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::task::{Context, Poll};

use super::content::ContentNeed;
use super::plan::{DeliveryCapabilities, MailParams, SendPlan};
use super::recipients::RecipientList;
use super::transaction::{Carriage, Loss, Opening, Step, Transaction};
use super::{Exchange, MAX_QUEUED_BYTES, Need};
use crate::command::{Data, Mail, Rcpt};
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::message::body::Body;
use crate::message::envelope::Envelope;
use crate::message::error::{DeliverError, DeliveryLost, DeliveryUnknown, Undelivered, Unsent};
use crate::message::receipt::Receipt;
use crate::message::transfer::BodyMethod;
use crate::proto::command::{CodePattern, Command as _};
use crate::proto::engine::{Engine, Expected};
use crate::proto::fault::{Fault, ProtocolError};
use crate::proto::stage::Stage;

/// What became of a message.
pub(crate) type Delivered = Result<Receipt, DeliverError>;

/// Where messages come from, and where is told what became of each.
pub(crate) trait Messages<'b> {
    type Envelope: Borrow<Envelope>;
    /// What tells a message from others.
    type Ticket;

    /// The next message; none when there are no more.
    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<(Self::Ticket, Self::Envelope, Body<'b>)>>;

    /// The next message of a source that has it at once; `poll_next` is asked where it has not.
    #[inline]
    fn next_at_once(&mut self) -> Poll<Option<(Self::Ticket, Self::Envelope, Body<'b>)>> {
        Poll::Pending
    }

    /// Whether it is known that there are no more messages.
    fn is_empty(&self) -> bool {
        false
    }

    /// Says what became of a message.
    fn report(&mut self, ticket: Self::Ticket, result: Delivered);

    /// Says that nothing of a message was sent, and hands it back where nothing was taken from its
    /// body.
    fn hand_back(
        &mut self,
        ticket: Self::Ticket,
        unsent: Unsent,
        _: Option<(Self::Envelope, Body<'b>)>,
    ) {
        self.report(ticket, Err(DeliverError::NotSent(unsent)));
    }
}

/// Why a delivery has ended although the connection is intact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stopped {
    /// There are no more messages.
    Exhausted,
    /// The server takes no more messages over this connection (RFC 9422 MAILMAX). Those that are
    /// left were not taken from the source.
    ServerLimit,
}

/// A message, and its transaction.
struct Flight<'b, E, T> {
    ticket: T,
    envelope: E,
    params: MailParams,
    /// How many bytes it has; 0 where that is not known.
    bytes: u64,
    transaction: Transaction<'b>,
}

/// Messages on their way over a session.
pub(crate) struct Delivery<'b, M: Messages<'b>> {
    messages: M,
    offers: DeliveryCapabilities,
    /// The transactions under way, the oldest first.
    in_flight: VecDeque<Flight<'b, M::Envelope, M::Ticket>>,
    /// Messages that need another transaction.
    again: VecDeque<Flight<'b, M::Envelope, M::Ticket>>,
    /// A message that the source has given and that has not begun.
    next: Option<(M::Ticket, M::Envelope, Body<'b>)>,
    /// The source has no more messages.
    exhausted: bool,
    fence: Fence,
    /// It left before the message before it was answered.
    fence_overtakes: bool,
    /// A message has left in chunks.
    counted: bool,
}

/// Whether the replies are known to be those to the commands that they were taken to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fence {
    /// They are.
    None,
    /// A message has left before the replies to its commands were read.
    Due,
    /// The command that shows it has left.
    Sent,
}

/// The reply to HELP. A server that does not know the command refuses it with one of three codes.
/// None of them is the answer to MAIL, RCPT or BDAT of a server that takes messages in chunks.
const FENCE: Expected = Expected {
    stage: Stage::Other,
    accepts: &[
        CodePattern::Exactly(214),
        CodePattern::Exactly(211),
        CodePattern::Exactly(500),
        CodePattern::Exactly(502),
        CodePattern::Exactly(504),
    ],
    reply_lines: Some(1024),
};

impl<'b, M: Messages<'b>> Delivery<'b, M> {
    pub(crate) fn new(offers: DeliveryCapabilities, messages: M) -> Self {
        Self {
            messages,
            offers,
            in_flight: VecDeque::new(),
            again: VecDeque::new(),
            next: None,
            exhausted: false,
            fence: Fence::None,
            fence_overtakes: false,
            counted: false,
        }
    }

    /// Where messages came from.
    pub(crate) fn messages(&mut self) -> &mut M {
        &mut self.messages
    }

    /// Whether a reply that was taken as the answer to a message may have been that of another
    /// command. It cannot after 354, which no other command has.
    pub(crate) fn may_be_shifted(&self) -> bool {
        self.counted
    }

    /// Gives the replies that are here to the transactions that they are for.
    fn take_replies(&mut self, engine: &mut Engine) -> Result<(), Fault> {
        while let Some(flight) = self.in_flight.front_mut() {
            let may_split = |flight: &Flight<'b, M::Envelope, M::Ticket>| may_split(flight);
            while !flight.transaction.is_over() {
                if engine.is_waiting() {
                    return Ok(());
                }
                let head = match engine.next_plain() {
                    Some(head) => head,
                    None => match engine.next_reply()? {
                        Some(head) => head,
                        None => return Ok(()),
                    },
                };
                let split = !head.accepted && may_split(flight);
                flight.transaction.take(&head, head.stage, engine, split)?;
            }
            self.settle_first(engine);
        }
        self.take_fence(engine)
    }

    /// Takes what comes when no transaction waits for a reply.
    fn take_fence(&mut self, engine: &mut Engine) -> Result<(), Fault> {
        let Some(head) = engine.next_reply()? else {
            return Ok(());
        };
        if let Some(reply) = engine.take_refusal(&head) {
            // A server that refuses what follows a message in its flight has refused this too: it is
            // asked alone.
            if self.fence_overtakes && reply.code().value() == 503 {
                engine.facts.overtakes = false;
                self.fence = Fence::Due;
                return Ok(());
            }
            // A reply that was said twice has shifted all that followed it.
            return Err(engine.end(ProtocolError::OutOfStep(reply).into()));
        }
        engine.check_idle()?;
        self.fence = Fence::None;
        Ok(())
    }

    /// Ends the first transaction, which is over.
    #[inline]
    fn settle_first(&mut self, engine: &mut Engine) {
        let Some(flight) = self.in_flight.front_mut() else {
            return;
        };
        let transaction = &mut flight.transaction;
        engine.facts.reset_due |= transaction.settle();
        if transaction.refusal().is_none() && transaction.method() != BodyMethod::Data {
            engine.facts.bdat_verified |= !transaction.restarts();
        }
        if transaction.recipients.has_pending() {
            self.split_first(engine);
            return;
        }
        let result = finish(transaction);
        if let Some(Flight { ticket, .. }) = self.in_flight.pop_front() {
            self.messages.report(ticket, result);
        }
    }

    /// The first message has recipients that are to be named in another transaction.
    #[cold]
    fn split_first(&mut self, engine: &Engine) {
        let Some(mut flight) = self.in_flight.pop_front() else {
            return;
        };
        flight.transaction.renew();
        let most = engine.limits().transactions;
        if flight.transaction.transactions() >= most {
            let refusal = Refusal::too_many_transactions(most);
            flight.transaction.recipients.refuse_rest(&refusal);
            self.messages.report(flight.ticket, finish(&mut flight.transaction));
        } else {
            self.again.push_back(flight);
        }
    }

    /// Writes as far ahead as the method of each message, and the server, allow.
    fn write(&mut self, engine: &mut Engine) -> Result<Need<Stopped>, Fault> {
        loop {
            let writing = self.in_flight.back_mut();
            let Some(flight) = writing.filter(|flight| flight.transaction.step() != Step::Done)
            else {
                match self.begin(engine) {
                    Some(need) => return Ok(need),
                    None => continue,
                }
            };
            match write_commands(flight, engine, &self.offers) {
                Next::Reply => return Ok(Need::Reply),
                Next::Room => return Ok(Need::Room),
                Next::Source => return Ok(Need::Source),
                Next::Content => {
                    let DeliveryCapabilities { capabilities, pipelining, .. } = &self.offers;
                    let content =
                        flight.transaction.write_content(engine, capabilities, *pipelining)?;
                    match content {
                        None => {}
                        Some(ContentNeed::Room) => return Ok(Need::Room),
                        Some(ContentNeed::Source) => return Ok(Need::Source),
                        Some(ContentNeed::Chunk | ContentNeed::Done) => return Ok(Need::Reply),
                    }
                }
                Next::Nothing => flight.transaction.write_nothing(engine)?,
                Next::Done => {}
            }
            self.settle(engine);
        }
    }

    /// Ends the transactions that are over without a reply.
    #[inline]
    fn settle(&mut self, engine: &mut Engine) {
        while self.in_flight.front().is_some_and(|flight| flight.transaction.is_over()) {
            self.settle_first(engine);
        }
    }

    /// Begins the next transaction; what must happen first, where it cannot begin.
    fn begin(&mut self, engine: &mut Engine) -> Option<Need<Stopped>> {
        let at_limit =
            self.offers.limits.mail.is_some_and(|most| engine.transactions() >= u64::from(most));
        if at_limit {
            return self.stop(engine);
        }
        if !self.may_begin(engine) {
            let last = self.again.is_empty() && self.next.is_none() && self.messages.is_empty();
            return if last { self.end(engine, Stopped::Exhausted) } else { Some(Need::Reply) };
        }
        // A transaction is large: it is made where it stays.
        if !self.again.is_empty() {
            self.in_flight.extend(self.again.pop_front());
        } else {
            let (ticket, envelope, body) = match self.next.take() {
                Some(message) => message,
                None if self.exhausted => return self.end(engine, Stopped::Exhausted),
                None => match self.messages.next_at_once() {
                    Poll::Ready(Some(message)) => message,
                    Poll::Ready(None) => {
                        self.exhausted = true;
                        return self.end(engine, Stopped::Exhausted);
                    }
                    Poll::Pending => return Some(Need::Source),
                },
            };
            match self.offers.plan(envelope.borrow(), &body) {
                Ok(plan) => {
                    let carriage = Carriage {
                        method: plan.method,
                        summary: plan.summary,
                        chunk_size: self.offers.transfer.chunk,
                    };
                    let recipients = RecipientList::of(envelope.borrow().rcpts());
                    let transaction = Transaction::new(recipients, body, carriage);
                    let SendPlan { params, bytes, .. } = plan;
                    let flight = Flight { ticket, envelope, params, bytes, transaction };
                    self.in_flight.push_back(flight);
                }
                Err(refusal) => {
                    self.refuse_at_once(ticket, envelope.borrow(), refusal);
                    return None;
                }
            }
        }
        self.start(engine);
        None
    }

    /// Begins the transaction that was put into the queue.
    #[inline]
    fn start(&mut self, engine: &Engine) {
        let overtakes = self.in_flight.len() > 1;
        let Some(flight) = self.in_flight.back_mut() else {
            return;
        };
        let transaction = &mut flight.transaction;
        let most = transaction.most_recipients();
        let limits = &self.offers.limits;
        let all = most == usize::MAX && limits.rcpt.is_none() && limits.rcpt_domain.is_none();
        let range = if all && transaction.transactions() == 0 {
            0..transaction.recipients.len()
        } else {
            let splits = transaction.is_repeatable()
                && flight.envelope.borrow().send_policy().permits_one_flight();
            let (limits, most) =
                if splits { (*limits, most) } else { (Default::default(), usize::MAX) };
            let rcpts = flight.envelope.borrow().rcpts();
            transaction.recipients.next_range(rcpts, &limits, most).unwrap_or_default()
        };
        // RSET is due in every flight that overtakes a final reply: a server that refuses the
        // message before may keep its transaction, and these recipients would join it.
        let reset = engine.facts.reset_due || overtakes;
        transaction.begin(range, reset, overtakes, engine.queued());
        self.counted |= transaction.method() != BodyMethod::Data;
        if transaction.method() == BodyMethod::EagerBdat {
            self.fence = Fence::Due;
        }
    }

    /// Whether another transaction may begin after those under way.
    fn may_begin(&self, engine: &Engine) -> bool {
        if self.fence == Fence::Sent {
            return false;
        }
        let Some(last) = self.in_flight.back() else {
            return true;
        };
        if !self.offers.pipelining || !engine.facts.overtakes || !self.offers.transfer.overtakes {
            return false;
        }
        if last.transaction.method() != BodyMethod::EagerBdat {
            // It is written whole, so its commands were answered: only its end is due.
            return true;
        }
        let transfer = &self.offers.transfer;
        let bytes: u64 = self.in_flight.iter().map(|flight| flight.bytes).sum();
        engine.facts.bdat_verified
            && self.in_flight.len() < transfer.messages
            && bytes < transfer.octets
    }

    /// Reports a message that cannot be sent, whatever the server says.
    #[cold]
    fn refuse_at_once(&mut self, ticket: M::Ticket, envelope: &Envelope, refusal: Refusal) {
        let mut recipients = RecipientList::of(envelope.rcpts());
        recipients.refuse_rest(&refusal);
        let undelivered = Undelivered::new(refusal, recipients.into_vec());
        self.messages.report(ticket, Err(DeliverError::Refused(undelivered)));
    }

    /// The server takes no more transactions.
    #[cold]
    fn stop(&mut self, engine: &mut Engine) -> Option<Need<Stopped>> {
        if self.again.is_empty()
            && self.next.is_none()
            && (self.exhausted || self.messages.is_empty())
        {
            return self.end(engine, Stopped::Exhausted);
        }
        let most = engine.transactions();
        for Flight { ticket, envelope, mut transaction, .. } in std::mem::take(&mut self.again) {
            transaction.recipients.stop(&Refusal::exhausted(most));
            if transaction.transactions() > 0 {
                self.messages.report(ticket, finish(&mut transaction));
                continue;
            }
            // It was to begin again: nothing was said of it.
            let recipients = transaction.recipients.take();
            let unsent = Unsent::new(Err(Refusal::exhausted(most)), recipients);
            let message = transaction.take_body().map(|body| (envelope, body));
            self.messages.hand_back(ticket, unsent, message);
        }
        if let Some((ticket, envelope, body)) = self.next.take() {
            let recipients = RecipientList::of(envelope.borrow().rcpts()).into_vec();
            let unsent = Unsent::new(Err(Refusal::exhausted(most)), recipients);
            self.messages.hand_back(ticket, unsent, Some((envelope, body)));
        }
        self.end(engine, Stopped::ServerLimit)
    }

    /// Ends the delivery once everything is answered.
    fn end(&mut self, engine: &mut Engine, stopped: Stopped) -> Option<Need<Stopped>> {
        // A server that refuses what follows a message in its flight would refuse this one too.
        let follows = engine.facts.overtakes && self.offers.transfer.overtakes;
        if self.fence == Fence::Due && (follows || self.in_flight.is_empty()) {
            self.fence = Fence::Sent;
            self.fence_overtakes = !self.in_flight.is_empty();
            engine.submit_fence(FENCE);
        }
        let over = self.in_flight.is_empty() && self.fence == Fence::None;
        Some(if over { Need::Done(stopped) } else { Need::Reply })
    }

    /// Reports a message that was under way when the connection was lost.
    fn lose(
        &mut self,
        flight: Flight<'b, M::Envelope, M::Ticket>,
        engine: &Engine,
        lost: &Lost,
        oldest: bool,
    ) {
        let Flight { ticket, envelope, mut transaction, .. } = flight;
        let loss = transaction.lose(lost.fault(), engine, oldest);
        let delivered = transaction.recipients.take_delivered();
        let recipients = transaction.recipients.take();
        let lost = lost.clone();
        let error = match (loss, delivered) {
            (Loss::Unknown, _) => DeliverError::Unknown(DeliveryUnknown::new(lost, recipients)),
            // Some have it: the others are not sent, or refused, and the receipt says so.
            (_, Some(reply)) => {
                let receipt = Receipt::new(recipients, reply);
                return self.messages.report(ticket, Ok(receipt));
            }
            (Loss::Refused(refusal), None) => {
                DeliverError::Lost(DeliveryLost::new(lost.after(refusal), recipients))
            }
            (Loss::NotDelivered, None) => DeliverError::Lost(DeliveryLost::new(lost, recipients)),
            (Loss::NotSent, None) => {
                let unsent = Unsent::new(Ok(lost), recipients);
                let message = transaction.take_body().map(|body| (envelope, body));
                return self.messages.hand_back(ticket, unsent, message);
            }
        };
        self.messages.report(ticket, Err(error));
    }
}

/// What became of a message for which no transaction is left.
#[inline]
fn finish(transaction: &mut Transaction<'_>) -> Delivered {
    match transaction.recipients.take_delivered() {
        Some(reply) => Ok(Receipt::new(transaction.recipients.take(), reply)),
        None => Err(undelivered(transaction)),
    }
}

#[cold]
fn undelivered(transaction: &mut Transaction<'_>) -> DeliverError {
    let refusal = match transaction.refusal() {
        Some(refusal) => refusal.clone(),
        None => transaction.recipients.refusal(),
    };
    DeliverError::Refused(Undelivered::new(refusal, transaction.recipients.take()))
}

/// Whether recipients that do not fit into one transaction get another. A policy that looks at all
/// of them must see all of them at once.
#[cold]
fn may_split<E: Borrow<Envelope>, T>(flight: &Flight<'_, E, T>) -> bool {
    flight.envelope.borrow().send_policy().permits_one_flight()
        && flight.transaction.is_repeatable()
}

/// What comes after the commands of a transaction that may be written now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// A reply decides.
    Reply,
    /// Bytes must leave.
    Room,
    /// The source of the body must give something.
    Source,
    /// The message.
    Content,
    /// An empty message for nobody.
    Nothing,
    /// Nothing is left to be written.
    Done,
}

/// Writes the commands of a transaction as far as they may be written now.
fn write_commands<E: Borrow<Envelope>, T>(
    flight: &mut Flight<'_, E, T>,
    engine: &mut Engine,
    offers: &DeliveryCapabilities,
) -> Next {
    let transaction = &mut flight.transaction;
    let envelope = flight.envelope.borrow();
    let capabilities = &offers.capabilities;
    if transaction.step() == Step::Rcpt && engine.output().remaining() > MAX_QUEUED_BYTES {
        return Next::Room;
    }
    loop {
        if !offers.pipelining && transaction.awaits() {
            return Next::Reply;
        }
        match transaction.step() {
            Step::Reset => {
                engine.submit_reset();
                transaction.wrote_reset(engine);
            }
            Step::Mail => {
                let mail = flight.params.of(envelope.mail());
                match engine.submit(&mail, capabilities, false) {
                    Ok(declared) => transaction.wrote_mail(declared),
                    Err(error) => transaction.refuse(Refusal::encode(Mail::SPEC.verb, error)),
                }
            }
            Step::Rcpt if transaction.refusal().is_some() => transaction.set_step(Step::Done),
            Step::Rcpt => match transaction.next_recipient() {
                Some(index) => {
                    let utf8 = transaction.declared().utf8;
                    match engine.submit(&envelope.rcpts()[index], capabilities, utf8) {
                        Ok(_) => transaction.wrote_rcpt(index),
                        Err(error) => {
                            let refusal = Refusal::encode(Rcpt::SPEC.verb, error);
                            transaction.skip_rcpt(index, refusal);
                        }
                    }
                    // What is refused while there is no room decides what follows the last one.
                    if engine.output().remaining() > MAX_QUEUED_BYTES {
                        return Next::Room;
                    }
                    transaction.step_after_rcpt();
                }
                None => transaction.set_step(Step::Open),
            },
            Step::Open => match transaction.opening(offers.pipelining, envelope.send_policy()) {
                Opening::Wait => return Next::Reply,
                Opening::Source => return Next::Source,
                Opening::Refused => transaction.give_up(),
                Opening::Ask => {
                    engine.submit_verb::<Data>();
                    transaction.wrote_opening();
                    return Next::Reply;
                }
                Opening::Send => transaction.set_step(Step::Content),
            },
            Step::Opening => return Next::Reply,
            Step::Content => return Next::Content,
            Step::Nothing => return Next::Nothing,
            Step::Done => return Next::Done,
        }
    }
}

impl<'b, M: Messages<'b>> Exchange for Delivery<'b, M> {
    type Output = Result<Stopped, Lost>;

    fn advance(&mut self, engine: &mut Engine) -> Result<Need<Self::Output>, Fault> {
        self.take_replies(engine)?;
        Ok(match self.write(engine)? {
            Need::Done(stopped) => Need::Done(Ok(stopped)),
            Need::Reply => Need::Reply,
            Need::Room => Need::Room,
            Need::Source => Need::Source,
        })
    }

    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(flight) = self.in_flight.back_mut()
            && flight.transaction.step() != Step::Done
        {
            return flight.transaction.poll_body(cx);
        }
        if self.next.is_some() || self.exhausted {
            return Poll::Ready(());
        }
        self.messages.poll_next(cx).map(|message| {
            self.exhausted = message.is_none();
            self.next = message;
        })
    }

    fn lost(&mut self, engine: &Engine, lost: Lost) -> Self::Output {
        let mut oldest = true;
        for flight in std::mem::take(&mut self.in_flight) {
            self.lose(flight, engine, &lost, oldest);
            oldest = false;
        }
        for flight in std::mem::take(&mut self.again) {
            // Nothing of its next transaction has left.
            self.lose(flight, engine, &lost, false);
        }
        if let Some((ticket, envelope, body)) = self.next.take() {
            let recipients = RecipientList::of(envelope.borrow().rcpts()).into_vec();
            let unsent = Unsent::new(Ok(lost.clone()), recipients);
            self.messages.hand_back(ticket, unsent, Some((envelope, body)));
        }
        Err(lost)
    }
}
