//! A recipient, the reply to its RCPT, and whether it got the message.

use smtp_grammar::{ForwardPath, Reply};

use crate::error::refusal::Refusal;

/// A recipient of a message, and what became of it.
///
/// RCPT's own reply and the outcome are two facts: a server may accept a recipient and then refuse
/// the message, or be lost before it answers.
#[derive(Clone, Debug)]
pub struct Recipient {
    path: ForwardPath,
    answer: Answer,
    status: RecipientStatus,
    /// How many recipients the transaction had accepted before this one.
    // Where each has a reply to the message, this says which one: recipients that a command of the
    // caller's has named are in no list, and have theirs too.
    rank: u32,
}

/// The server's answer to RCPT, and the outcome of the message for this recipient.
#[derive(Clone, Debug)]
enum Answer {
    None,
    /// The reply that accepted it.
    Accepted(Reply),
    /// The same, and the reply to the message for this recipient alone.
    // Not boxed: in LMTP each recipient has one.
    Answered(Reply, Reply),
    /// Why it does not get the message, and the reply to RCPT, where that is not the refusal's.
    Refused(Box<(Refusal, Option<Reply>)>),
}

/// Whether a recipient got the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecipientOutcome<'a> {
    /// The server has taken the message for it: [`Recipient::final_reply`] is what it said to this
    /// recipient, where each has a reply of its own, else
    /// [`Receipt::reply`](crate::Receipt::reply).
    Delivered,
    /// It does not get the message: the server refused the recipient or the message, or the
    /// command could not be written.
    Refused(&'a Refusal),
    /// The message had left whole, and the connection was lost before the server answered. It may
    /// have been delivered (RFC 1047).
    Unknown,
    /// The message cannot have arrived: it was not sent to this recipient, or not whole. It may be
    /// sent again.
    NotSent,
}

/// The state of a recipient while its message is in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecipientStatus {
    /// RCPT was not sent, or not answered.
    Pending,
    /// It was one too many, and is named again in another transaction.
    Retry,
    /// The server accepted it in the transaction under way.
    Accepted,
    Delivered,
    Refused,
    Unknown,
    NotSent,
}

impl Recipient {
    /// A recipient that was not named yet.
    #[inline]
    pub(crate) fn new(path: ForwardPath) -> Self {
        Self { path, answer: Answer::None, status: RecipientStatus::Pending, rank: 0 }
    }

    /// The recipient.
    pub fn path(&self) -> &ForwardPath {
        &self.path
    }

    /// The server's reply to RCPT; `None` where there is none: the command was not sent, or the
    /// connection was lost before its reply. Of a message that the server had in part it is 355, the
    /// reply to MAIL ([`TransactionId`](crate::extension::TransactionId)).
    pub fn rcpt(&self) -> Option<&Reply> {
        match &self.answer {
            Answer::None => None,
            Answer::Accepted(reply) | Answer::Answered(reply, _) => Some(reply),
            Answer::Refused(answer) => {
                let (refusal, said) = &**answer;
                let refused = refusal.is_of_recipient().then(|| refusal.reply()).flatten();
                said.as_ref().or(refused)
            }
        }
    }

    /// The server's reply to the message for this recipient alone, in LMTP (RFC 2033 §4.2) and with
    /// [`Prdr`](crate::extension::Prdr), or the one that refused the message for all. `None` where
    /// the message was taken with one reply, which is [`Receipt::reply`](crate::Receipt::reply), or
    /// was not answered.
    pub fn final_reply(&self) -> Option<&Reply> {
        match &self.answer {
            Answer::Answered(_, reply) => Some(reply),
            Answer::Refused(answer) if answer.0.command() == Refusal::END_OF_DATA => {
                answer.0.reply()
            }
            _ => None,
        }
    }

