//! The calls of the state `Tls`: EHLO done inside TLS, not authenticated.

use super::call::Pending;
use super::error::TransitionError;
use super::session::Session;
use super::typed::Connection;
use crate::any_error::Error;
use crate::auth::Mechanism;
use crate::net::TlsConfig;
use crate::state::{Authed, Tls};

impl Connection<Tls> {
    /// Authenticates (RFC 4954).
    ///
    /// A mechanism that reveals its secret is not used when the server is not verified. After a
    /// refusal the connection is as before, and may try another mechanism.
    ///
    /// # Errors
    ///
    /// [`TransitionError::Refused`] when the server does not offer the mechanism, refuses the
    /// credentials, or sends a challenge that the mechanism does not understand;
    /// [`TransitionError::Lost`] when the connection is gone, also when the server claims success
    /// before the mechanism has verified the server.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub fn authenticate<M: Mechanism + ?Sized>(
        self,
        mechanism: &mut M,
    ) -> Pending<'_, Result<Connection<Authed>, TransitionError<Tls>>> {
        Pending::new(async move { self.run_authenticate(mechanism, false).await })
    }

    /// Speaks TLS from the first byte, reads the greeting and says EHLO. `early` says that EHLO
    /// leaves before the greeting has come.
    pub(crate) async fn open_tls(
        mut session: Box<Session>,
        tls: &TlsConfig,
        early: bool,
    ) -> Result<Self, Error> {
        let exporter = Box::new(session.secure(tls).await?);
        let capabilities = session.open(true, early).await??;
        let state = Tls { capabilities, exporter };
        Ok(Self { session, state })
    }
}
