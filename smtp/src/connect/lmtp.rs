//! Connections of LMTP (RFC 2033): to the server that puts mail into mailboxes.

use super::open::to_first;
use super::server::{Begins, Server};
use crate::any_error::Error;
use crate::command::Lhlo;
use crate::connection::Connection;
use crate::error::lmtp::LmtpError;
use crate::error::refusal::Refusal;
use crate::net::{TlsConfig, Transport};
use crate::proto::command::Command as _;
use crate::state::{Greeted, Lmtp, Tls};

impl Connection<Lmtp<Greeted>> {
    /// Connects to a server of LMTP and says LHLO. There is no port of its own: 24 is usual.
    ///
    /// ```no_run
    /// use smtp::{Connection, Envelope, Server};
    ///
    /// # async fn send() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = Server::new("localhost", 24);
    /// let mut connection = Connection::connect_lmtp(&server).await?;
    /// let envelope = Envelope::new("me@example.com", ["a@example.org", "b@example.org"])?;
    /// let receipt = connection.deliver(&envelope, "Subject: hi\r\n\r\nhi\r\n").await?;
    /// for recipient in receipt.recipients() {
    ///     println!("{}: {:?}", recipient.path(), recipient.final_reply());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The server answers a message for each recipient that it has accepted (§4.2), and each
    /// answer is in the [`Receipt`](crate::Receipt): it may take the message for some recipients
    /// and refuse it for others. Where the connection is lost between these answers, the
    /// [error](crate::error::DeliveryUnknown) says who has the message and for whom that is not
    /// known.
    ///
    /// # Errors
    ///
    /// As [`Connection::<Greeted>::connect`]; [`Error::Refused`] also for port 25, where LMTP must
    /// not be used (§5): then nothing is sent.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn connect_lmtp(server: &Server) -> Result<Self, Error> {
        check_port(server)?;
        to_first(server, Begins::InClear, Self::open_lmtp).await
    }

    /// As [`connect_lmtp`](Self::connect_lmtp), over a stream that is already open, such as a Unix
    /// socket. Its greeting is not read yet. The port that `server` names says nothing then.
    ///
    /// # Errors
    ///
    /// As [`Connection::<Greeted>::connect`].
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn lmtp_from_stream(stream: impl Transport, server: &Server) -> Result<Self, Error> {
        Self::open_lmtp(server.session_over(stream, Begins::InClear)).await
    }
}

impl Connection<Lmtp<Tls>> {
    /// Connects to a server of LMTP that speaks TLS from the first byte, and says LHLO.
    ///
    /// # Errors
    ///
    /// As [`Connection::<Tls>::connect_tls`] and
    /// [`connect_lmtp`](Connection::<Lmtp<Greeted>>::connect_lmtp).
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn connect_lmtp_tls(server: &Server, tls: &TlsConfig) -> Result<Self, Error> {
        check_port(server)?;
        let open = |session| Self::open_lmtp_tls(session, tls);
        to_first(server, Begins::InTls, open).await
    }

    /// As [`connect_lmtp_tls`](Self::connect_lmtp_tls), over a stream that is already open.
    ///
    /// # Errors
    ///
    /// As [`Connection::<Tls>::connect_tls`].
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn lmtp_from_tls_stream(
        stream: impl Transport,
        server: &Server,
        tls: &TlsConfig,
    ) -> Result<Self, Error> {
        Self::open_lmtp_tls(server.session_over(stream, Begins::InTls), tls).await
    }
}

/// The port of SMTP, where a client that spoke LMTP would be taken for one of SMTP.
const SMTP: u16 = 25;

/// "LMTP MUST NOT be used on the TCP port 25" (RFC 2033 §5).
fn check_port(server: &Server) -> Result<(), Refusal> {
    if server.port() == SMTP {
        return Err(Refusal::lmtp(Lhlo::SPEC.verb, LmtpError::Port));
    }
    Ok(())
}
