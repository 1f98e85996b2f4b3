//! A message, and what became of its recipients in one transaction after the other.

use std::borrow::Borrow;
use std::ops::Range;

use smtp_grammar::{ForwardPath, Host, Reply};

use super::super::envelope::Envelope;
use super::super::policy::Policy;
use super::super::transfer::Way;
use super::Delivered;
use super::offers::{Offers, Plan};
use crate::body::{Body, Piece};
use crate::command::{Mail, Rcpt};
use crate::error::{DeliverError, DeliveryUnknown, Lost, Refusal, Undelivered};
use crate::receipt::{Receipt, Recipient};

/// A message that can be sent, and its recipients so far.
#[derive(Debug)]
pub(super) struct Message<'b, E> {
    pub(super) place: usize,
    pub(super) envelope: E,
    pub(super) plan: Plan,
    /// Not there any more when it was sent and cannot be sent again.
    pub(super) body: Option<Body<'b>>,
    /// As long as a [`Recipient`], so that receipts are made where they are.
    candidates: Vec<Candidate>,
    /// How many of them are still to be asked for.
    open: usize,
    /// The reply to the last transaction that took it.
    taken: Option<Reply>,
}

/// A recipient of the envelope, and what became of it.
#[derive(Debug)]
struct Candidate {
    path: ForwardPath,
    fate: Fate,
}

/// What became of a recipient.
#[derive(Debug)]
enum Fate {
    /// It was not asked for yet.
    Open,
    /// It was one too many, and is asked for again in another transaction.
    Again(Box<Refusal>),
    /// The server accepted it in the transaction under way.
    Accepted(Reply),
    Settled(Result<Reply, Refusal>),
}

