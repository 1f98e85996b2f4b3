//! A configuration of TLS that is made.

use std::fmt::{self, Debug};
use std::sync::Arc;

use tokio_rustls::rustls::ClientConfig;

use super::version::TlsVersion;
use crate::state::Verification;

/// How TLS is spoken: whom to trust, the client certificate, the versions.
///
/// Cheap to clone, and meant to be made once: what rustls remembers of a server shortens the next
/// handshake.
#[derive(Clone)]
pub struct TlsConfig {
    config: Arc<ClientConfig>,
    verification: Verification,
    /// None: the configuration is the caller's own.
    min_version: Option<TlsVersion>,
}

impl TlsConfig {
    /// A configuration of rustls, for what this type cannot say. It must verify servers:
    /// the library takes a session under it for a verified one.
    pub fn from_rustls(config: Arc<ClientConfig>) -> Self {
        Self { config, verification: Verification::Custom, min_version: None }
    }

    #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
    pub(super) fn new_with(
        config: ClientConfig,
        verification: Verification,
        min_version: TlsVersion,
    ) -> Self {
        Self { config: Arc::new(config), verification, min_version: Some(min_version) }
    }

    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// How servers are verified.
    pub(crate) fn verification(&self) -> Verification {
        self.verification
    }

    /// The oldest version of TLS that is spoken, unless the configuration is the caller's own.
    pub(crate) fn min_version(&self) -> Option<TlsVersion> {
        self.min_version
    }
}

impl Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConfig")
            .field("verification", &self.verification)
            .finish_non_exhaustive()
    }
}
