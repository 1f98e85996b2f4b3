//! A message under way: its recipients, its attempts, and when the next one begins.

use std::time::{Duration, SystemTime};

use smtp::Policy;
use tokio::time::Instant;

use super::error::{RetryError, RetryErrorKind};
use super::judge::{Tried, Verdict, looks_at_all};
use super::schedule::Schedule;
use crate::message::Message;
use crate::report::{Attempt, Outcome, RecipientReport, Report};

/// The least pause after a try that does not count: nothing else limits their number.
const LEAST_PAUSE: Duration = Duration::from_secs(1);

/// Why no further attempt is made for recipients that might get the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Expired,
    Full,
    Closed,
}

/// A message under way.
pub(super) struct Progress {
    /// The message for those that are named in the next attempt.
    message: Message,
    /// The index of each of them in the report.
    open: Vec<usize>,
    recipients: Vec<RecipientReport>,
    begun: SystemTime,
    start: Instant,
    /// Attempts that count.
    attempts: u32,
}

impl Progress {
    pub(super) fn new(message: Message) -> Self {
        let paths = message.envelope().recipients().cloned();
        let recipients: Vec<_> = paths.map(RecipientReport::new).collect();
        let open = (0..recipients.len()).collect();
        let (begun, start) = (SystemTime::now(), Instant::now());
        Self { message, open, recipients, begun, start, attempts: 0 }
    }

    /// The message for those that are named in the next attempt.
    pub(super) fn message(&self) -> &Message {
        &self.message
    }

    /// Records an attempt for each recipient that it named.
    pub(super) fn record(
        &mut self,
        began: Instant,
        tried: &Tried,
        resend_unknown: bool,
    ) -> Verdict {
        let policy = self.message.envelope().send_policy();
        let verdict = Verdict::of(tried, self.open.len(), policy, resend_unknown);
        self.attempts = self.attempts.saturating_add(u32::from(verdict.counts));
        for (&index, fate) in self.open.iter().zip(&verdict.recipients) {
            let Some(recipient) = self.recipients.get_mut(index) else {
                continue;
            };
            recipient.add(Attempt {
                began: began.duration_since(self.start),
                took: began.elapsed(),
                result: fate.result,
                counts: verdict.counts,
                reply: fate.reply.clone(),
                reason: fate.reason.clone(),
            });
            if let Some(outcome) = fate.outcome {
                recipient.finish(outcome);
            }
        }
        verdict
    }

    /// Leaves those in the envelope that are named again.
    pub(super) fn narrow(&mut self, verdict: &Verdict) {
        let mut fates = verdict.recipients.iter();
        self.open.retain(|_| fates.next().is_some_and(|fate| fate.outcome.is_none()));
        let again =
            |index: usize| verdict.recipients.get(index).is_some_and(|fate| fate.outcome.is_none());
        let mut envelope = self.message.envelope().clone().retain(|index, _| again(index));
        if verdict.is_let_go() && looks_at_all(envelope.send_policy()) {
            envelope = envelope.policy(Policy::AnyAccepted);
        }
        self.message = self.message.clone().with_envelope(envelope);
    }

    /// When the next attempt begins; `None` where there is none.
    pub(super) fn wake(&self, schedule: &Schedule, verdict: &Verdict) -> Option<Instant> {
        let mut delay = schedule.delay(self.attempts)?;
        if !verdict.counts {
            delay = delay.max(LEAST_PAUSE);
        }
        let wake = Instant::now().checked_add(delay)?;
        let wake = verdict.until.map_or(wake, |until| until.max(wake));
        let over = self.start.checked_add(schedule.lifetime);
        over.is_none_or(|over| wake <= over).then_some(wake)
    }

    pub(super) fn finish(mut self, stop: Option<Stop>) -> Result<Report, RetryError> {
        if let Some(stop) = stop {
            let outcome = if stop == Stop::Expired { Outcome::Expired } else { Outcome::Stopped };
            for &index in &self.open {
                if let Some(recipient) = self.recipients.get_mut(index) {
                    recipient.finish(outcome);
                }
            }
        }
        let report = Report::new(self.begun, self.recipients);
        let kind = match stop {
            Some(Stop::Full) => RetryErrorKind::Full,
            // The attempt itself found the pool closed.
            _ if report.has(Outcome::Stopped) => RetryErrorKind::Closed,
            _ if report.has(Outcome::Delivered) => return Ok(report),
            _ if report.has(Outcome::Unknown) => RetryErrorKind::Unknown,
            _ if report.has(Outcome::Expired) => RetryErrorKind::Expired,
            _ => RetryErrorKind::Refused,
        };
        let may_go = report.has(Outcome::Stopped) || report.has(Outcome::Expired);
        Err(RetryError::new(kind, report, may_go.then_some(self.message)))
    }
}
