//! The TLS handshake of a connection.

use std::io;

use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

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
            .map_err(Fault::Handshake)?;
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
