//! What can be done in `Greeted`: connected, EHLO done, no TLS.

use super::call::Pending;
use super::error::TransitionError;
use super::{Connection, Server};
use crate::auth::Mechanism;
use crate::command::StartTls;
use crate::error::Error;
use crate::net::{TlsConfig, Transport};
use crate::state::{Authed, Greeted, Security, Tls, Upgrade};

impl Connection<Greeted> {
    /// Connects to a server and says EHLO (or HELO, to a server that does not know EHLO).
    ///
    /// # Errors
    ///
    /// [`Error::Lost`] when no address answers or the server does not want to talk,
    /// [`Error::Refused`] when it refuses EHLO.
    pub async fn connect(server: &Server) -> Result<Self, Error> {
        let session = server.dial().await?;
        Self::open(session, false).await
    }

    /// As [`connect`](Self::connect), for a session that goes on with STARTTLS or not at all: a
    /// server that does not know EHLO is not asked with HELO.
    pub(super) async fn connect_extended(server: &Server) -> Result<Self, Error> {
        let session = server.dial().await?;
        Self::open(session, true).await
    }

    /// As [`connect`](Self::connect), over a stream that is already open. Its greeting is not read
    /// yet.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn over(stream: impl Transport, server: &Server) -> Result<Self, Error> {
        Self::open(server.over(stream), false).await
    }

    /// Goes on inside TLS: STARTTLS, the handshake, EHLO again (RFC 3207). What was learned before
    /// is forgotten.
    ///
    /// # Errors
    ///
    /// [`TransitionError::Refused`] when the server does not offer STARTTLS or refuses it. The
    /// connection comes back, in clear: sending mail over it is a decision of its own.
    /// [`TransitionError::Lost`] when the handshake fails, the certificate is not one for this
    /// server, or octets followed the server's reply in clear.
    pub async fn starttls(
        self,
        tls: &TlsConfig,
    ) -> Result<Connection<Tls>, TransitionError<Greeted>> {
        self.secure(StartTls, tls).await.map(|(connection, _)| connection)
    }

    /// As [`starttls`](Self::starttls), begun by a command of yours.
    ///
    /// # Errors
    ///
    /// As [`starttls`](Self::starttls).
    pub fn upgrade<'a, C>(
        self,
        command: C,
        tls: &'a TlsConfig,
    ) -> Pending<'a, Result<(Connection<Tls>, C::Reply), TransitionError<Greeted>>>
    where
        C: Upgrade + Send + 'a,
        C::Reply: Send,
    {
        Pending::new(async move { self.secure(command, tls).await })
    }

    /// Opens the door to what is dangerous in clear.
    pub fn dangerous(self) -> Dangerous {
        Dangerous(self)
    }

    async fn open(
        mut session: Box<super::session::Session>,
        extended: bool,
    ) -> Result<Self, Error> {
        let capabilities = session.open(extended).await?;
        Ok(Self { session, state: Greeted { capabilities } })
    }

    async fn secure<C: Upgrade>(
        mut self,
        command: C,
        tls: &TlsConfig,
    ) -> Result<(Connection<Tls>, C::Reply), TransitionError<Greeted>> {
        self.session.driver.enter()?;
        let reply = match self.exchange(&command).await? {
            Ok((reply, _)) => reply,
            Err(refusal) => return Err(self.refused(refusal)),
        };
        let reply = self.read::<C>(reply)?;
        let mut session = self.session;
        let security = session.secure(tls).await?;
        let capabilities = session.hello_again(true).await?;
        session.driver.leave();
        let state = Tls { capabilities, security };
        Ok((Connection { session, state }, reply))
    }
}

/// A connection without TLS, for calls that everybody on the way can watch.
#[derive(Debug)]
#[must_use]
pub struct Dangerous(Connection<Greeted>);

impl Dangerous {
    /// Authenticates without TLS, for servers that are reached in a way that is safe by itself.
    /// Everybody on that way can read the password, and the mail.
    ///
    /// # Errors
    ///
    /// As [`Connection::<Tls>::authenticate`].
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub fn authenticate<M: Mechanism + ?Sized>(
        self,
        mechanism: &mut M,
    ) -> Pending<'_, Result<Connection<Authed>, TransitionError<Greeted>>> {
        Pending::new(async move { self.0.prove(mechanism, true).await })
    }
}

impl super::session::Session {
    /// The handshake.
    pub(super) async fn secure(&mut self, tls: &TlsConfig) -> Result<Security, crate::Fault> {
        let name = self.profile.server_name.clone();
        let established = self.driver.handshake(tls, &name).await?;
        Ok(Security {
            verified: established.verified,
            protocol: established.protocol,
            cipher_suite: established.cipher_suite,
        })
    }
}
