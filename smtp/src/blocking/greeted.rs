//! The calls of the state `Greeted`: connected, EHLO done, no TLS.

use super::error::TransitionError;
use super::socket::Socket;
use super::typed::{Connection, open};
use crate::any_error::Error;
use crate::connect::Server;
use crate::connection;
use crate::net::TlsConfig;
use crate::state::{Greeted, Tls, Upgrade};

impl Connection<Greeted> {
    /// Connects to a server and says EHLO (or HELO, to a server that does not know EHLO).
    ///
    /// # Errors
    ///
    /// As [`Connection::<Greeted>::connect`](crate::Connection::<Greeted>::connect).
    pub fn connect(server: &Server) -> Result<Self, Error> {
        open(connection::Connection::connect(server))
    }

    /// As [`connect`](Self::connect), over a socket that is already connected. Its greeting is not
    /// read yet.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub fn from_stream(stream: impl Socket, server: &Server) -> Result<Self, Error> {
        open(async { connection::Connection::from_stream(stream.into_transport()?, server).await })
    }

    /// Goes on inside TLS: STARTTLS, the handshake, EHLO again (RFC 3207 §4), as
    /// [`Connection::starttls`](crate::Connection::starttls).
    ///
    /// # Errors
    ///
    /// As [`Connection::starttls`](crate::Connection::starttls).
    pub fn starttls(self, tls: &TlsConfig) -> Result<Connection<Tls>, TransitionError<Greeted>> {
        self.take(|connection| connection.starttls(tls))
    }

    /// As [`starttls`](Self::starttls), begun by a command of yours.
    ///
    /// # Errors
    ///
    /// As [`starttls`](Self::starttls).
    pub fn upgrade<C>(
        self,
        command: C,
        tls: &TlsConfig,
    ) -> Result<(Connection<Tls>, C::Reply), TransitionError<Greeted>>
    where
        C: Upgrade + Send,
        C::Reply: Send,
    {
        self.take(|connection| connection.upgrade(command, tls))
    }
}