impl<'b, E: Borrow<Envelope>> Message<'b, E> {
    /// The message as it is sent.
    #[inline]
    pub(super) fn new(place: usize, envelope: E, plan: Plan, body: Body<'b>) -> Self {
        let rcpts = envelope.borrow().rcpts().iter();
        let candidate = |rcpt: &Rcpt| Candidate { path: rcpt.path().clone(), fate: Fate::Open };
        let candidates: Vec<_> = rcpts.map(candidate).collect();
        let open = candidates.len();
        Self { place, envelope, plan, body: Some(body), candidates, open, taken: None }
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
    pub(super) fn next_recipients(&self, offers: &Offers<'_>) -> Option<Range<usize>> {
        if self.open == 0 {
            return None;
        }
        let start = self.next_open(0..self.candidates.len())?;
        let unlimited = offers.limits.rcpt.is_none() && offers.limits.rcpt_domain.is_none();
        if unlimited || !self.may_be_split() {
            return Some(start..self.candidates.len());
        }
        let most = offers.limits.rcpt.map_or(usize::MAX, |most| most as usize);
        let most_domains = offers.limits.rcpt_domain.map_or(usize::MAX, |most| most as usize);
        let (mut count, mut end) = (0, start);
        let mut domains: Vec<&Host> = Vec::new();
        while let Some(place) = self.next_open(end..self.candidates.len()) {
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
        of.find(|&place| matches!(self.candidates[place].fate, Fate::Open | Fate::Again(_)))
    }

    /// MAIL as the message needs it.
    pub(super) fn mail(&self) -> Mail {
        self.plan.declaration.of(self.envelope.borrow().mail().clone())
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
        self.candidates[place].fate = Fate::Accepted(reply);
    }

    /// Takes note that a recipient does not get the message.
    pub(super) fn refused(&mut self, place: usize, refusal: Refusal) {
        self.open -= 1;
        self.candidates[place].fate = Fate::Settled(Err(refusal));
    }

    /// Takes note that a recipient was one too many for a transaction that has some. Whether it is
    /// asked for again.
    pub(super) fn too_many(&mut self, place: usize, refusal: Refusal) -> bool {
        let again = self.may_be_split();
        self.open -= usize::from(!again);
        self.candidates[place].fate =
            if again { Fate::Again(Box::new(refusal)) } else { Fate::Settled(Err(refusal)) };
        again
    }

    /// The refusal that stands for these recipients when none of them was accepted: the last.
    pub(super) fn nobody(&self, of: Range<usize>) -> Refusal {
        let last = self.candidates[of].iter().rev().find_map(|candidate| match &candidate.fate {
            Fate::Settled(Err(refusal)) => Some(refusal.clone()),
            _ => None,
        });
        last.unwrap_or_else(Refusal::no_recipients)
    }

    /// Whether the policy lets the message go, as it has accepted recipients.
    pub(super) fn is_permitted(&self) -> bool {
        self.policy().permits_one_flight() || self.policy().permits(&self.recipients())
    }

    /// Takes note that the transaction has ended: the server took the message for those that it had
    /// accepted, or nobody got it.
    pub(super) fn ended(&mut self, of: Range<usize>, result: Result<Reply, &Refusal>) {
        match result {
            Ok(reply) => self.taken = Some(reply),
            // Somebody else has it: who was accepted here still does not get it.
            Err(refusal) if self.taken.is_some() => {
                self.settle(of, |_| Err(refusal.clone()));
                return;
            }
            Err(_) => return,
        }
        if self.open > 0 {
            self.settle(of, Ok);
        }
    }

    /// Sets the outcome of those that the transaction has accepted.
    fn settle(&mut self, of: Range<usize>, outcome: impl Fn(Reply) -> Result<Reply, Refusal>) {
        for Candidate { fate, .. } in &mut self.candidates[of] {
            if let Fate::Accepted(reply) = fate {
                *fate = Fate::Settled(outcome(reply.clone()));
            }
        }
    }

    /// What became of the message, when no transaction is left for it; `refusal` says why nobody
    /// got it in the last one.
    pub(super) fn finish(&mut self, refusal: Option<Refusal>) -> Delivered {
        let refusal = refusal.unwrap_or_else(Refusal::no_recipients);
        match self.taken.take() {
            Some(reply) => Ok(Receipt::new(self.all_recipients(&refusal), reply)),
            None => Err(DeliverError::Refused(Undelivered::new(refusal, self.recipients()))),
        }
    }

    /// What became of the message when the connection is lost; `unknown` says that it had left
    /// whole and the server did not say what it did with it.
    pub(super) fn lost(mut self, lost: Lost, unknown: bool) -> Delivered {
        if unknown {
            let unanswered = Refusal::unanswered();
            let recipients = self.all_recipients(&unanswered);
            return Err(DeliverError::Unknown(DeliveryUnknown::new(lost, recipients)));
        }
        match self.taken.take() {
            Some(reply) => {
                let unsent = Refusal::unsent();
                for Candidate { fate, .. } in &mut self.candidates {
                    if matches!(fate, Fate::Accepted(_)) {
                        *fate = Fate::Open;
                    }
                }
                Ok(Receipt::new(self.all_recipients(&unsent), reply))
            }
            None => Err(DeliverError::Lost(lost)),
        }
    }

    /// Every recipient, with `open` for those that have no answer. What is known of them is given
    /// away.
    fn all_recipients(&mut self, open: &Refusal) -> Vec<Recipient> {
        let candidates = std::mem::take(&mut self.candidates).into_iter();
        let recipient = |Candidate { path, fate }| {
            let outcome = match fate {
                Fate::Accepted(reply) => Ok(reply),
                Fate::Settled(outcome) => outcome,
                Fate::Again(refusal) => Err(*refusal),
                Fate::Open => Err(open.clone()),
            };
            Recipient::new(path, outcome)
        };
        candidates.map(recipient).collect()
    }

    /// The recipients that have an answer.
    fn recipients(&self) -> Vec<Recipient> {
        let outcomes = self.candidates.iter().filter_map(|Candidate { path, fate }| {
            let outcome = match fate {
                Fate::Accepted(reply) => Ok(reply.clone()),
                Fate::Settled(outcome) => outcome.clone(),
                Fate::Again(refusal) => Err(refusal.as_ref().clone()),
                Fate::Open => return None,
            };
            Some(Recipient::new(path.clone(), outcome))
        });
        outcomes.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_made_where_its_candidates_are() {
        assert_eq!(size_of::<Candidate>(), size_of::<Recipient>());
    }
}
