//! A message, and what became of its recipients in one transaction after the other.

use std::borrow::Borrow;
use std::ops::Range;

use smtp_grammar::{Host, Reply};

use super::super::envelope::Envelope;
use super::super::policy::Policy;
use super::super::transfer::Way;
use super::Delivered;
use super::offers::{DeclaringMail, Offers, Plan};
use crate::body::{Body, Piece};
use crate::command::Rcpt;
use crate::error::{DeliverError, DeliveryUnknown, Lost, Refusal, Undelivered};
use crate::receipt::{Receipt, Recipient, Stand};

/// A message that can be sent, and its recipients so far.
#[derive(Debug)]
pub(super) struct Message<'b, E> {
    pub(super) place: usize,
    pub(super) envelope: E,
    pub(super) plan: Plan,
    /// Not there any more when it was sent and cannot be sent again.
    pub(super) body: Option<Body<'b>>,
    recipients: Vec<Recipient>,
    /// How many of them are still to be asked for.
    open: usize,
    /// The reply to the last transaction that took it.
    taken: Option<Reply>,
}

impl<'b, E: Borrow<Envelope>> Message<'b, E> {
    /// The message as it is sent.
    #[inline]
    pub(super) fn new(place: usize, envelope: E, plan: Plan, body: Body<'b>) -> Self {
        let rcpts = envelope.borrow().rcpts().iter();
        let recipients: Vec<_> = rcpts.map(|rcpt| Recipient::new(rcpt.path().clone())).collect();
        let open = recipients.len();
        Self { place, envelope, plan, body: Some(body), recipients, open, taken: None }
    }

