//! Why an authentication mechanism could not go on.

use std::fmt::{self, Display};

/// Why a mechanism could not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MechanismError {
    reason: Box<str>,
}

impl MechanismError {
    /// An error with a reason, which must not hold a secret.
    pub fn new(reason: impl Into<Box<str>>) -> Self {
        Self { reason: reason.into() }
    }
}

impl Display for MechanismError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for MechanismError {}
