//! The calls of LMTP (RFC 2033): those of its states that differ from SMTP in their types.

use super::dangerous::Dangerous;
use super::error::TransitionError;
use super::socket::Socket;
use super::typed::{Connection, open};
use crate::any_error::Error;
use crate::auth::Mechanism;
use crate::command::Mail;
use crate::connect::Server;
use crate::connection;
use crate::net::TlsConfig;
use crate::state::{Authed, Greeted, Idle, InTransaction, Lmtp, Tls};

impl Connection<Lmtp<Greeted>> {
    /// Connects to a server of LMTP and says LHLO, as
    /// [`connect_lmtp`](crate::Connection::<Lmtp<Greeted>>::connect_lmtp).
    ///
    /// # Errors
    ///
    /// As [`connect_lmtp`](crate::Connection::<Lmtp<Greeted>>::connect_lmtp).
    pub fn connect_lmtp(server: &Server) -> Result<Self, Error> {
        open(connection::Connection::connect_lmtp(server))
    }

    /// As [`connect_lmtp`](Self::connect_lmtp), over a socket that is already connected, such as a
    /// Unix socket. Its greeting is not read yet.
    ///
    /// # Errors
    ///
    /// As [`connect_lmtp`](Self::connect_lmtp).
    pub fn lmtp_from_stream(stream: impl Socket, server: &Server) -> Result<Self, Error> {
        open(async {
            connection::Connection::lmtp_from_stream(stream.into_transport()?, server).await
        })
    }

    /// Goes on inside TLS: STARTTLS, the handshake, LHLO again (RFC 3207 §4).
    ///
    /// # Errors
    ///
    /// As [`Connection::starttls`](crate::Connection::starttls).
    pub fn starttls(
        self,
        tls: &TlsConfig,
    ) -> Result<Connection<Lmtp<Tls>>, TransitionError<Lmtp<Greeted>>> {
        self.take(|connection| connection.starttls(tls))
    }
}

impl Connection<Lmtp<Tls>> {
    /// Connects to a server of LMTP that speaks TLS from the first byte, and says LHLO.
    ///
    /// # Errors
    ///
    /// As [`connect_lmtp_tls`](crate::Connection::<Lmtp<Tls>>::connect_lmtp_tls).
    pub fn connect_lmtp_tls(server: &Server, tls: &TlsConfig) -> Result<Self, Error> {
        open(connection::Connection::connect_lmtp_tls(server, tls))
    }

    /// As [`connect_lmtp_tls`](Self::connect_lmtp_tls), over a socket that is already connected.
    ///
    /// # Errors
    ///
    /// As [`connect_lmtp_tls`](Self::connect_lmtp_tls).
    pub fn lmtp_from_tls_stream(
        stream: impl Socket,
        server: &Server,
        tls: &TlsConfig,
    ) -> Result<Self, Error> {
        open(async {
            let stream = stream.into_transport()?;
            connection::Connection::lmtp_from_tls_stream(stream, server, tls).await
        })
    }

    /// Authenticates (RFC 4954), which LMTP allows (RFC 2033 §5).
    ///
    /// # Errors
    ///
    /// As [`Connection::<Tls>::authenticate`](crate::Connection::<Tls>::authenticate).
    pub fn authenticate<M: Mechanism + ?Sized>(
        self,
        mechanism: &mut M,
    ) -> Result<Connection<Lmtp<Authed>>, TransitionError<Lmtp<Tls>>> {
        self.take(|connection| connection.authenticate(mechanism))
    }
}

impl<S: Idle> Connection<Lmtp<S>> {
    /// Opens a transaction (RFC 5321 §3.3).
    ///
    /// # Errors
    ///
    /// [`TransitionError::Refused`] with the connection as it was, or [`TransitionError::Lost`].
    pub fn mail(
        self,
        mail: Mail,
    ) -> Result<Connection<InTransaction<Lmtp<S>>>, TransitionError<Lmtp<S>>> {
        self.take(|connection| connection.mail(mail))
    }

    /// Says LHLO again (RFC 2033 §4.1). Some servers offer more after AUTH.
    ///
    /// # Errors
    ///
    /// As that of the [asynchronous connection](crate::Connection).
    pub fn lhlo(&mut self) -> Result<(), Error> {
        self.call(connection::Connection::<Lmtp<S>>::lhlo)
    }
}

macro_rules! authentication_begins_in {
    ($($state:ty),*) => {$(
        impl Dangerous<Lmtp<$state>> {
            /// Authenticates although the server is not verified, as over a socket of this machine.
            /// Every host on the way to the server can read the password, and the mail.
            ///
            /// # Errors
            ///
            /// As [`Connection::<Tls>::authenticate`].
            pub fn authenticate<M: Mechanism + ?Sized>(
                self,
                mechanism: &mut M,
            ) -> Result<Connection<Lmtp<Authed>>, TransitionError<Lmtp<$state>>> {
                self.0.take(|connection| connection.dangerous().authenticate(mechanism))
            }
        }
    )*};
}

authentication_begins_in!(Greeted, Tls);