    /// The message as it is, when it is in memory and needs no change, in at most so many octets.
    pub(super) fn whole(&self, eight_bit: bool, most: usize) -> Option<Piece<'b>> {
        let ready = self.plan.measure?.is_ready(self.plan.way == Way::Data, eight_bit);
        let piece = self.body.as_ref().filter(|_| ready)?.whole()?;
        Some(piece).filter(|piece| piece.as_ref().len() <= most)
    }

    /// The body, to be sent. It stays where it can be sent again.
    pub(super) fn take_body(&mut self) -> Option<Body<'b>> {
        let again = self.body.as_ref().and_then(Body::again);
        std::mem::replace(&mut self.body, again)
    }

    /// The recipients of the next transaction: those from the first that is still to be asked for,
    /// as many as the server takes (RFC 9422). None when none is left.
    #[inline]
    pub(super) fn next_recipients(&self, offers: &Offers<'_>) -> Option<Range<usize>> {
        if self.open == 0 { None } else { self.open_recipients(offers) }
    }

    fn open_recipients(&self, offers: &Offers<'_>) -> Option<Range<usize>> {
        let start = self.next_open(0..self.recipients.len())?;
        let unlimited = offers.limits.rcpt.is_none() && offers.limits.rcpt_domain.is_none();
        if unlimited || !self.may_be_split() {
            return Some(start..self.recipients.len());
        }
        let most = offers.limits.rcpt.map_or(usize::MAX, |most| most as usize);
        let most_domains = offers.limits.rcpt_domain.map_or(usize::MAX, |most| most as usize);
        let (mut count, mut end) = (0, start);
        let mut domains: Vec<&Host> = Vec::new();
        while let Some(place) = self.next_open(end..self.recipients.len()) {
            count += 1;
            if most_domains < usize::MAX
                && let Some(mailbox) = self.rcpts()[place].path().mailbox()
                && !domains.contains(&mailbox.host())
            {
                domains.push(mailbox.host());
            }
            if count > most || domains.len() > most_domains {
                break;
            }
            end = place + 1;
        }
        Some(start..end)
    }

    /// The first recipient of these that is still to be asked for.
    #[inline]
    pub(super) fn next_open(&self, mut of: Range<usize>) -> Option<usize> {
        of.find(|&place| self.recipients[place].is_open())
    }

    /// MAIL as the message needs it.
    pub(super) fn mail(&self) -> DeclaringMail<'_> {
        self.plan.declaration.of(self.envelope.borrow().mail())
    }

    pub(super) fn rcpts(&self) -> &[Rcpt] {
        self.envelope.borrow().rcpts()
    }

    pub(super) fn policy(&self) -> &Policy {
        self.envelope.borrow().send_policy()
    }

    /// Whether recipients that do not fit into one transaction get another. A policy that looks at
    /// all of them must see all of them at once.
    fn may_be_split(&self) -> bool {
        self.policy().permits_one_flight() && self.body.as_ref().is_some_and(Body::is_repeatable)
    }

    /// Takes note that the server has accepted a recipient.
    #[inline]
    pub(super) fn accepted(&mut self, place: usize, reply: Reply) {
        self.open -= 1;
        let recipient = &mut self.recipients[place];
        recipient.outcome = Ok(reply);
        recipient.stand = Stand::Accepted;
    }

    /// Takes note that a recipient does not get the message.
    pub(super) fn refused(&mut self, place: usize, refusal: Refusal) {
        self.open -= 1;
        let recipient = &mut self.recipients[place];
        recipient.outcome = Err(refusal);
        recipient.stand = Stand::Settled;
    }

    /// Takes note that a recipient was one too many for a transaction that has some. Whether it is
    /// asked for again.
    pub(super) fn too_many(&mut self, place: usize, refusal: Refusal) -> bool {
        self.refused(place, refusal);
        let again = self.may_be_split();
        if again {
            self.open += 1;
            self.recipients[place].stand = Stand::Again;
        }
        again
    }

    /// The refusal that stands for these recipients when none of them was accepted: the last.
    pub(super) fn nobody(&self, of: Range<usize>) -> Refusal {
        let settled = |recipient: &&Recipient| recipient.stand == Stand::Settled;
        let mut refusals = self.recipients[of].iter().filter(settled);
        let last = refusals.rfind(|recipient| recipient.outcome.is_err());
        let refusal = last.and_then(|recipient| recipient.outcome.as_ref().err());
        refusal.cloned().unwrap_or_else(Refusal::no_recipients)
    }

    /// Whether the policy lets the message go, as it has accepted recipients.
    pub(super) fn is_permitted(&self) -> bool {
        self.policy().permits_one_flight() || self.policy().permits(&self.answered())
    }

    /// Takes note that the transaction has ended: the server took the message for those that it had
    /// accepted, or nobody got it.
    #[inline]
    pub(super) fn ended(&mut self, of: Range<usize>, result: Result<Reply, &Refusal>) {
        match result {
            Ok(reply) => self.taken = Some(reply),
            // Somebody else has it: who was accepted here still does not get it.
            Err(refusal) if self.taken.is_some() => {
                for recipient in self.accepted_of(of) {
                    recipient.outcome = Err(refusal.clone());
                    recipient.stand = Stand::Settled;
                }
                return;
            }
            Err(_) => return,
        }
        if self.open > 0 {
            self.accepted_of(of).for_each(|recipient| recipient.stand = Stand::Settled);
        }
    }

    /// Those that the transaction under way has accepted.
    fn accepted_of(&mut self, of: Range<usize>) -> impl Iterator<Item = &mut Recipient> {
        let accepted = |recipient: &&mut Recipient| recipient.stand == Stand::Accepted;
        self.recipients[of].iter_mut().filter(accepted)
    }

    /// What became of the message, when no transaction is left for it; `refusal` says why nobody
    /// got it in the last one.
    pub(super) fn finish(&mut self, refusal: Option<&Refusal>) -> Delivered {
        let refusal = || refusal.cloned().unwrap_or_else(Refusal::no_recipients);
        match self.taken.take() {
            Some(reply) => Ok(Receipt::new(self.all_recipients(refusal), reply)),
            None => Err(DeliverError::Refused(Undelivered::new(refusal(), self.answered()))),
        }
    }

    /// What became of the message when the connection is lost; `unknown` says that it had left
    /// whole and the server did not say what it did with it.
    pub(super) fn lost(mut self, lost: Lost, unknown: bool) -> Delivered {
        if unknown {
            let recipients = self.all_recipients(Refusal::unanswered);
            return Err(DeliverError::Unknown(DeliveryUnknown::new(lost, recipients)));
        }
        match self.taken.take() {
            Some(reply) => {
                let all = 0..self.recipients.len();
                self.accepted_of(all).for_each(|recipient| recipient.stand = Stand::Open);
                Ok(Receipt::new(self.all_recipients(Refusal::unsent), reply))
            }
            None => Err(DeliverError::Lost(lost)),
        }
    }

    /// Every recipient, with `open` for those that have no answer. What is known of them is given
    /// away.
    fn all_recipients(&mut self, open: impl Fn() -> Refusal) -> Vec<Recipient> {
        for recipient in &mut self.recipients {
            if recipient.stand == Stand::Open {
                recipient.outcome = Err(open());
            }
        }
        std::mem::take(&mut self.recipients)
    }

    /// The recipients that have an answer.
    fn answered(&self) -> Vec<Recipient> {
        let answered = |recipient: &&Recipient| recipient.stand != Stand::Open;
        self.recipients.iter().filter(answered).cloned().collect()
    }
}
