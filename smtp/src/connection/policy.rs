//! Who must be accepted for a message to be sent.

use std::fmt::{self, Debug};
use std::sync::Arc;

use crate::receipt::Recipient;

/// Decides, from what the server said to each recipient, whether the message is sent.
///
/// Under any policy but the first, no content and no DATA leaves before every recipient was
/// answered, so that no partial mail can go out.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Policy {
    /// The message goes to whoever was accepted.
    #[default]
    AnyAccepted,
    /// The message goes to everybody or to nobody.
    AllOrNothing,
    /// The message goes to whoever was accepted, if this says so.
    Decide(Arc<dyn Fn(&[Recipient]) -> bool + Send + Sync>),
}

impl Policy {
    /// A policy of your own.
    pub fn decide(policy: impl Fn(&[Recipient]) -> bool + Send + Sync + 'static) -> Self {
        Self::Decide(Arc::new(policy))
    }

    /// Whether DATA may be in one flight with the recipients.
    pub(super) fn permits_one_flight(&self) -> bool {
        matches!(self, Self::AnyAccepted)
    }

    /// Whether the message is sent. Somebody was accepted.
    pub(super) fn permits(&self, recipients: &[Recipient]) -> bool {
        match self {
            Self::AnyAccepted => true,
            Self::AllOrNothing => recipients.iter().all(|recipient| recipient.outcome().is_ok()),
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
