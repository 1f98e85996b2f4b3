//! Connections to a server: over TCP or a stream that is open, in clear or inside TLS.

use super::server::{Begins, Server};
use crate::any_error::Error;
use crate::connection::Connection;
use crate::net::{TlsConfig, Transport};
use crate::state::{Greeted, Tls};

impl Connection<Greeted> {
    /// Connects to a server and says EHLO (or HELO, to a server that does not know EHLO).
    ///
    /// # Errors
    ///
    /// [`Error::Lost`] when no address answers or the server closes, also with a 421;
    /// [`Error::Refused`] when it refuses the session with its greeting, or EHLO: after QUIT the
    /// connection is then closed. A server that speaks TLS from the first byte is one
    /// of the first kind, for which
    /// [`Lost::suggests_implicit_tls`](crate::Lost::suggests_implicit_tls) holds.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn connect(server: &Server) -> Result<Self, Error> {
        Self::open(server.connect(Begins::InClear).await?, false).await
    }

    /// As [`connect`](Self::connect), for a session that goes on with STARTTLS or not at all: a
    /// server that does not know EHLO is not asked with HELO.
    pub(super) async fn connect_extended(server: &Server) -> Result<Self, Error> {
        Self::open(server.connect(Begins::InClear).await?, true).await
    }

    /// As [`connect`](Self::connect), over a stream that is already open. Its greeting is not read
    /// yet.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Cancellation
    ///
    /// As [`connect`](Self::connect).
    pub async fn from_stream(stream: impl Transport, server: &Server) -> Result<Self, Error> {
        Self::open(server.session_over(stream, Begins::InClear), false).await
    }
}

impl Connection<Tls> {
    /// Connects to a server that speaks TLS from the first byte (RFC 8314 §3), usually at port
    /// 465, and says EHLO.
    ///
    /// # Errors
    ///
    /// [`Error::Lost`] when no address answers, the handshake fails, or the server closes, also
    /// with a 421; [`Error::Refused`] when it refuses the session with its greeting, or EHLO: after
    /// QUIT the connection is then closed. A server that speaks clear text makes the
    /// handshake fail with
    /// [`HandshakeErrorKind::ClearText`](crate::error::HandshakeErrorKind::ClearText).
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn connect_tls(server: &Server, tls: &TlsConfig) -> Result<Self, Error> {
        Self::open_tls(server.connect(Begins::InTls).await?, tls).await
    }

    /// As [`connect_tls`](Self::connect_tls), over a stream that is already open.
    ///
    /// # Errors
    ///
    /// As [`connect_tls`](Self::connect_tls).
    ///
    /// # Cancellation
    ///
    /// As [`connect_tls`](Self::connect_tls).
    pub async fn from_tls_stream(
        stream: impl Transport,
        server: &Server,
        tls: &TlsConfig,
    ) -> Result<Self, Error> {
        Self::open_tls(server.session_over(stream, Begins::InTls), tls).await
    }
}
