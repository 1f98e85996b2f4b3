//! What can be done in `Tls`: EHLO done inside TLS, not authenticated.

use super::call::Pending;
use super::error::TransitionError;
use super::session::Session;
use super::{Connection, Server};
use crate::auth::Mechanism;
use crate::error::Error;
use crate::net::{TlsConfig, Transport};
use crate::state::{Authed, Tls};

impl Connection<Tls> {
    /// Connects to a server that speaks TLS from the first octet (RFC 8314 §3), usually at port
    /// 465, and says EHLO.
    ///
    /// # Errors
    ///
    /// [`Error::Lost`] when no address answers, the handshake fails, or the server does not want
    /// to talk; [`Error::Refused`] when it refuses EHLO.
    pub async fn connect_tls(server: &Server, tls: &TlsConfig) -> Result<Self, Error> {
        let session = server.dial().await?;
        Self::open(session, tls).await
    }

    /// As [`connect_tls`](Self::connect_tls), over a stream that is already open.
    ///
    /// # Errors
    ///
    /// As [`connect_tls`](Self::connect_tls).
    pub async fn over_tls(
        stream: impl Transport,
        server: &Server,
        tls: &TlsConfig,
    ) -> Result<Self, Error> {
        Self::open(server.over(stream), tls).await
    }

    /// Authenticates (RFC 4954).
    ///
    /// A mechanism that reveals its secret is not used when the server is not verified. After a
    /// refusal the connection is as before, and may try another mechanism.
    ///
    /// # Errors
    ///
    /// [`TransitionError::Refused`] when the server does not offer the mechanism, refuses the
    /// credentials, or says something that the mechanism does not understand;
    /// [`TransitionError::Lost`] when the connection is gone, also when the server claims success
    /// before the mechanism has verified it.
    pub fn authenticate<M: Mechanism + ?Sized>(
        self,
        mechanism: &mut M,
    ) -> Pending<'_, Result<Connection<Authed>, TransitionError<Tls>>> {
        Pending::new(async move { self.prove(mechanism, false).await })
    }

    async fn open(mut session: Box<Session>, tls: &TlsConfig) -> Result<Self, Error> {
        let security = session.secure(tls).await?;
        let capabilities = session.open(true).await?;
        let state = Tls { capabilities, security };
        Ok(Self { session, state })
    }
}
