//! TLS where the server has it, and clear text where it does not: for mail between servers, where
//! the other choice is no mail.

use tokio_rustls::rustls;

use super::open::to_first;
use super::server::{Begins, Server};
use crate::any_error::Error;
use crate::connection::{AnyConnection, Connection, TransitionError};
use crate::error::lost::Lost;
use crate::net::{TlsConfig, TlsConfigError};
use crate::proto::fault::Fault;
use crate::proto::stage::Stage;
use crate::state::Greeted;

/// Opportunistic TLS (RFC 7435): protection against hosts that only listen.
///
/// Any certificate is taken, and the session is marked as not verified. A server that does not
/// offer STARTTLS, or refuses it, is spoken to in clear. So every host on the way that does more
/// than listen can read the mail.
///
/// ```no_run
/// use smtp::Server;
/// use smtp::connect::OpportunisticTls;
/// use smtp::connection::AnyConnection;
///
/// # async fn send() -> Result<(), Box<dyn std::error::Error>> {
/// let tls = OpportunisticTls::new()?;
/// let server = Server::new("mx.example.org", 25);
/// let mail = AnyConnection::connect_opportunistic(&server, &tls).await?;
/// println!("{}", if mail.security().is_some() { "inside TLS" } else { "in clear" });
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct OpportunisticTls {
    tls: TlsConfig,
    clear_after_failure: bool,
}

impl OpportunisticTls {
    /// TLS for servers that offer it. A handshake that fails is an error.
    ///
    /// # Errors
    ///
    /// When this build has no cryptography.
    pub fn new() -> Result<Self, TlsConfigError> {
        Ok(Self { tls: any_certificate()?, clear_after_failure: false })
    }

    /// After a handshake that failed, connects once more and speaks in clear.
    pub fn clear_after_failure(mut self) -> Self {
        self.clear_after_failure = true;
        self
    }

    /// Whether clear text on a new connection is right after this.
    fn goes_on_in_clear(&self, lost: &Lost) -> bool {
        self.clear_after_failure
            && match lost.fault() {
                // A host on the way has put clear text where TLS begins: it is not left alone with
                // the mail.
                Fault::Handshake(error) => !is_no_tls(error),
                Fault::Io(_) | Fault::TimedOut(_) => lost.stage() == Some(Stage::Handshake),
                _ => false,
            }
    }
}

/// Whether the bytes after the 220 were no TLS.
fn is_no_tls(error: &crate::error::HandshakeError) -> bool {
    let source = std::error::Error::source(error).and_then(|error| error.downcast_ref());
    matches!(source, Some(rustls::Error::InvalidMessage(_)))
}

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
fn any_certificate() -> Result<TlsConfig, TlsConfigError> {
    TlsConfig::builder().dangerous().accept_any_certificate().build()
}

#[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
fn any_certificate() -> Result<TlsConfig, TlsConfigError> {
    Err(TlsConfigError::no_provider())
}

impl AnyConnection {
    /// Connects, and goes on inside TLS if the server offers it and lets it begin, else in clear:
    /// [`AnyConnection::Tls`], not verified, or [`AnyConnection::Greeted`].
    ///
    /// Such a connection never authenticates, also not after it was taken out: neither with
    /// [`Connection::authenticate`](Connection::<crate::state::Tls>::authenticate) nor through the
    /// door named `dangerous`, which lets no [secret](crate::Secret) of any command through here. A
    /// login takes a [`Submission`](crate::Submission).
    ///
    /// A [`capability_cache`](Server::capability_cache) is neither asked nor filled, so EHLO waits
    /// for the greeting: such a connection takes what any host on the way says, and others that
    /// share the cache must not.
    ///
    /// # Errors
    ///
    /// As [`Connection::<Greeted>::connect`]. [`Error::Lost`] as well when the handshake fails,
    /// unless [`OpportunisticTls::clear_after_failure`] has another connection made; and always when
    /// clear text followed the server's reply to STARTTLS: an attacker's, not the server's (RFC
    /// 3207 §6).
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn connect_opportunistic(
        server: &Server,
        tls: &OpportunisticTls,
    ) -> Result<Self, Error> {
        let greeted = open(server).await?;
        if !greeted.capabilities().has("STARTTLS") {
            return Ok(greeted.into());
        }
        match greeted.starttls(&tls.tls).await {
            Ok(secured) => Ok(secured.into()),
            Err(TransitionError::Refused(refused)) => Ok(refused.connection.into()),
            Err(TransitionError::Lost(lost)) if tls.goes_on_in_clear(&lost) => {
                Ok(open(server).await?.into())
            }
            Err(TransitionError::Lost(lost)) => Err(lost.into()),
        }
    }
}

/// A connection that will never authenticate.
async fn open(server: &Server) -> Result<Connection<Greeted>, Error> {
    to_first(server, Begins::InClear, |mut session| {
        session.config.opportunistic = true;
        Connection::open(session, false, false)
    })
    .await
}
