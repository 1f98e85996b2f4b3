//! The policy of a message: which recipients must be accepted for it to be sent.

use std::fmt::{self, Debug};
use std::sync::Arc;

use super::recipient::Recipient;

/// Decides, from what the server said to each recipient, whether the message is sent.
///
/// | policy | the message goes to | DATA waits for the replies to RCPT | more recipients than the server takes at once |
/// |---|---|---|---|
/// | `AnyAccepted` | those that were accepted | no | get transactions of their own |
/// | `Whole` | those that were accepted | no | are refused |
/// | `AllOrNothing` | all, or none | yes | no recipient gets the message |
/// | `Decide` | those that were accepted, or none | yes | are refused |
///
/// Where the message waits for the replies, no content and no DATA leaves before every recipient was
/// answered, so that no partial mail can go out.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Policy {
    /// The message goes to the recipients that were accepted.
    #[default]
    AnyAccepted,
    /// The message goes to the recipients that were accepted, in one transaction: it is never split,
    /// so the server gets one copy of it and gives one reply.
    ///
    /// A server that takes fewer recipients in one transaction and says so (RCPTMAX, RCPTDOMAINMAX of
    /// RFC 9422) gets nothing of the message, which is refused before MAIL. One that says so in reply
    /// to RCPT (452, RFC 5321 §4.5.3.1.10) gets the message for those that it has accepted; the others
    /// are [refused](crate::message::RecipientOutcome::Refused) with that reply. A message whose MAIL
    /// has a [`TransactionId`](crate::extension::TransactionId) is not split under any policy.
    Whole,
    /// The message goes to all recipients or to none.
    AllOrNothing,
    /// The message goes to the recipients that were accepted, if this says so.
    Decide(Arc<dyn Fn(&[Recipient]) -> bool + Send + Sync>),
}

impl Policy {
    /// A policy of your own. It sees every recipient with the reply to its RCPT
    /// ([`Recipient::is_accepted`], [`Recipient::rcpt`]).
    pub fn decide(policy: impl Fn(&[Recipient]) -> bool + Send + Sync + 'static) -> Self {
        Self::Decide(Arc::new(policy))
    }

    /// Whether DATA may be in one flight with the recipients.
    pub(crate) fn permits_one_flight(&self) -> bool {
        matches!(self, Self::AnyAccepted | Self::Whole)
    }

    /// Whether recipients that do not fit into one transaction get another. A policy that looks at
    /// all of them must see all of them at once.
    pub(crate) fn permits_split(&self) -> bool {
        matches!(self, Self::AnyAccepted)
    }

    /// Whether the message is sent. A recipient was accepted.
    pub(crate) fn permits(&self, recipients: &[Recipient]) -> bool {
        match self {
            Self::AnyAccepted | Self::Whole => true,
            Self::AllOrNothing => recipients.iter().all(Recipient::is_accepted),
            Self::Decide(policy) => policy(recipients),
        }
    }
}

impl Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AnyAccepted => "AnyAccepted",
            Self::Whole => "Whole",
            Self::AllOrNothing => "AllOrNothing",
            Self::Decide(_) => "Decide(..)",
        })
    }
}
