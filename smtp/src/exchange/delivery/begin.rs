//! The begin of the next transaction, and the end of the delivery when there is none.

use std::borrow::Borrow;
use std::task::Poll;

use super::flight::{Ahead, Flight};
use super::{Delivery, FENCE, Fence, Messages, Stopped};
use crate::error::refusal::Refusal;
use crate::exchange::Need;
use crate::exchange::plan::SendPlan;
use crate::exchange::recipients::RecipientList;
use crate::exchange::transaction::{Carriage, Transaction};
use crate::extension::ServerLimits;
use crate::message::envelope::Envelope;
use crate::message::error::{DeliverError, Undelivered};
use crate::message::transfer::BodyMethod;
use crate::proto::engine::Engine;

impl<'b, M, E, T> Delivery<'b, M, E, T>
where
    M: Messages<'b, Envelope = E, Ticket = T>,
    E: Borrow<Envelope>,
{
    /// Begins the next transaction; what must happen first, where it cannot begin.
    pub(super) fn begin(&mut self, engine: &mut Engine) -> Option<Need<Stopped>> {
        // "MAILMAX": more MAIL commands than this over one connection are refused (RFC 9422). MAIL
        // that would be refused is not sent, so that the message can be sent over another one.
        let at_limit =
            self.offers.limits.mail.is_some_and(|most| engine.transactions() >= u64::from(most));
        if at_limit {
            return Some(self.stop(engine));
        }
        if !self.may_begin(engine) {
            let last = self.again.is_empty() && self.next.is_none() && self.messages.is_empty();
            return if last {
                Some(self.end(engine, Stopped::Exhausted))
            } else {
                Some(Need::Reply)
            };
        }
        // A message whose first recipients have it goes on before the next message is taken.
        if self.again.is_empty() {
            let (ticket, envelope, body) = match self.next.take() {
                Some(message) => message,
                None if self.exhausted => return Some(self.end(engine, Stopped::Exhausted)),
                None => match self.messages.next_at_once() {
                    Poll::Ready(Some(message)) => message,
                    Poll::Ready(None) => {
                        self.exhausted = true;
                        return Some(self.end(engine, Stopped::Exhausted));
                    }
                    Poll::Pending => return Some(Need::Source),
                },
            };
            let plan = self.offers.plan(envelope.borrow(), &body);
            if self.must_stay(&plan, envelope.borrow()) {
                self.next = Some((ticket, envelope, body));
                return Some(Need::Reply);
            }
            match plan {
                Ok(plan) => {
                    // A transaction is large: it is made where it stays.
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
                    // Back to the driver: a source may have many messages that cannot be sent, and
                    // the connection must still be read and its deadline kept.
                    return Some(Need::Source);
                }
            }
        } else {
            self.in_flight.extend(self.again.pop_front());
        }
        self.start(engine);
        None
    }

    /// Begins the transaction that was put into the queue.
    #[inline]
    pub(super) fn start(&mut self, engine: &Engine) {
        let overtakes = self.in_flight.len() > 1;
        let Some(flight) = self.in_flight.back_mut() else {
            return;
        };
        let transaction = &flight.transaction;
        let most = transaction.most_recipients();
        let all = most == usize::MAX && !self.offers.limits_recipients;
        // RCPTMAX, RCPTDOMAINMAX (RFC 9422), or the number that the server took before.
        let range = if all && transaction.transactions() == 0 {
            0..transaction.recipients.len()
        } else {
            // A message that allows one transaction only: the server then says which recipients are
            // too many.
            let (limits, most) = if flight.may_split() {
                (self.offers.limits, most)
            } else {
                (ServerLimits::default(), usize::MAX)
            };
            let transaction = &flight.transaction;
            let rcpts = flight.envelope.borrow().rcpts();
            transaction.recipients.next_range(rcpts, &limits, most).unwrap_or_default()
        };
        // RSET goes first in every flight that does not wait for the final reply before it: a
        // server that refuses that message may keep its transaction, and these recipients would
        // join it.
        let reset = engine.facts.reset_due || overtakes;
        let transaction = &mut flight.transaction;
        transaction.begin(range, reset, overtakes, engine.queued());
        match self.ahead {
            Ahead::Held => transaction.run_ahead(),
            // It is another transaction than the one whose commands left ahead.
            Ahead::No | Ahead::Released | Ahead::Withdrawn => self.ahead = Ahead::No,
        }
        self.counted |= transaction.method() != BodyMethod::Data;
        // MAIL, RCPT and BDAT of an eager flight are all answered with 250: a reply that is sent
        // twice shows only at a command that is not answered so.
        if transaction.method() == BodyMethod::EagerBdat {
            self.fence = Fence::Due;
        }
    }

    /// Whether another transaction may begin after those under way.
    pub(super) fn may_begin(&self, engine: &Engine) -> bool {
        // No further message begins before the reply to HELP is read: if that reply shows a shift,
        // the result of the message would be unknown too.
        if self.fence == Fence::Sent {
            return false;
        }
        let Some(last) = self.in_flight.back() else {
            return true;
        };
        // RFC 2920 §3.1 lets commands follow a final dot; some servers, and some callers, do not.
        if !self.offers.pipelining || !engine.facts.overtakes || !self.offers.transfer.overtakes {
            return false;
        }
        if last.transaction.method() != BodyMethod::EagerBdat {
            // The message is written whole, so its commands were answered and only its final reply
            // is due: content never waits with another message's content.
            return true;
        }
        // The window bounds how much a server must read and throw away when it refuses a message,
        // and how many messages are unknown when the connection is lost.
        let transfer = &self.offers.transfer;
        let bytes = || self.in_flight.iter().map(|flight| flight.bytes).sum::<u64>();
        engine.facts.bdat_verified
            && self.in_flight.len() < transfer.messages
            && bytes() < transfer.bytes
    }

    /// Reports a message that is refused before anything of it is sent.
    #[cold]
    pub(super) fn refuse_at_once(&mut self, ticket: T, envelope: &Envelope, refusal: Refusal) {
        let mut recipients = RecipientList::of(envelope.rcpts());
        recipients.refuse_rest(&refusal);
        let undelivered = Undelivered::new(refusal, recipients.into_vec());
        self.messages.report(ticket, Err(DeliverError::Refused(undelivered)));
    }

    /// Ends the delivery once everything is answered.
    pub(super) fn end(&mut self, engine: &mut Engine, stopped: Stopped) -> Need<Stopped> {
        // A server that refuses commands in the flight of a message would refuse HELP too.
        let follows = engine.facts.overtakes && self.offers.transfer.overtakes;
        if self.fence == Fence::Due && (follows || self.in_flight.is_empty()) {
            self.fence = Fence::Sent;
            self.fence_overtakes = !self.in_flight.is_empty();
            engine.submit_fence(FENCE);
        }
        let over = self.in_flight.is_empty() && self.fence == Fence::None;
        if over { Need::Done(stopped) } else { Need::Reply }
    }
}
