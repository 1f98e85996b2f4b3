//! The first commands of a message, MAIL and each RCPT, in one flight with the command in front of
//! them: AUTH, or EHLO.
//!
//! DATA and chunks wait for the reply to it: a server that refuses AUTH and takes the recipients all
//! the same, because they are its own, would wait for a message that must not be sent to it; and one
//! whose reply to EHLO is another than before may not take the parameters of MAIL.

use std::borrow::Borrow;

use super::flight::Ahead;
use super::{Delivery, Messages};
use crate::error::refusal::Refusal;
use crate::exchange::plan::{DeliveryCapabilities, SendPlan};
use crate::exchange::transaction::{Step, follows_recipients};
use crate::message::body::Body;
use crate::message::envelope::Envelope;
use crate::proto::engine::{Engine, Outcome};
use crate::proto::fault::Fault;

impl<'b, M, E, T> Delivery<'b, M, E, T>
where
    M: Messages<'b, Envelope = E, Ticket = T>,
    E: Borrow<Envelope>,
{
    /// Lets no more leave than the first commands of the first message, until the command
    /// in front of them is answered.
    pub(crate) fn hold(mut self) -> Self {
        self.ahead = Ahead::Held;
        self
    }

    /// The command in front was accepted.
    pub(crate) fn release(&mut self) {
        self.ahead = Ahead::Released;
    }

    /// It was not: the message waits, and the replies to its commands are dropped.
    pub(crate) fn withdraw(&mut self) {
        self.ahead = Ahead::Withdrawn;
        if let Some(flight) = self.in_flight.front_mut() {
            flight.transaction.set_step(Step::Done);
        }
    }

    /// Whether commands have left ahead.
    pub(crate) fn is_ahead(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// The server did not take the flight, or may not have.
    pub(crate) fn note_unsuited(&mut self) {
        self.unsuited = true;
    }

    /// Whether the server did not take the flight, or may not have.
    pub(crate) fn is_unsuited(&self) -> bool {
        self.unsuited
    }

    /// Drops the next reply to the commands that were withdrawn; none where it has not come. The
    /// message goes back into the queue with the last of them.
    pub(crate) fn drop_reply(&mut self, engine: &mut Engine) -> Result<Option<Outcome>, Fault> {
        let Some(flight) = self.in_flight.front_mut() else {
            return Ok(None);
        };
        let Some(head) = engine.next_reply()? else {
            return Ok(None);
        };
        let outcome = flight.transaction.drop_reply(&head, engine);
        if !flight.transaction.awaits() {
            // RSET is due where MAIL or RCPT was accepted (RFC 5321 §4.1.1.5).
            flight.transaction.leave(engine);
            self.next = self.take_back();
        }
        Ok(Some(outcome))
    }

    /// Sets what the server offers, for what has not left yet.
    pub(crate) fn set_offers(&mut self, offers: DeliveryCapabilities) {
        self.offers = offers;
    }

    /// Takes the message back of which no more than commands has left: where the command in front
    /// was not accepted, or MAIL is not answered.
    pub(crate) fn take_back(&mut self) -> Option<(T, E, Body<'b>)> {
        let untouched = match self.ahead {
            Ahead::No => false,
            Ahead::Held | Ahead::Withdrawn => true,
            Ahead::Released => self.in_flight.front().or(self.again.front()).is_none_or(|flight| {
                let transaction = &flight.transaction;
                transaction.restarts()
                    || transaction.transactions() == 0
                    || transaction.awaits_mail()
            }),
        };
        if !untouched {
            return None;
        }
        if let Some(message) = self.next.take() {
            return Some(message);
        }
        let mut flight = self.in_flight.pop_front().or_else(|| self.again.pop_front())?;
        let body = flight.transaction.take_body()?;
        Some((flight.ticket, flight.envelope, body))
    }

    /// Whether a message waits for the answer to the command in front. Where DATA or content may
    /// follow its recipients in one flight, it gains nothing when they go ahead, and neither may
    /// leave before that answer; a message that cannot be sent is refused over a session that has
    /// begun.
    pub(super) fn must_stay(&self, plan: &Result<SendPlan, Refusal>, envelope: &Envelope) -> bool {
        let policy = envelope.send_policy();
        let gains_nothing = match plan {
            Ok(plan) => follows_recipients(plan.method, self.offers.pipelining, policy),
            Err(_) => true,
        };
        self.ahead == Ahead::Held && gains_nothing
    }
}
