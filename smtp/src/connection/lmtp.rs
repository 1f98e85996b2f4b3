//! The calls of LMTP (RFC 2033): those of its states that differ from SMTP in their types.
//!
//! A session of LMTP is one of SMTP that says LHLO, and whose messages have a reply for each
//! recipient: the session itself knows that, and the states say it.

use super::call::Pending;
use super::dangerous::Dangerous;
use super::error::{Refused, TransitionError};
use super::session::Session;
use super::typed::Connection;
use crate::any_error::Error;
use crate::auth::Mechanism;
use crate::command::Mail;
use crate::net::TlsConfig;
use crate::state::{Authed, Greeted, Idle, InTransaction, Lmtp, Tls};

impl<S: Idle> Connection<Lmtp<S>> {
    /// Opens a transaction (RFC 5321 §3.3).
    ///
    /// # Errors
    ///
    /// [`TransitionError::Refused`] with the connection as it was, or [`TransitionError::Lost`].
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn mail(
        self,
        mail: Mail,
    ) -> Result<Connection<InTransaction<Lmtp<S>>>, TransitionError<Lmtp<S>>> {
        self.transition(mail).await.map(|(connection, _)| connection)
    }

    /// Says LHLO again (RFC 2033 §4.1). Some servers offer more after AUTH.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when the server refuses it, and then its earlier offer still holds;
    /// [`Error::Lost`] when the connection is gone.
    ///
    /// # Cancellation
    ///
    /// A future that was polled and is dropped before it is done interrupts the connection.
    pub async fn lhlo(&mut self) -> Result<(), Error> {
        self.run_hello().await
    }
}

impl Connection<Lmtp<Greeted>> {
    /// Reads the greeting and says LHLO.
    pub(crate) async fn open_lmtp(mut session: Box<Session>) -> Result<Self, Error> {
        session.driver.speak_lmtp();
        Connection::open(session, true, false).await.map(with_lmtp)
    }

    /// Goes on inside TLS: STARTTLS, the handshake, LHLO again (RFC 3207 §4). Everything that the
    /// server said before TLS is forgotten.
    ///
    /// # Errors
    ///
    /// As [`Connection::<Greeted>::starttls`].
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn starttls(
        self,
        tls: &TlsConfig,
    ) -> Result<Connection<Lmtp<Tls>>, TransitionError<Lmtp<Greeted>>> {
        without_lmtp(self).starttls(tls).await.map(with_lmtp).map_err(TransitionError::with_lmtp)
    }
}

impl Connection<Lmtp<Tls>> {
    /// Speaks TLS from the first byte, reads the greeting and says LHLO.
    pub(crate) async fn open_lmtp_tls(
        mut session: Box<Session>,
        tls: &TlsConfig,
    ) -> Result<Self, Error> {
        session.driver.speak_lmtp();
        Connection::open_tls(session, tls, false).await.map(with_lmtp)
    }

    /// Authenticates (RFC 4954), which LMTP allows (RFC 2033 §5).
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
    ) -> Pending<'_, Result<Connection<Lmtp<Authed>>, TransitionError<Lmtp<Tls>>>> {
        Pending::new(async move {
            let authed = without_lmtp(self).run_authenticate(mechanism, false).await;
            authed.map(with_lmtp).map_err(TransitionError::with_lmtp)
        })
    }
}

impl Dangerous<Lmtp<Greeted>> {
    /// Authenticates although the server is not verified, as over a socket of this machine. Every
    /// host on the way to the server can read the password, and the mail.
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
    ) -> Pending<'_, Result<Connection<Lmtp<Authed>>, TransitionError<Lmtp<Greeted>>>> {
        Pending::new(authenticate_dangerously(self.0, mechanism))
    }
}

impl Dangerous<Lmtp<Tls>> {
    /// Authenticates although the server is not verified. Every host on the way to the server can
    /// read the password, and the mail.
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
    ) -> Pending<'_, Result<Connection<Lmtp<Authed>>, TransitionError<Lmtp<Tls>>>> {
        Pending::new(authenticate_dangerously(self.0, mechanism))
    }
}

async fn authenticate_dangerously<S: Idle, M: Mechanism + ?Sized>(
    connection: Connection<Lmtp<S>>,
    mechanism: &mut M,
) -> Result<Connection<Lmtp<Authed>>, TransitionError<Lmtp<S>>> {
    let authed = without_lmtp(connection).run_authenticate(mechanism, true).await;
    authed.map(with_lmtp).map_err(TransitionError::with_lmtp)
}

fn with_lmtp<S: Idle>(Connection { session, state }: Connection<S>) -> Connection<Lmtp<S>> {
    Connection { session, state: Lmtp(state) }
}

fn without_lmtp<S: Idle>(Connection { session, state }: Connection<Lmtp<S>>) -> Connection<S> {
    Connection { session, state: state.0 }
}

impl<S: Idle> TransitionError<S> {
    fn with_lmtp(self) -> TransitionError<Lmtp<S>> {
        match self {
            Self::Refused(Refused { connection, refusal }) => {
                TransitionError::Refused(Refused { connection: with_lmtp(connection), refusal })
            }
            Self::Lost(lost) => TransitionError::Lost(lost),
        }
    }
}
