//! The verdict on one attempt: which recipients are finished, and which are named again.

use std::io::{self, ErrorKind};
use std::sync::Arc;

use bytes::Bytes;
use smtp::error::Blame;
use smtp::grammar::Reply;
use smtp::message::{Policy, Recipient, RecipientOutcome};
use smtp::{DeliverError, Receipt, Refusal};
use tokio::time::Instant;

use crate::error::{Reason, SendError};
use crate::report::{AttemptResult, Outcome};

/// The end of one attempt.
#[derive(Debug)]
pub(super) enum Tried {
    Sent(Result<Receipt, SendError>),
    /// The content could not be opened.
    Unreadable(io::Error),
}

/// The verdict on an attempt.
#[derive(Debug)]
pub(super) struct Verdict {
    /// For each recipient of the attempt.
    pub(super) recipients: Vec<Fate>,
    pub(super) counts: bool,
    /// The next attempt is not made before.
    pub(super) until: Option<Instant>,
}

/// A recipient after an attempt.
#[derive(Debug)]
pub(super) struct Fate {
    pub(super) result: AttemptResult,
    pub(super) reply: Option<Reply>,
    pub(super) reason: Option<Arc<str>>,
    /// None: it is named again.
    pub(super) outcome: Option<Outcome>,
}

impl Verdict {
    /// Judges an attempt for so many recipients. `resend_unknown`: the caller takes the risk that a
    /// message is delivered twice.
    pub(super) fn of(
        tried: &Tried,
        recipients: usize,
        policy: &Policy,
        resend_unknown: bool,
    ) -> Self {
        match tried {
            Tried::Sent(Ok(receipt)) => Self {
                recipients: each(receipt.recipients(), recipients, |recipient| {
                    let mut fate = Fate::of(recipient, &Shared::TAKEN, resend_unknown);
                    if fate.outcome == Some(Outcome::Delivered) {
                        fate.reply = fate.reply.or_else(|| Some(own(receipt.reply())));
                    }
                    fate
                }),
                counts: true,
                until: None,
            },
            Tried::Sent(Err(SendError::Delivery(error))) => {
                Self::of_delivery(error, recipients, policy, resend_unknown)
            }
            Tried::Sent(Err(SendError::NotSent(not_sent))) => {
                Self::of_reason(not_sent.reason(), recipients)
            }
            Tried::Unreadable(error) => {
                let transient = !matches!(
                    error.kind(),
                    ErrorKind::NotFound
                        | ErrorKind::PermissionDenied
                        | ErrorKind::IsADirectory
                        | ErrorKind::NotADirectory
                        | ErrorKind::InvalidInput
                        | ErrorKind::Unsupported
                );
                let reason =
                    Arc::from(format!("the content of the message cannot be opened: {error}"));
                Self::of_all(recipients, None, &reason, (!transient).then_some(Outcome::Refused))
            }
        }
    }

    fn of_delivery(
        error: &DeliverError,
        recipients: usize,
        policy: &Policy,
        resend_unknown: bool,
    ) -> Self {
        let transient = match error {
            // Of those to which nothing was sent.
            DeliverError::Unknown(unknown) => unknown.lost().is_transient(),
            _ => error.is_transient(),
        };
        let shared = Shared {
            transient,
            reply: error.reply().map(own),
            reason: Some(error.to_string().into()),
        };
        let fate = |recipient: &_| Fate::of(recipient, &shared, resend_unknown);
        let mut recipients = each(error.recipients(), recipients, fate);
        if is_whole(&recipients, policy) {
            // The policy is about all of the recipients: as long as it has not let the message go,
            // all are named again, or the message is over for all.
            let of_good = match error {
                DeliverError::Refused(undelivered) => {
                    undelivered.refusal().reply().is_some() && undelivered.refusal().is_permanent()
                }
                _ => false,
            };
            let one_is_out =
                matches!(policy, Policy::AllOrNothing) && error.recipients().iter().any(is_out);
            let is_over = !transient || of_good || one_is_out;
            let outcome = is_over.then_some(Outcome::Refused);
            for fate in &mut recipients {
                fate.outcome = outcome;
            }
        }
        Self { recipients, counts: counts(error.blame()), until: None }
    }

    fn of_reason(reason: &Reason, recipients: usize) -> Self {
        let (counts, until) = match reason {
            Reason::Connect(error) => (counts(error.blame()), None),
            Reason::Suspended { until, .. } | Reason::Credentials { until, .. } => {
                (false, Some(*until))
            }
            Reason::Busy(_) | Reason::Rate | Reason::Interrupted | Reason::Closed => (false, None),
        };
        let outcome = match reason {
            Reason::Closed => Some(Outcome::Stopped),
            // The schedule may outlive the pause, and the credentials may be mended meanwhile.
            Reason::Credentials { .. } => None,
            _ => (!reason.is_transient()).then_some(Outcome::Refused),
        };
        let reply = reason.error().and_then(smtp::Error::reply);
        let all = Self::of_all(recipients, reply, &reason.to_string().into(), outcome);
        Self { counts, until, ..all }
    }

