//! The calls of the states inside TLS: EHLO done, before AUTH and after it.

use super::error::TransitionError;
use super::socket::Socket;
use super::typed::{Connection, open};
use crate::any_error::Error;
use crate::auth::Mechanism;
use crate::connect::Server;
use crate::connection;
use crate::net::TlsConfig;
use crate::state::{Authed, Tls};

impl Connection<Tls> {
    /// Connects to a server that speaks TLS from the first byte (RFC 8314 §3), usually at port
    /// 465, and says EHLO.
    ///
    /// # Errors
    ///
    /// As [`Connection::<Tls>::connect_tls`](crate::Connection::<Tls>::connect_tls).
    pub fn connect_tls(server: &Server, tls: &TlsConfig) -> Result<Self, Error> {
        open(connection::Connection::connect_tls(server, tls))
    }

    /// As [`connect_tls`](Self::connect_tls), over a socket that is already connected.
    ///
    /// # Errors
    ///
    /// As [`connect_tls`](Self::connect_tls).
    pub fn from_tls_stream(
        stream: impl Socket,
        server: &Server,
        tls: &TlsConfig,
    ) -> Result<Self, Error> {
        open(async {
            let stream = stream.into_transport()?;
            connection::Connection::from_tls_stream(stream, server, tls).await
        })
    }

    /// Authenticates (RFC 4954), as
    /// [`Connection::<Tls>::authenticate`](crate::Connection::<Tls>::authenticate).
    ///
    /// # Errors
    ///
    /// As [`Connection::<Tls>::authenticate`](crate::Connection::<Tls>::authenticate).
    pub fn authenticate<M: Mechanism + ?Sized>(
        self,
        mechanism: &mut M,
    ) -> Result<Connection<Authed>, TransitionError<Tls>> {
        self.take(|connection| connection.authenticate(mechanism))
    }
}

impl Connection<Authed> {
    /// Whether the session is inside verified TLS. It is not when authentication went through a
    /// door named `dangerous`.
    pub fn is_verified(&self) -> bool {
        self.inner.is_verified()
    }
}
