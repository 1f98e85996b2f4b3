//! A message between its attempts: its recipients, its attempts, and when the next one begins.

#[cfg(feature = "serde")]
mod serde;

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

/// A message between its attempts, as plain data: a queue keeps it, over a restart of the program
/// too, and hands it to [`Retry::attempt`](crate::Retry::attempt) when it is [due](Self::due).
///
/// With the feature `serde` it can be written and read back, where its
/// [`Message`] can.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The message for those that are named in the next attempt.
    message: Message,
    /// Those that are named have no outcome yet, which is written as `Stopped`.
    recipients: Vec<RecipientReport>,
    begun: SystemTime,
    due: SystemTime,
    /// Attempts that count.
    attempts: u32,
    /// A time by the clock of the runtime, and how old the message was then; none before it is asked
    /// for.
    // The clock of a machine may be set, and a test's clock does not move it.
    seen: Option<(Instant, Duration)>,
    wake: Option<Instant>,
}

/// The state of a message after an attempt.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is moved once for each attempt")]
pub enum Attempted {
    /// It is finished for each of its recipients.
    Finished(Result<Report, RetryError>),
    /// It is to be sent again to some of them, when it is [due](Pending::due).
    Again(Pending),
}

impl Pending {
    /// A message that was not sent yet: it is due at once, and its time begins now.
    pub fn new(message: Message) -> Self {
        let paths = message.envelope().recipients().cloned();
        let recipients = paths.map(RecipientReport::new).collect();
        let (begun, now) = (SystemTime::now(), Instant::now());
        let (seen, wake) = (Some((now, Duration::ZERO)), Some(now));
        Self { message, recipients, begun, due: begun, attempts: 0, seen, wake }
    }

    /// The message for those recipients that are named in the next attempt.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// When the next attempt is to be made, by the clock of this machine.
    pub fn due(&self) -> SystemTime {
        self.due
    }

    /// How many attempts were made [that count](crate::Attempt::counts).
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The report so far. Recipients that are named again have the outcome
    /// [`Stopped`](Outcome::Stopped).
    pub fn report(&self) -> Report {
        Report::new(self.begun, self.recipients.clone())
    }

    /// Makes no further attempt: the end of the message, as where the pool was closed.
    ///
    /// # Errors
    ///
    /// Always, with the kind [`Closed`](RetryErrorKind::Closed), the report and the message, unless
    /// no recipient was named any more.
    pub fn stop(self) -> Result<Report, RetryError> {
        self.finish(Some(Stop::Closed))
    }

    /// Bytes of memory that it takes: its content, and the replies to its attempts.
    pub(super) fn held(&self) -> u64 {
        let reports: u64 = self.recipients.iter().map(RecipientReport::held).sum();
        self.message.content().held().saturating_add(reports)
    }

    /// How old the message is at a time, which is not before this was asked for first.
    pub(super) fn age(&mut self, at: Instant) -> Duration {
        let (seen, age) = *self.seen.get_or_insert_with(|| {
            // A clock that was set back says that it is new.
            (Instant::now(), self.begun.elapsed().unwrap_or_default())
        });
        age.saturating_add(at.saturating_duration_since(seen))
    }

    /// When the next attempt begins.
    pub(super) fn wake(&mut self) -> Instant {
        *self.wake.get_or_insert_with(|| {
            let left = self.due.duration_since(SystemTime::now()).unwrap_or_default();
            let now = Instant::now();
            now.checked_add(left).unwrap_or(now)
        })
    }

    /// Records an attempt for each recipient that it named, which began at this age of the message,
    /// and says what comes next.
    pub(super) fn record(
        mut self,
        began: Duration,
        took: Duration,
        tried: &Tried,
        schedule: &Schedule,
        resend_unknown: bool,
    ) -> Attempted {
        let (policy, named) = {
            let envelope = self.message.envelope();
            (envelope.send_policy(), envelope.rcpts().len())
        };
        let verdict = Verdict::of(tried, named, policy, resend_unknown);
        self.attempts = self.attempts.saturating_add(u32::from(verdict.counts));
        let open = self.recipients.iter_mut().filter(|one| one.outcome() == Outcome::Stopped);
        for (recipient, fate) in open.zip(&verdict.recipients) {
            recipient.add(Attempt {
                began,
                took,
                result: fate.result,
                counts: verdict.counts,
                reply: fate.reply.clone(),
                reason: fate.reason.clone(),
            });
            if let Some(outcome) = fate.outcome {
                recipient.finish(outcome);
            }
        }
        if !verdict.goes_on() {
            return Attempted::Finished(self.finish(None));
        }
        self.narrow(&verdict);
        match self.next_attempt(schedule, &verdict) {
            Some(wake) => {
                let delay = wake.saturating_duration_since(Instant::now());
                let now = SystemTime::now();
                (self.wake, self.due) = (Some(wake), now.checked_add(delay).unwrap_or(now));
                Attempted::Again(self)
            }
            None => Attempted::Finished(self.finish(Some(Stop::Expired))),
        }
    }

    /// Leaves those in the envelope that are named again.
    fn narrow(&mut self, verdict: &Verdict) {
        let again =
            |index: usize| verdict.recipients.get(index).is_some_and(|fate| fate.outcome.is_none());
        let mut envelope = self.message.envelope().clone().retain(|index, _| again(index));
        if verdict.is_let_go() && looks_at_all(envelope.send_policy()) {
            envelope = envelope.policy(Policy::AnyAccepted);
        }
        self.message = self.message.clone().with_envelope(envelope);
    }

    /// When the next attempt begins; `None` where there is none.
    fn next_attempt(&mut self, schedule: &Schedule, verdict: &Verdict) -> Option<Instant> {
        let mut delay = schedule.delay(self.attempts)?;
        if !verdict.counts {
            delay = delay.max(LEAST_PAUSE);
        }
        let wake = Instant::now().checked_add(delay)?;
        let wake = verdict.until.map_or(wake, |until| until.max(wake));
        (self.age(wake) <= schedule.lifetime).then_some(wake)
    }

    pub(super) fn finish(mut self, stop: Option<Stop>) -> Result<Report, RetryError> {
        if stop == Some(Stop::Expired) {
            let open = self.recipients.iter_mut().filter(|one| one.outcome() == Outcome::Stopped);
            open.for_each(|recipient| recipient.finish(Outcome::Expired));
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
