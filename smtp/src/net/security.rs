//! The TLS handshake of a connection.

use std::error::Error;
use std::fmt::{self, Display};
use std::io;

use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{CertificateError, Error as TlsError};

use super::driver::Driver;
use super::stream::Stream;
use super::tls_config::TlsConfig;
use crate::proto::fault::Fault;
use crate::proto::stage::Stage;

/// What a handshake has established.
#[derive(Debug)]
pub(crate) struct Established {
    pub(crate) verified: bool,
    pub(crate) protocol: String,
    pub(crate) cipher_suite: String,
}

impl Driver {
    /// Goes on inside TLS. Nothing but the reply to STARTTLS may have been received: octets behind
    /// it were put there by somebody who is not the server (RFC 3207 §6).
    pub(crate) async fn handshake(
        &mut self,
        tls: &TlsConfig,
        name: &str,
    ) -> Result<Established, Fault> {
        if let Err(fault) = self.engine().check_before_tls() {
            return Err(self.fail(fault));
        }
        match self.negotiate(tls, name).await {
            Ok(established) => {
                self.engine().secured();
                Ok(established)
            }
            Err(fault) => Err(self.fail(fault)),
        }
    }

    async fn negotiate(&mut self, tls: &TlsConfig, name: &str) -> Result<Established, Fault> {
        let name = server_name(name).map_err(Fault::Handshake)?;
        let Stream::Clear(stream) = self.take_stream() else {
            return Err(Fault::Handshake(io::ErrorKind::NotConnected.into()));
        };
        let limit = Instant::now() + self.timeouts().handshake;
        let limit = self.latest().map_or(limit, |latest| latest.min(limit));
        let stream = timeout_at(limit, TlsConnector::from(tls.config()).connect(name, stream))
            .await
            .map_err(|_| Fault::TimedOut(Stage::Handshake))?
            .map_err(|error| Fault::Handshake(advised(error)))?;
        let session = stream.get_ref().1;
        let established = Established {
            verified: tls.verifies(),
            protocol: session
                .protocol_version()
                .map_or_else(String::new, |version| format!("{version:?}")),
            cipher_suite: session
                .negotiated_cipher_suite()
                .map_or_else(String::new, |suite| format!("{:?}", suite.suite())),
        };
        self.set_stream(Stream::Tls(Box::new(stream)));
        Ok(established)
    }
}

/// The name that the certificate must carry: an address, or a DNS name without a final dot.
fn server_name(name: &str) -> io::Result<ServerName<'static>> {
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let name = name.strip_suffix('.').unwrap_or(name);
    ServerName::try_from(name.to_owned()).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{name:?} is no name that a certificate can carry: use the server's DNS name"),
        )
    })
}

/// An error of TLS, and what can be done about it.
#[derive(Debug)]
struct Advised {
    error: io::Error,
    advice: &'static str,
}

impl Display for Advised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error, self.advice)
    }
}

impl Error for Advised {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

/// Says what to do about the errors that are mostly mistakes of whoever set the connection up.
fn advised(error: io::Error) -> io::Error {
    use CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext,
        UnknownIssuer,
    };
    let advice = match error.get_ref().and_then(|error| error.downcast_ref()) {
        Some(TlsError::InvalidMessage(_)) => {
            "the server does not speak TLS from the first octet at this port; connect to it with \
             STARTTLS"
        }
        Some(TlsError::InvalidCertificate(UnknownIssuer | BadSignature)) => {
            "name the authority that issued the server's certificate as a root to trust"
        }
        Some(TlsError::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) => {
            "connect to the server by a name that its certificate is for"
        }
        Some(TlsError::InvalidCertificate(Expired | ExpiredContext { .. })) => {
            "the server's certificate must be renewed, or the clock of this machine is wrong"
        }
        _ => return error,
    };
    io::Error::new(error.kind(), Advised { error, advice })
}
