//! Why an authentication mechanism could not go on.

use std::fmt::{self, Display};

/// Why a mechanism could not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MechanismError {
    reason: Box<str>,
    untrusted: bool,
}

impl MechanismError {
    /// An error with a reason, which must not hold a secret.
    pub fn new(reason: impl Into<Box<str>>) -> Self {
        Self { reason: reason.into(), untrusted: false }
    }

    /// As [`new`](Self::new), of a server that has not proved who it is, or that an attacker may
    /// speak for. The exchange is not cancelled: the connection ends, with
    /// [`ProtocolError::Untrusted`](crate::error::ProtocolError::Untrusted), and nothing more is
    /// sent over it.
    pub fn untrusted(reason: impl Into<Box<str>>) -> Self {
        Self { reason: reason.into(), untrusted: true }
    }

    /// Whether the connection ends.
    pub fn is_untrusted(&self) -> bool {
        self.untrusted
    }
}

impl Display for MechanismError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for MechanismError {}
