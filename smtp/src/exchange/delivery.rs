//! A queue of transactions, one for each message of a source: the last one is being written, the
//! first one gets the replies.
//!
//! All ways of sending are this one. They differ only in how far writing may run ahead of the
//! replies: one command, one flight, or several messages.

mod ahead;
mod begin;
mod counted;
mod end;
mod flight;
mod one;
mod unconfirmed;

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::task::{Context, Poll};

use counted::{Unconfirmed, is_counted};
use flight::{Ahead, Flight, Next};
pub(crate) use one::OneMessage;

use super::content::ContentNeed;
use super::plan::DeliveryCapabilities;
use super::recipients::RecipientList;
use super::transaction::Step;
use super::{Exchange, Need};
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::message::body::Body;
use crate::message::envelope::Envelope;
use crate::message::error::{DeliverError, Unsent};
use crate::message::receipt::Receipt;
use crate::message::transfer::BodyMethod;
use crate::proto::command::CodePattern;
use crate::proto::engine::{Engine, Expected};
use crate::proto::fault::{Fault, ProtocolError};
use crate::proto::stage::Stage;

/// The result of a message.
pub(crate) type Delivered = Result<Receipt, DeliverError>;

/// A source of messages, which is told the result of each.
pub(crate) trait Messages<'b> {
    type Envelope: Borrow<Envelope>;
    /// The mark by which the source knows a message.
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

    /// Ready when the caller of a message is gone whose body has not begun; the task that polls is
    /// woken when that happens.
    fn poll_abandoned(&mut self, _: &Self::Ticket, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }

    /// Takes the result of a message.
    fn report(&mut self, ticket: Self::Ticket, result: Delivered);

    /// Takes the error of a message that no server has, and the message itself where its body can
    /// still be sent. Its caller has kept the message, unless it gave it away.
    fn fail(
        &mut self,
        ticket: Self::Ticket,
        error: DeliverError,
        _message: Option<(Self::Envelope, Body<'b>)>,
    ) {
        self.report(ticket, Err(error));
    }

    /// Takes the result of a message of which nothing was sent, and the message itself where
    /// nothing was taken from its body. A body that borrows stays with its owner.
    fn hand_back(
        &mut self,
        ticket: Self::Ticket,
        unsent: Unsent,
        message: Option<(Self::Envelope, Body<'b>)>,
    ) {
        self.report(ticket, Err(handed_back(unsent, message)));
    }
}

/// A message of which nothing was sent. It goes back to its caller with the error, unless its body
/// borrows.
pub(crate) fn handed_back<E: Borrow<Envelope>>(
    unsent: Unsent,
    message: Option<(E, Body<'_>)>,
) -> DeliverError {
    let message = message.and_then(|(envelope, body)| {
        body.into_owned().map(|body| (Envelope::clone(envelope.borrow()), body))
    });
    DeliverError::NotSent(unsent).with_message(message)
}

/// Why a delivery has ended although the connection is intact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stopped {
    /// There are no more messages.
    Exhausted,
    /// The server takes no more messages over this connection (MAILMAX of RFC 9422). The messages
    /// that are left were not taken from the source.
    ServerLimit,
}

/// Messages on their way over a session.
// The types of envelope and ticket are parameters of their own: so the compiler sees that a
// delivery is `Send` for every lifetime of the messages.
pub(crate) struct Delivery<'b, M, E, T> {
    messages: M,
    offers: DeliveryCapabilities,
    /// The transactions under way, the oldest first.
    in_flight: VecDeque<Flight<'b, E, T>>,
    /// Messages that need another transaction.
    again: VecDeque<Flight<'b, E, T>>,
    /// A message that was answered for each recipient, and with it commands that were not.
    unconfirmed: Option<Box<Unconfirmed<T>>>,
    /// A message that the source has given and that has not begun.
    next: Option<(T, E, Body<'b>)>,
    /// The source has no more messages.
    exhausted: bool,
    fence: Fence,
    /// The fence left before the last message was answered.
    fence_overtakes: bool,
    /// A message has left in chunks.
    counted: bool,
    ahead: Ahead,
    /// The server did not take the first commands of a message in the flight of AUTH or EHLO, or
    /// may not have.
    unsuited: bool,
}

/// A check that replies were matched to the right commands: a command whose replies can be taken
/// for those of no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fence {
    /// Nothing is left to be checked.
    None,
    /// A message has left before the replies to its commands were read.
    Due,
    /// The command that checks it has left.
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

impl<'b, M, E, T> Delivery<'b, M, E, T>
where
    M: Messages<'b, Envelope = E, Ticket = T>,
    E: Borrow<Envelope>,
{
    pub(crate) fn new(offers: DeliveryCapabilities, messages: M) -> Self {
        Self {
            messages,
            offers,
            // Most have no more than one at a time, and a transaction is large.
            in_flight: VecDeque::with_capacity(1),
            again: VecDeque::new(),
            unconfirmed: None,
            next: None,
            exhausted: false,
            fence: Fence::None,
            fence_overtakes: false,
            counted: false,
            ahead: Ahead::No,
            unsuited: false,
        }
    }

    /// The source of the messages.
    pub(crate) fn messages(&mut self) -> &mut M {
        &mut self.messages
    }

    /// Whether a reply that was taken as the answer to a message may have been that of another
    /// command, when the connection is lost with this fault. After DATA it cannot: no other command
    /// is answered with 354.
    pub(crate) fn is_in_doubt(&self, lost: &Lost) -> bool {
        self.counted && matches!(lost.fault(), Fault::Protocol(_))
    }

    /// Whether replies were certainly those of other commands: then a refusal says nothing either.
    /// With any other fault a refusal is still the server's answer.
    pub(crate) fn is_out_of_step(&self, lost: &Lost) -> bool {
        let shift =
            |error: &_| matches!(error, ProtocolError::OutOfStep(_) | ProtocolError::Surplus);
        self.counted && lost.protocol().is_some_and(shift)
    }

    /// Gives the replies that are here to the transactions that they are for.
    fn take_replies(&mut self, engine: &mut Engine) -> Result<(), Fault> {
        while let Some(flight) = self.in_flight.front_mut() {
            while !flight.transaction.is_over() {
                if engine.is_waiting() {
                    return Ok(());
                }
                // 250 in one line is nearly every reply: it is read without the full parser first.
                let head = match engine.next_plain() {
                    Some(head) => head,
                    None => match engine.next_reply()? {
                        Some(head) => head,
                        None => return Ok(()),
                    },
                };
                // Asked only of a refusal, so that an accepted recipient costs nothing more.
                let split = !head.accepted && flight.may_split();
                flight.transaction.take(&head, head.stage, engine, split)?;
            }
            self.settle_first(engine);
        }
        self.take_fence(engine)
    }

    /// Takes the reply to the fence, when no transaction waits for a reply.
    fn take_fence(&mut self, engine: &mut Engine) -> Result<(), Fault> {
        let Some(head) = engine.next_reply()? else {
            return Ok(());
        };
        if let Some(reply) = engine.take_refusal(&head) {
            // A server that refuses every command in the flight of a message has refused HELP for
            // that reason, which shows nothing: HELP is sent again, alone.
            if self.fence_overtakes && reply.code().value() == 503 {
                engine.facts.overtakes = false;
                self.fence = Fence::Due;
                return Ok(());
            }
            // Another reply than one to HELP: an earlier one was sent twice, and all replies after
            // it were given to the wrong commands. None of them can be trusted.
            return Err(engine.end(ProtocolError::OutOfStep(reply).into()));
        }
        // A surplus reply would be taken for that of the next call: not even a part of one may be
        // here.
        engine.check_idle()?;
        self.fence = Fence::None;
        Ok(())
    }

    /// Ends the first transaction, which is over.
    #[inline]
    fn settle_first(&mut self, engine: &mut Engine) {
        if self.unconfirmed.is_some() {
            self.confirm();
        }
        let followed = self.in_flight.len() > 1;
        let Some(flight) = self.in_flight.front_mut() else {
            return;
        };
        let transaction = &mut flight.transaction;
        transaction.settle(engine);
        let counted = followed && is_counted(transaction);
        // Some servers, and proxies before servers, offer CHUNKING and do not read chunks. The
        // eager window opens only after this one has taken a message in chunks.
        if transaction.refusal().is_none() && transaction.method() != BodyMethod::Data {
            engine.facts.bdat_verified |= !transaction.restarts();
        }
        // A transaction that begins again names its recipients again: the server knows none of
        // them.
        if transaction.recipients.has_pending() || transaction.restarts() {
            self.unsuited |= self.ahead == Ahead::Released && transaction.restarts();
            self.split_first(engine, counted);
            return;
        }
        let result = flight.finish(engine);
        if counted || result.is_err() {
            return self.settle_rarely(result, counted);
        }
        if let Some(Flight { ticket, .. }) = self.in_flight.pop_front() {
            self.messages.report(ticket, result);
        }
    }

    /// Ends the first transaction, whose message no server has, or whose result must wait.
    #[cold]
    fn settle_rarely(&mut self, result: Delivered, counted: bool) {
        match self.in_flight.pop_front() {
            Some(Flight { ticket, .. }) if counted => self.wait_for_next(Some((ticket, result))),
            Some(flight) => self.report(flight, result),
            None => {}
        }
    }

    /// The first message has recipients that are to be named in another transaction.
    #[cold]
    fn split_first(&mut self, engine: &Engine, counted: bool) {
        let Some(mut flight) = self.in_flight.pop_front() else {
            return;
        };
        flight.transaction.renew();
        // A server that accepts one recipient at a time must not make one message last for ever.
        let most = engine.limits().transactions;
        if flight.transaction.transactions() >= most {
            let refusal = Refusal::too_many_transactions(most);
            flight.transaction.recipients.refuse_rest(&refusal);
            let result = flight.finish(engine);
            if counted {
                self.wait_for_next(Some((flight.ticket, result)));
            } else {
                self.report(flight, result);
            }
        } else {
            self.again.push_back(flight);
            if counted {
                self.wait_for_next(None);
            }
        }
    }

    /// Reports a message for which no transaction is left.
    #[cold]
    fn report(&mut self, flight: Flight<'b, E, T>, result: Delivered) {
        match result {
            Ok(_) => self.messages.report(flight.ticket, result),
            Err(error) => self.fail(flight, error),
        }
    }

    /// Reports a message that no server has.
    #[cold]
    fn fail(&mut self, flight: Flight<'b, E, T>, error: DeliverError) {
        let Flight { ticket, envelope, mut transaction, .. } = flight;
        let message = transaction.take_body().map(|body| (envelope, body));
        self.messages.fail(ticket, error, message);
    }

    /// Writes as far ahead as the method of each message, and the server, allow.
    pub(super) fn write(&mut self, engine: &mut Engine) -> Result<Need<Stopped>, Fault> {
        loop {
            // A transaction is written to its end before the next one begins: commands of two
            // messages in turns would put recipients into the wrong transaction (RFC 5321 §4.1.4).
            let writing = self.in_flight.back_mut();
            let Some(flight) = writing.filter(|flight| flight.transaction.step() != Step::Done)
            else {
                match self.begin(engine) {
                    Some(need) => return Ok(need),
                    None => continue,
                }
            };
            let next = match flight.transaction.step() {
                // 354 must be read before content leaves (RFC 5321 §4.1.1.4).
                Step::Opening => Next::Reply,
                Step::Content => Next::Content,
                _ => flight.write_commands(engine, &self.offers),
            };
            match next {
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
                        Some(ContentNeed::Chunk | ContentNeed::Replies | ContentNeed::Done) => {
                            return Ok(Need::Reply);
                        }
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
}

impl<'b, M, E, T> Exchange for Delivery<'b, M, E, T>
where
    M: Messages<'b, Envelope = E, Ticket = T>,
    E: Borrow<Envelope>,
{
    type Output = Result<Stopped, Lost>;

    fn advance(&mut self, engine: &mut Engine) -> Result<Need<Self::Output>, Fault> {
        self.take_replies(engine)?;
        if self.unconfirmed.is_some() {
            self.confirm();
        }
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
            let polled = flight.transaction.poll_body(cx);
            // A body that never begins would keep all later messages waiting, although its caller
            // is gone.
            if polled.is_pending()
                && flight.transaction.awaits_body()
                && self.messages.poll_abandoned(&flight.ticket, cx).is_ready()
            {
                flight.transaction.drop_body();
                return Poll::Ready(());
            }
            return polled;
        }
        self.messages.poll_next(cx).map(|message| {
            self.exhausted = message.is_none();
            self.next = message;
        })
    }

    fn lost(&mut self, engine: &Engine, lost: Lost) -> Self::Output {
        let was_ahead = self.is_ahead() || !self.again.is_empty();
        if let Some((ticket, envelope, body)) = self.take_back() {
            self.unsuited |= was_ahead;
            let recipients = RecipientList::of(envelope.borrow().rcpts()).into_vec();
            let unsent = Unsent::new(Ok(lost.clone()), recipients);
            self.messages.hand_back(ticket, unsent, Some((envelope, body)));
        }
        self.lose_unconfirmed(&lost);
        let mut oldest = true;
        // A source that failed is that of the message being written, the last one. The messages
        // before it are lost by the fault of another, which their callers must be able to see.
        let of_source = matches!(lost.fault(), Fault::Body(_) | Fault::Content(_));
        let mut in_flight = std::mem::take(&mut self.in_flight);
        while let Some(flight) = in_flight.pop_front() {
            self.lose(flight, engine, &lost, oldest, of_source && !in_flight.is_empty());
            oldest = false;
        }
        for flight in std::mem::take(&mut self.again) {
            // Nothing of its next transaction has left, so no reply can be for it.
            self.lose(flight, engine, &lost, false, of_source);
        }
        if let Some((ticket, envelope, body)) = self.next.take() {
            let recipients = RecipientList::of(envelope.borrow().rcpts()).into_vec();
            let unsent = Unsent::new(Ok(lost.clone()), recipients);
            self.messages.hand_back(ticket, unsent, Some((envelope, body)));
        }
        Err(lost)
    }
}
