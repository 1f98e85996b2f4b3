//! A configuration of TLS that is made.

use std::fmt::{self, Debug};
use std::sync::Arc;

use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::sessions::Sessions;
use super::version::TlsVersion;
use crate::state::Verification;

/// How TLS is spoken: whom to trust, the client certificate, the versions.
///
/// Cheap to clone, and meant to be made once. A configuration and its clones keep what they remember
/// of a server, and resume that session with the next handshake. They never resume a session of
/// another configuration: a session that is resumed is not verified anew. Once a
/// handshake that would resume a session has failed, the next ones with that server are full.
#[derive(Clone)]
pub struct TlsConfig {
    config: Arc<ClientConfig>,
    verification: Verification,
    /// None: the configuration is the caller's own.
    min_version: Option<TlsVersion>,
    /// The same.
    sessions: Option<Arc<Sessions>>,
}

impl TlsConfig {
    /// A configuration of rustls, for what this type cannot say, and the caller's statement of how
    /// it verifies servers: rustls does not show the verifier of a configuration.
    ///
    /// The facts of a session repeat the statement ([`Security`](crate::state::Security)).
    /// [`Verification::Unverified`] is for one that accepts servers that have proved nothing: no
    /// secret then travels but through [`Connection::dangerous`](crate::Connection::dangerous). With
    /// every other statement the library takes a session for a verified one, so that a statement
    /// that is not true gives passwords to whichever server answers.
    ///
    /// The sessions to resume are those of the configuration's own `resumption`, which the
    /// library cannot look into: a server that breaks off a handshake which offers one may be
    /// offered it again.
    pub fn from_rustls(config: Arc<ClientConfig>, verification: Verification) -> Self {
        Self { config, verification, min_version: None, sessions: None }
    }

    #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
    pub(super) fn new_with(
        mut config: ClientConfig,
        verification: Verification,
        min_version: TlsVersion,
    ) -> Self {
        let sessions = Arc::new(Sessions::default());
        config.resumption = tokio_rustls::rustls::client::Resumption::store(sessions.clone());
        Self {
            config: Arc::new(config),
            verification,
            min_version: Some(min_version),
            sessions: Some(sessions),
        }
    }

    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// Records how a handshake with this server has ended, for the next one.
    pub(crate) fn end_handshake(&self, server: &ServerName<'static>, succeeded: bool) {
        if let Some(sessions) = &self.sessions {
            sessions.end_handshake(server, succeeded);
        }
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
