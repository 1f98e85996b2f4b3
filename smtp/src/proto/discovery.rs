//! Why the SRV records of a domain lead to no server.

use std::error::Error;
use std::fmt::{self, Display};

/// Why the SRV records of a domain lead to no server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoveryError {
    kind: DiscoveryErrorKind,
    text: Box<str>,
}

/// The kind of a [`DiscoveryError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DiscoveryErrorKind {
    /// The domain says that it does not offer the service: its record has the target `.`
    /// (RFC 2782).
    NotOffered,
    /// The domain has no such record.
    NoRecord,
    /// The domain has such records, and none that can be used.
    Unusable,
}

impl DiscoveryError {
    pub(crate) fn new(kind: DiscoveryErrorKind, text: String) -> Self {
        Self { kind, text: text.into() }
    }

    /// Its kind.
    pub fn kind(&self) -> DiscoveryErrorKind {
        self.kind
    }
}

impl Display for DiscoveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for DiscoveryError {}
