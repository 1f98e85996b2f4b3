//! The report of a message that was sent under a schedule: each recipient, and every attempt.

#[cfg(feature = "serde")]
mod serde;

use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use smtp::grammar::{ForwardPath, Reply};

/// The outcome of a message for each of its recipients, and every attempt that was made.
///
/// It is plain data; the feature `serde` writes and reads it. Its `Display` is a line for a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(::serde::Serialize, ::serde::Deserialize))]
pub struct Report {
    begun: SystemTime,
    recipients: Vec<RecipientReport>,
}

/// The outcome of a message for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(::serde::Serialize, ::serde::Deserialize))]
pub struct RecipientReport {
    #[cfg_attr(feature = "serde", serde(with = "serde::path"))]
    path: ForwardPath,
    outcome: Outcome,
    attempts: Vec<Attempt>,
}

/// The end of a message for one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(::serde::Serialize, ::serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Outcome {
    /// The server has taken the message for it.
    Delivered,
    /// It does not get the message: the server refused it for good, or it cannot be sent as it is.
    Refused,
    /// The time or the attempts of the schedule are over. The last attempt says why it was not
    /// delivered.
    Expired,
    /// The message had left whole, and the connection was lost before the answer: it may have been
    /// delivered (RFC 1047).
    Unknown,
    /// No further attempt was made, although the schedule has one: the pool was closed, or there was
    /// no room for one message more that waits.
    Stopped,
}

/// An attempt to deliver a message to a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(::serde::Serialize, ::serde::Deserialize))]
#[non_exhaustive]
pub struct Attempt {
    /// When it began, from [`Report::begun`] on.
    pub began: Duration,
    /// How long it took.
    pub took: Duration,
    /// Its result.
    pub result: AttemptResult,
    /// Whether it counts. One does not where no server had a part in it: a fault of this machine, a
    /// connection that there is not for now, or credentials that are not tried again yet.
    pub counts: bool,
    /// The server's reply that decided, where one did.
    #[cfg_attr(feature = "serde", serde(with = "serde::reply"))]
    pub reply: Option<Reply>,
    /// Why the recipient did not get the message.
    #[cfg_attr(feature = "serde", serde(with = "serde::reason"))]
    pub reason: Option<Arc<str>>,
}

/// The result of one attempt for one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(::serde::Serialize, ::serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum AttemptResult {
    /// The server has taken the message for the recipient.
    Delivered,
    /// The recipient or the message was refused, for now or for good.
    Refused,
    /// The message had left whole, and was not answered.
    Unknown,
    /// The message cannot have arrived.
    NotSent,
}

impl Report {
    pub(crate) fn new(begun: SystemTime, recipients: Vec<RecipientReport>) -> Self {
        Self { begun, recipients }
    }

    /// When the message was given, by the clock of this machine.
    pub fn begun(&self) -> SystemTime {
        self.begun
    }

    /// Each recipient, in the order of the envelope.
    pub fn recipients(&self) -> &[RecipientReport] {
        &self.recipients
    }

    /// The recipients with this outcome.
    pub fn with_outcome(&self, outcome: Outcome) -> impl Iterator<Item = &RecipientReport> {
        self.recipients.iter().filter(move |recipient| recipient.outcome == outcome)
    }

    /// Whether the message was delivered to every recipient.
    pub fn is_complete(&self) -> bool {
        self.recipients.iter().all(|recipient| recipient.outcome == Outcome::Delivered)
    }

    pub(crate) fn has(&self, outcome: Outcome) -> bool {
        self.with_outcome(outcome).next().is_some()
    }
}

impl RecipientReport {
    /// Until the message is finished, no further attempt is made of which this knows.
    pub(crate) fn new(path: ForwardPath) -> Self {
        Self { path, outcome: Outcome::Stopped, attempts: Vec::new() }
    }

    pub(crate) fn finish(&mut self, outcome: Outcome) {
        self.outcome = outcome;
    }

    /// Adds an attempt. Of those that follow each other and do not count the last one is kept: a
    /// machine may be without a network for days.
    pub(crate) fn add(&mut self, attempt: Attempt) {
        match self.attempts.last_mut() {
            Some(last) if !last.counts && !attempt.counts => *last = attempt,
            _ => self.attempts.push(attempt),
        }
    }

    /// Bytes of memory that its attempts take, at most.
    pub(crate) fn held(&self) -> u64 {
        let of = |attempt: &Attempt| {
            let reply = attempt.reply.as_ref().map_or(0, |reply| reply.raw().len());
            size_of::<Attempt>() + reply + attempt.reason.as_ref().map_or(0, |reason| reason.len())
        };
        self.attempts.iter().map(of).sum::<usize>() as u64
    }

    /// The recipient.
    pub fn path(&self) -> &ForwardPath {
        &self.path
    }

    /// The end of the message for it.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Every attempt, in order. Of several in a row that do [not count](Attempt::counts), the last.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// The reply that decided, where one did: that of the last attempt that has one.
    pub fn reply(&self) -> Option<&Reply> {
        self.attempts.iter().rev().find_map(|attempt| attempt.reply.as_ref())
    }
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
            Self::Stopped => "stopped",
        }
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.reason, &self.reply) {
            (Some(reason), _) => f.write_str(reason),
            (None, Some(reply)) => Display::fmt(reply, f),
            (None, None) => f.write_str("no reply"),
        }
    }
}

impl Display for RecipientReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, outcome, attempts } = self;
        write!(f, "{path} {outcome}")?;
        let Some(last) = attempts.last() else {
            return Ok(());
        };
        let number = attempts.iter().filter(|attempt| attempt.counts).count();
        let plural = if number == 1 { "" } else { "s" };
        let seconds = (last.began + last.took).as_secs();
        write!(f, " after {number} attempt{plural} in {seconds} s: {last}")
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.recipients.is_empty() {
            return f.write_str("it has no recipients");
        }
        for (index, recipient) in self.recipients.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{recipient}")?;
        }
        Ok(())
    }
}