    /// Whether the recipient got the message. While it is in flight, as a
    /// [`Policy`](crate::Policy) sees it, no recipient has got it yet.
    pub fn outcome(&self) -> RecipientOutcome<'_> {
        match (self.status, &self.answer) {
            (RecipientStatus::Delivered, _) => RecipientOutcome::Delivered,
            (RecipientStatus::Unknown, _) => RecipientOutcome::Unknown,
            (RecipientStatus::NotSent, _) => RecipientOutcome::NotSent,
            (_, Answer::Refused(answer)) => RecipientOutcome::Refused(&answer.0),
            _ => RecipientOutcome::NotSent,
        }
    }

    /// Whether the server accepted the recipient.
    pub fn is_accepted(&self) -> bool {
        match &self.answer {
            Answer::None => false,
            Answer::Accepted(_) | Answer::Answered(..) => true,
            Answer::Refused(answer) => {
                answer.1.as_ref().is_some_and(|reply| reply.code().is_positive())
            }
        }
    }

    /// Why the recipient does not get the message, where it was refused.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self.outcome() {
            RecipientOutcome::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Whether the server has taken the message for it.
    #[inline]
    pub(crate) fn is_delivered(&self) -> bool {
        self.status == RecipientStatus::Delivered
    }

    /// Whether it was named, as far as its answer says.
    pub(crate) fn was_named(&self) -> bool {
        self.refusal().is_none_or(|refusal| !refusal.is_local())
            && self.status != RecipientStatus::NotSent
    }

    #[inline]
    pub(crate) fn status(&self) -> RecipientStatus {
        self.status
    }

    /// Whether it is still to be named.
    #[inline]
    pub(crate) fn is_pending(&self) -> bool {
        matches!(self.status, RecipientStatus::Pending | RecipientStatus::Retry)
    }

    /// Records that the server accepted it, after this many others.
    #[inline]
    pub(crate) fn accept(&mut self, reply: Reply, rank: u32) {
        self.answer = Answer::Accepted(reply);
        self.status = RecipientStatus::Accepted;
        self.rank = rank;
    }

    /// How many recipients were accepted before this one.
    pub(crate) fn rank(&self) -> u32 {
        self.rank
    }

    /// Records the reply that takes the message for this recipient alone.
    pub(crate) fn take_final(&mut self, reply: Reply) {
        if let Answer::Accepted(rcpt) = std::mem::replace(&mut self.answer, Answer::None) {
            self.answer = Answer::Answered(rcpt, reply);
        }
    }

    /// Records why it does not get the message.
    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        let answers_rcpt = refusal.is_of_recipient() && refusal.reply().is_some();
        let said = if answers_rcpt { None } else { self.rcpt().cloned() };
        self.answer = Answer::Refused(Box::new((refusal, said)));
        self.status = RecipientStatus::Refused;
    }

    /// Records the reply to RCPT after its sender was refused, which is why it does not get the
    /// message.
    pub(crate) fn refuse_after_mail(&mut self, reply: Reply, refusal: Refusal) {
        self.answer = Answer::Refused(Box::new((refusal, Some(reply))));
        self.status = RecipientStatus::Refused;
    }

    /// Forgets the reply to the message for this recipient alone, if it has one: it may have been
    /// the answer to another command.
    pub(crate) fn doubt_final(&mut self) {
        if self.final_reply().is_some() {
            self.answer = self.rcpt().cloned().map_or(Answer::None, Answer::Accepted);
            self.status = RecipientStatus::Unknown;
        }
    }

    /// Records that it was one too many for a transaction, and is named again in another.
    pub(crate) fn retry(&mut self, refusal: Refusal) {
        self.refuse(refusal);
        self.status = RecipientStatus::Retry;
    }

    /// Forgets what a transaction said of it that begins again.
    pub(crate) fn restart(&mut self) {
        self.answer = Answer::None;
        self.status = RecipientStatus::Pending;
    }

    /// Records how the transaction ended that had accepted it.
    #[inline]
    pub(crate) fn finish(&mut self, status: RecipientStatus) {
        self.status = status;
    }
}

#[cfg(test)]
mod tests {
    use smtp_grammar::ReplyCode;

    use super::*;

    fn reply(code: u16) -> Reply {
        Reply::new(ReplyCode::new(code).expect("a code"), ["text"])
    }

    #[test]
    fn the_reply_to_rcpt_and_the_outcome_are_two_facts() {
        let path = || ForwardPath::try_from("you@example.org").expect("an address");
        let refused = |command, code| Refusal::by_server(command, reply(code));
        let mut recipient = Recipient::new(path());
        assert_eq!((recipient.rcpt(), recipient.outcome()), (None, RecipientOutcome::NotSent));
        recipient.accept(reply(250), 0);
        assert_eq!(recipient.rcpt(), Some(&reply(250)));
        assert_eq!(recipient.outcome(), RecipientOutcome::NotSent);
        recipient.refuse(refused(Refusal::END_OF_DATA, 554));
        assert_eq!(recipient.rcpt(), Some(&reply(250)));
        let refusal = refused(Refusal::END_OF_DATA, 554);
        assert_eq!(recipient.outcome(), RecipientOutcome::Refused(&refusal));
        recipient.finish(RecipientStatus::Delivered);
        assert_eq!(recipient.outcome(), RecipientOutcome::Delivered);
        let mut recipient = Recipient::new(path());
        recipient.refuse(refused("RCPT TO:", 550));
        assert_eq!(recipient.rcpt(), Some(&reply(550)));
        let mut recipient = Recipient::new(path());
        recipient.refuse(refused("MAIL FROM:", 550));
        assert_eq!(recipient.rcpt(), None, "that is what was said to MAIL");
        let mut recipient = Recipient::new(path());
        recipient.retry(refused("RCPT TO:", 452));
        recipient.refuse(Refusal::exhausted(1));
        assert_eq!(recipient.rcpt(), Some(&reply(452)));
        assert_eq!(recipient.outcome(), RecipientOutcome::Refused(&Refusal::exhausted(1)));
        assert!(!recipient.is_accepted());
        recipient.refuse(refused("RCPT TO:", 550));
        assert_eq!(recipient.rcpt(), Some(&reply(550)), "the last");
    }
}
