//! The calls of the state `Greeted`: connected, EHLO done, no TLS.

use super::call::Pending;
use super::error::TransitionError;
use super::session::Session;
use super::typed::Connection;
use crate::any_error::Error;
use crate::command::StartTls;
use crate::net::TlsConfig;
use crate::state::{Greeted, State as _, Tls, Upgrade};

impl Connection<Greeted> {
    /// Reads the greeting and says EHLO. `extended` says that HELO will not do, `early` that EHLO
    /// leaves before the greeting has come.
    pub(crate) async fn open(
        mut session: Box<Session>,
        extended: bool,
        early: bool,
    ) -> Result<Self, Error> {
        let capabilities = session.open(extended, early).await??;
        Ok(Self { session, state: Greeted { capabilities } })
    }

    /// Goes on inside TLS: STARTTLS, the handshake, EHLO again (RFC 3207 §4). Everything that the
    /// server said before TLS is forgotten.
    ///
    /// # Errors
    ///
    /// [`TransitionError::Refused`] when the server does not offer STARTTLS or refuses it. The
    /// connection comes back, in clear: sending mail over it is a decision of its own.
    /// [`TransitionError::Lost`] when the handshake fails, the certificate is not one for this
    /// server, or bytes followed the server's reply in clear.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
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
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
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

    async fn secure<C: Upgrade>(
        mut self,
        command: C,
        tls: &TlsConfig,
    ) -> Result<(Connection<Tls>, C::Reply), TransitionError<Greeted>> {
        self.session.driver.begin_call()?;
        let reply = match self.session.exchange(command, self.state.capabilities(), false).await? {
            Ok((reply, _)) => self.session.read::<C>(reply)?,
            Err(refusal) => return Err(TransitionError::refused(self, refusal)),
        };
        let mut session = self.session;
        let exporter = Box::new(session.secure(tls).await?);
        let capabilities = session.hello_again(true).await?;
        session.driver.end_call();
        let state = Tls { capabilities, exporter };
        Ok((Connection { session, state }, reply))
    }
}