    /// All recipients have the same fate: nothing was sent.
    fn of_all(
        recipients: usize,
        reply: Option<&Reply>,
        reason: &Arc<str>,
        outcome: Option<Outcome>,
    ) -> Self {
        let reply = reply.map(own);
        let fate = || Fate {
            result: AttemptResult::NotSent,
            reply: reply.clone(),
            reason: Some(Arc::clone(reason)),
            outcome,
        };
        let recipients = std::iter::repeat_with(fate).take(recipients).collect();
        Self { recipients, counts: false, until: None }
    }

    /// Whether a recipient is named again.
    pub(super) fn goes_on(&self) -> bool {
        self.recipients.iter().any(|fate| fate.outcome.is_none())
    }

    /// Whether a server has the message, or may have it: the policy has let it go.
    pub(super) fn is_let_go(&self) -> bool {
        self.recipients.iter().any(|fate| fate.result.may_have_it())
    }
}

/// The facts that the recipients of an attempt share.
struct Shared {
    /// Those to which nothing was sent may get it another time.
    transient: bool,
    reply: Option<Reply>,
    reason: Option<Arc<str>>,
}

impl Shared {
    /// Those of a message that a server took.
    const TAKEN: Self = Self { transient: true, reply: None, reason: None };
}

impl Fate {
    fn of(recipient: &Recipient, shared: &Shared, resend_unknown: bool) -> Self {
        let (reply, reason) = (shared.reply.clone(), shared.reason.clone());
        match recipient.outcome() {
            RecipientOutcome::Delivered => Self {
                result: AttemptResult::Delivered,
                reply: recipient.final_reply().map(own),
                reason: None,
                outcome: Some(Outcome::Delivered),
            },
            RecipientOutcome::Refused(refusal) => Self {
                result: AttemptResult::Refused,
                reply: refusal.reply().map(own),
                reason: Some(refusal.to_string().into()),
                outcome: (!refusal.is_transient()).then_some(Outcome::Refused),
            },
            RecipientOutcome::NotSent => Self {
                result: AttemptResult::NotSent,
                reply,
                reason,
                outcome: (!shared.transient).then_some(Outcome::Refused),
            },
            // A kind of outcome that is new is taken for the one that is never repeated.
            _ => Self {
                result: AttemptResult::Unknown,
                reply,
                reason,
                outcome: (!resend_unknown).then_some(Outcome::Unknown),
            },
        }
    }

    /// A recipient of which nothing is known.
    fn unknown() -> Self {
        Self {
            result: AttemptResult::Unknown,
            reply: None,
            reason: None,
            outcome: Some(Outcome::Unknown),
        }
    }
}

impl AttemptResult {
    fn may_have_it(self) -> bool {
        matches!(self, Self::Delivered | Self::Unknown)
    }
}

/// The fate of each of so many recipients.
fn each(of: &[Recipient], number: usize, fate: impl Fn(&Recipient) -> Fate) -> Vec<Fate> {
    (0..number).map(|index| of.get(index).map_or_else(Fate::unknown, &fate)).collect()
}

/// Whether the recipients have one fate in common, under a policy that no message has passed yet.
fn is_whole(recipients: &[Fate], policy: &Policy) -> bool {
    looks_at_all(policy) && !recipients.iter().any(|fate| fate.result.may_have_it())
}

/// Whether the policy looks at all recipients before the message is sent.
pub(super) fn looks_at_all(policy: &Policy) -> bool {
    !matches!(policy, Policy::AnyAccepted | Policy::Whole)
}

/// Whether it was refused for good, and not by the policy for the sake of another.
fn is_out(recipient: &Recipient) -> bool {
    let by_policy = |refusal: &Refusal| refusal.command() == "DATA" && refusal.reply().is_none();
    recipient.refusal().is_some_and(|refusal| refusal.is_permanent() && !by_policy(refusal))
}

/// Whether an attempt counts: not where the fault is on this side.
fn counts(blame: Blame) -> bool {
    !matches!(blame, Blame::Local | Blame::Caller)
}

/// The reply in memory of its own: it came in a buffer with many others.
fn own(reply: &Reply) -> Reply {
    Reply::from_frame_unchecked(reply.code(), Bytes::copy_from_slice(reply.raw()))
}
