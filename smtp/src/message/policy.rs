//! The policy of a message: which recipients must be accepted for it to be sent.

use std::fmt::{self, Debug};
use std::sync::Arc;

use super::recipient::Recipient;

/// Decides, from what the server said to each recipient, whether the message is sent.
///
/// Under any policy but the first, no content and no DATA leaves before every recipient was
/// answered, so that no partial mail can go out.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Policy {
    /// The message goes to the recipients that were accepted.
    #[default]
    AnyAccepted,
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
        matches!(self, Self::AnyAccepted)
    }

    /// Whether the message is sent. A recipient was accepted.
    pub(crate) fn permits(&self, recipients: &[Recipient]) -> bool {
        match self {
            Self::AnyAccepted => true,
            Self::AllOrNothing => recipients.iter().all(Recipient::is_accepted),
            Self::Decide(policy) => policy(recipients),
        }
    }
}

impl Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AnyAccepted => "AnyAccepted",
            Self::AllOrNothing => "AllOrNothing",
            Self::Decide(_) => "Decide(..)",
        })
    }
}
