//! The recipients of a message and the status of each, over all transactions of the message.
//!
//! They stand apart from the transaction, because one message may take several (RFC 5321
//! §4.5.3.1.10) and each recipient must have one result.

use std::collections::HashSet;
use std::ops::Range;

use smtp_grammar::{ForwardPath, Host, Reply, parser};

use super::CommandResult;
use crate::command::Rcpt;
use crate::error::refusal::Refusal;
use crate::extension::ServerLimits;
use crate::message::envelope::Envelope;
use crate::message::named::NamedRecipients;
use crate::message::policy::Policy;
use crate::message::receipt::Receipt;
use crate::message::recipient::{Recipient, RecipientStatus};
use crate::proto::command::Command as _;
use crate::proto::engine::Engine;
use crate::proto::left_out::LeftOutList;

/// The recipients of a message, in the order in which they were named.
#[derive(Debug, Default)]
pub(crate) struct RecipientList {
    list: Vec<Recipient>,
    /// How many of them are still to be named.
    pending: usize,
    /// The reply to the last transaction that delivered the message.
    delivered: Option<Reply>,
    /// The parameters that MAIL and RCPT went without.
    pub(crate) left_out: LeftOutList,
}

impl RecipientList {
    /// The recipients of an envelope, none of whom was named yet.
    #[inline]
    pub(crate) fn of(rcpts: &[Rcpt]) -> Self {
        let list: Vec<_> = rcpts.iter().map(|rcpt| Recipient::new(rcpt.path().clone())).collect();
        Self { pending: list.len(), list, delivered: None, left_out: LeftOutList::default() }
    }

    /// Recipients that were named one at a time, each with its answer.
    pub(crate) fn answered(named: NamedRecipients) -> Self {
        let NamedRecipients { list, left_out } = named;
        Self { list, pending: 0, delivered: None, left_out }
    }

    /// Those of a transaction that was opened without these parameters.
    pub(crate) fn opened_without(left_out: LeftOutList) -> Self {
        Self::answered(NamedRecipients::opened_without(left_out))
    }

    /// The recipients of a transaction that is still open.
    pub(crate) fn into_named(self) -> NamedRecipients {
        NamedRecipients { list: self.list, left_out: self.left_out }
    }

