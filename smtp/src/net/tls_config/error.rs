//! Why a TLS configuration cannot be made.

use std::fmt::{self, Display};

use tokio_rustls::rustls;

/// Why a TLS configuration cannot be made.
#[derive(Debug)]
pub struct TlsConfigError {
    reason: String,
    source: Option<rustls::Error>,
}

impl TlsConfigError {
    /// The crate was built without a provider of cryptography.
    #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
    pub(crate) fn no_provider() -> Self {
        Self {
            reason: "no TLS configuration was given and none can be made: enable the feature \
                     `aws-lc-rs` or `ring`"
                .to_owned(),
            source: None,
        }
    }

    /// A setting that cannot be used.
    #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), source: None }
    }

    /// A setting that rustls refuses.
    #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
    pub(super) fn rejected(what: &str, error: rustls::Error) -> Self {
        Self { reason: format!("{what} cannot be used: {error}"), source: Some(error) }
    }
}

impl Display for TlsConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for TlsConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|error| error as _)
    }
}