    /// The receipt of a message that was delivered.
    #[inline]
    pub(crate) fn take_receipt(&mut self, reply: Reply, engine: &Engine) -> Receipt {
        let left_out = std::mem::take(&mut self.left_out);
        Receipt::new(self.take(), reply, engine.security(), left_out)
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    #[inline]
    pub(crate) fn has_pending(&self) -> bool {
        self.pending > 0
    }

    pub(crate) fn as_slice(&self) -> &[Recipient] {
        &self.list
    }

    pub(crate) fn into_vec(self) -> Vec<Recipient> {
        self.list
    }

    /// Gives the recipients away.
    pub(crate) fn take(&mut self) -> Vec<Recipient> {
        std::mem::take(&mut self.list)
    }

    /// Whether a transaction has delivered the message.
    pub(crate) fn has_delivered(&self) -> bool {
        self.delivered.is_some()
    }

    /// Whether a transaction has delivered the message, and with which reply.
    pub(crate) fn take_delivered(&mut self) -> Option<Reply> {
        self.delivered.take()
    }

    /// The first recipient of these that is still to be named.
    #[inline]
    pub(crate) fn next_pending(&self, mut of: Range<usize>) -> Option<usize> {
        of.find(|&index| self.list[index].is_pending())
    }

    /// Adds a recipient that was named one at a time, as long as there are fewer than `most`, and
    /// the parameters that its command went without.
    pub(crate) fn extend(&mut self, path: Option<ForwardPath>, without: LeftOutList, most: usize) {
        if self.list.len() < most
            && let Some(path) = path
        {
            self.left_out.add(without, Some(self.list.len()));
            self.list.push(Recipient::new(path));
            self.pending += 1;
        }
    }

    /// Records the answer to a recipient that was named one at a time, if it is one of those that
    /// are kept. `rank` counts the recipients that were accepted before it.
    pub(crate) fn answer(&mut self, index: usize, answer: CommandResult<Reply>, rank: u32) {
        if index < self.list.len() {
            match answer {
                Ok(reply) => self.accept(index, reply, rank),
                Err(refusal) => self.refuse(index, refusal),
            }
        }
    }

    /// The recipients of the next transaction: those from the first that is still to be named, as
    /// many as the server takes at once (RFC 9422), and no more than `most`.
    pub(crate) fn next_range(
        &self,
        rcpts: &[Rcpt],
        limits: &ServerLimits,
        most: usize,
    ) -> Option<Range<usize>> {
        let start = self.next_pending(0..self.list.len())?;
        // RCPTMAX, and what this connection has learned of the server: the smaller one.
        let most = limits.rcpt.map_or(most, |limit| most.min(limit as usize));
        let most_domains = limits.rcpt_domain.map_or(usize::MAX, |most| most as usize);
        // As many domains as there are recipients are no limit.
        let most_domains = if most_domains < self.list.len() { most_domains } else { usize::MAX };
        if most == usize::MAX && most_domains == usize::MAX {
            return Some(start..self.list.len());
        }
        let (mut count, mut end) = (0, start);
        let mut domains: HashSet<&Host> = HashSet::new();
        while let Some(index) = self.next_pending(end..self.list.len()) {
            count += 1;
            // RCPTDOMAINMAX counts domains, not recipients (RFC 9422).
            if most_domains < usize::MAX
                && let Some(mailbox) = rcpts.get(index).and_then(|rcpt| rcpt.path().mailbox())
            {
                domains.insert(mailbox.host());
            }
            if count > most || domains.len() > most_domains {
                break;
            }
            end = index + 1;
        }
        Some(start..end)
    }

    /// Records that the server accepted a recipient, after this many others.
    #[inline]
    pub(crate) fn accept(&mut self, index: usize, reply: Reply, rank: u32) {
        self.pending -= 1;
        self.list[index].accept(reply, rank);
    }

    /// The recipient of these that the server had accepted after this many others; none where it is
    /// not in the list.
    pub(crate) fn find_accepted(&self, mut of: Range<usize>, rank: u32) -> Option<usize> {
        of.find(|&index| self.list[index].status() == RecipientStatus::Accepted)
            .filter(|&index| self.list[index].rank() == rank)
    }

    /// Records the reply that takes the message for one recipient. It has it where the server's
    /// reply to the message does not follow.
    pub(crate) fn answer_final(&mut self, index: usize, reply: Reply, has_it: bool) {
        self.list[index].take_final(reply);
        if has_it {
            self.list[index].finish(RecipientStatus::Delivered);
        }
    }

    /// Records that the message was refused for one recipient that was accepted.
    pub(crate) fn refuse_final(&mut self, index: usize, refusal: Refusal) {
        self.list[index].refuse(refusal);
    }

    /// Records that the reply for this recipient was the last one that took the message.
    pub(crate) fn record_final(&mut self, index: usize) {
        self.delivered = self.list[index].final_reply().cloned();
    }

    /// Records a reply that took the message for a recipient that is not in the list.
    pub(crate) fn record_delivered(&mut self, reply: Reply) {
        self.delivered = Some(reply);
    }

    /// Records that a recipient does not get the message.
    pub(crate) fn refuse(&mut self, index: usize, refusal: Refusal) {
        self.pending -= 1;
        self.list[index].refuse(refusal);
    }

    /// Records the reply to a recipient whose sender the server had refused. The refusal of the
    /// sender is the reason why the recipient does not get the message.
    pub(crate) fn refuse_after_mail(&mut self, index: usize, reply: Reply, refusal: Refusal) {
        self.pending -= 1;
        self.list[index].refuse_after_mail(reply, refusal);
    }

    /// Records that a recipient was one too many, and is named again in another transaction.
    pub(crate) fn retry(&mut self, index: usize, refusal: Refusal) {
        // It stays pending: "too many recipients" is not about the recipient (RFC 5321
        // §4.5.3.1.10).
        self.list[index].retry(refusal);
    }

    /// Forgets the answers to the recipients of a transaction that begins again.
    pub(crate) fn restart(&mut self, range: Range<usize>) {
        for recipient in &mut self.list[range] {
            if recipient.status() == RecipientStatus::Accepted {
                recipient.restart();
                self.pending += 1;
            }
        }
    }

    /// Records that the server took the message for the recipients that it had accepted.
    #[inline]
    pub(crate) fn deliver(&mut self, range: Range<usize>, reply: Reply) {
        // Only those of this transaction: recipients of an earlier one have their result already.
        self.finish(range, RecipientStatus::Delivered);
        self.delivered = Some(reply);
    }

    /// Records how the transaction ended for the recipients that it had accepted.
    #[inline]
    fn finish(&mut self, range: Range<usize>, status: RecipientStatus) {
        for recipient in &mut self.list[range] {
            if recipient.status() == RecipientStatus::Accepted {
                recipient.finish(status);
            }
        }
    }

    /// Records that the message was refused: by the transaction whose recipients these are, for
    /// those that it had accepted, and for all that are still to be named.
    pub(crate) fn refuse_rest(&mut self, refusal: &Refusal) {
        for recipient in &mut self.list {
            if recipient.is_pending() || recipient.status() == RecipientStatus::Accepted {
                recipient.refuse(refusal.clone());
            }
        }
        self.pending = 0;
    }

    /// Records that the transaction of these recipients was refused, for those that it had accepted.
    pub(crate) fn refuse_accepted(&mut self, range: Range<usize>, refusal: &Refusal) {
        for recipient in &mut self.list[range] {
            if recipient.status() == RecipientStatus::Accepted {
                recipient.refuse(refusal.clone());
            }
        }
    }

    /// Records that there will be no further transaction. Recipients that were one too many are
    /// refused for now, and the others were never named.
    pub(crate) fn stop(&mut self, refusal: &Refusal) {
        for recipient in &mut self.list {
            match recipient.status() {
                RecipientStatus::Retry => recipient.refuse(refusal.clone()),
                RecipientStatus::Pending => recipient.finish(RecipientStatus::NotSent),
                _ => {}
            }
        }
        self.pending = 0;
    }

    /// Records that the connection was lost. `unknown` is given where the message had left whole
    /// and was not answered: its recipients, who were named and not answered, may have got the
    /// message, and so may those that were accepted. It cannot have arrived at any others.
    pub(crate) fn lose(&mut self, unknown: Option<&Range<usize>>) {
        for (index, recipient) in self.list.iter_mut().enumerate() {
            // RFC 1047: a message whose reply was lost may have been delivered. Without its end no
            // server delivers it, whichever recipients it had accepted (RFC 5321 §4.1.1.4).
            let may_have_it = match recipient.status() {
                RecipientStatus::Accepted => unknown.is_some(),
                RecipientStatus::Pending | RecipientStatus::Retry => {
                    unknown.is_some_and(|range| range.contains(&index))
                }
                _ => continue,
            };
            recipient.finish(if may_have_it {
                RecipientStatus::Unknown
            } else {
                RecipientStatus::NotSent
            });
        }
    }

    /// Makes these recipients unknown: the replies that were taken for theirs may be those of other
    /// commands.
    pub(crate) fn doubt(&mut self, range: Range<usize>) {
        // A recipient whose RCPT could not be written was refused by this side: no reply can change
        // that.
        for recipient in self.list[range].iter_mut().filter(|recipient| recipient.was_named()) {
            recipient.finish(RecipientStatus::Unknown);
        }
    }

    /// The refusal that stands for all when no recipient was accepted: one that may pass, if there
    /// is one, because then the message may still arrive; else the last.
    pub(crate) fn refusal(&self) -> Refusal {
        let refusals = || self.list.iter().filter_map(Recipient::refusal);
        let transient = refusals().rfind(|refusal| refusal.is_transient());
        transient.or_else(|| refusals().next_back()).cloned().unwrap_or_else(Refusal::no_recipients)
    }

    /// The same, of the refusals by RCPT alone: the one by a reply of its own to the message of an
    /// earlier transaction is for its recipient, and for no other.
    pub(crate) fn refusal_by_rcpt(&self) -> Refusal {
        let refusals = || {
            let all = self.list.iter().filter_map(Recipient::refusal);
            all.filter(|refusal| refusal.is_of_recipient())
        };
        let transient = refusals().rfind(|refusal| refusal.is_transient());
        transient.or_else(|| refusals().next_back()).cloned().unwrap_or_else(|| self.refusal())
    }

    /// Whether a recipient was refused and may be accepted another time.
    pub(crate) fn has_transient_refusal(&self) -> bool {
        self.list.iter().filter_map(Recipient::refusal).any(Refusal::is_transient)
    }
}

/// Checks that a message which must not be split fits into one transaction, as far as the server has
/// announced its limits.
///
/// # Errors
///
/// When it does not.
pub(crate) fn check_whole(envelope: &Envelope, limits: &ServerLimits) -> CommandResult<()> {
    if !matches!(envelope.send_policy(), Policy::Whole) {
        return Ok(());
    }
    let list = RecipientList::of(envelope.rcpts());
    let most = list.next_range(envelope.rcpts(), limits, usize::MAX).map_or(0, |range| range.len());
    if most < list.len() { Err(Refusal::not_whole(most, list.len())) } else { Ok(()) }
}

/// The recipient that a line of the library's own RCPT names.
pub(crate) fn named_recipient(line: &[u8]) -> Option<ForwardPath> {
    let path = line.strip_prefix(Rcpt::SPEC.verb.as_bytes())?;
    parser::forward_path(path).ok().map(|(_, path)| path)
}
