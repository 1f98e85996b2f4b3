//! The TLS handshake of a connection: what it establishes, and what is said when it fails.

use std::error::Error;
use std::fmt::{self, Display};
use std::io;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{
    CertificateError, ClientConnection, Error as TlsError, HandshakeKind, ProtocolVersion,
};

use super::clock::{Expired, deadline, timeout_at};
use super::driver::Driver;
use super::host::{self, Host};
use super::stream::Stream;
use super::tls_config::TlsConfig;
use crate::error::lost::Lost;
use crate::proto::fault::Fault;
use crate::proto::stage::Stage;
use crate::secret::Secret;
use crate::state::{Exporter, Security};

/// The label of the channel binding `tls-exporter` (RFC 9266 §2).
const EXPORTER_LABEL: &[u8] = b"EXPORTER-Channel-Binding";
/// Its length in bytes.
const EXPORTER_LENGTH: usize = 32;

impl Driver {
    /// Goes on inside TLS. Nothing but the reply to STARTTLS may have been received: bytes that
    /// follow it in clear may come from an attacker (RFC 3207 §6).
    pub(crate) async fn handshake(
        &mut self,
        tls: &TlsConfig,
        name: &str,
    ) -> Result<(Security, Exporter), Lost> {
        self.negotiate(tls, name).await.map_err(|fault| self.fail(fault))
    }

    async fn negotiate(
        &mut self,
        tls: &TlsConfig,
        name: &str,
    ) -> Result<(Security, Exporter), Fault> {
        let name = server_name(name).map_err(Fault::InvalidHost)?;
        let Stream::Clear(stream) = self.take_stream_for_tls()? else {
            return Err(Fault::Handshake(io::ErrorKind::NotConnected.into()));
        };
        let clock = self.clock();
        let limit = deadline(&**clock, self.timeouts().handshake);
        let latest = self.latest().filter(|latest| *latest <= limit);
        let handshake = TlsConnector::from(tls.config()).connect(name, stream);
        let stream = timeout_at(&**clock, latest.unwrap_or(limit), handshake)
            .await
            .map_err(|expired| match (expired, latest) {
                (Expired::Late, Some(_)) => Fault::DeadlineExceeded,
                (expired, _) => expired.during(Stage::Handshake),
            })?
            .map_err(handshake_fault)?;
        let session = stream.get_ref().1;
        let facts = (security(session, tls), exporter(session, tls));
        let verified = facts.0.verified;
        self.secured(Stream::Tls(Box::new(stream)), verified);
        Ok(facts)
    }
}

/// The facts of a handshake.
fn security(session: &ClientConnection, tls: &TlsConfig) -> Security {
    let version = session.protocol_version();
    let suite = session.negotiated_cipher_suite();
    let certificates = session.peer_certificates().unwrap_or_default();
    Security::new(
        tls.verification(),
        version.map_or_else(String::new, |version| format!("{version:?}")),
        suite.map_or_else(String::new, |suite| format!("{:?}", suite.suite())),
        session.handshake_kind() == Some(HandshakeKind::Resumed),
        certificates.iter().map(AsRef::as_ref).collect(),
    )
}

/// The channel binding of a connection, where its value is certain to be that of no other: in TLS
/// 1.3, and in TLS 1.2 where both sides have agreed on the extended master secret (RFC 9266 §4.2).
/// rustls does not say whether they have, so they must have had to.
fn exporter(session: &ClientConnection, tls: &TlsConfig) -> Exporter {
    let is_unique = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => true,
        Some(ProtocolVersion::TLSv1_2) => tls.config().require_ems,
        _ => false,
    };
    if !is_unique {
        return Exporter::unavailable();
    }
    // "a zero-length context value" (RFC 9266 §2), which in TLS 1.2 is not the same as none.
    let context = Some(&[][..]);
    match session.export_keying_material(vec![0; EXPORTER_LENGTH], EXPORTER_LABEL, context) {
        Ok(value) => Exporter::new(Secret::from(value)),
        Err(_) => Exporter::unavailable(),
    }
}

/// The name that the certificate must carry: an address, or a DNS name without a final dot.
fn server_name(host: &str) -> io::Result<ServerName<'static>> {
    let name = match host::parse(host)? {
        Host::Address(address) => return Ok(ServerName::IpAddress(address.into())),
        Host::Name(name) => name.strip_suffix('.').unwrap_or(name),
    };
    ServerName::try_from(name.to_owned()).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("the host {name:?} is no name that a certificate can carry: use the DNS name"),
        )
    })
}

/// Tells a handshake that failed from one that was cut. The errors of rustls are about what the
/// server sent or who it is, and trying again does not mend them. All others come from the stream,
/// and an end of the communication may pass (RFC 5321 §3.8).
fn handshake_fault(error: io::Error) -> Fault {
    let is_of_tls = error.get_ref().is_some_and(<dyn Error + Send + Sync>::is::<TlsError>);
    // A few of rustls's own are no `rustls::Error`: a message longer than its buffer.
    if is_of_tls || error.kind() == io::ErrorKind::InvalidData {
        Fault::Handshake(advised(error))
    } else {
        Fault::Io(with_context(error, "the connection ended in the middle of the TLS handshake"))
    }
}

/// An error, and what can be done about it or where it happened.
#[derive(Debug)]
struct InContext {
    error: io::Error,
    context: &'static str,
}

fn with_context(error: io::Error, context: &'static str) -> io::Error {
    io::Error::new(error.kind(), InContext { error, context })
}

impl Display for InContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error, self.context)
    }
}

impl Error for InContext {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

/// Says what to do about the errors that are mostly mistakes in how the connection was set up.
fn advised(error: io::Error) -> io::Error {
    use CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext,
        UnknownIssuer,
    };
    let advice = match error.get_ref().and_then(|error| error.downcast_ref()) {
        Some(TlsError::InvalidMessage(_)) => {
            "the server does not speak TLS from the first byte at this port; connect to it with \
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
    with_context(error, advice)
}

#[cfg(test)]
mod tests {
    use tokio_rustls::rustls::{AlertDescription, InvalidMessage, PeerMisbehaved};

    use super::*;
    use crate::error::Blame;

    #[test]
    fn a_handshake_that_was_cut_is_told_from_one_that_failed() {
        use io::ErrorKind as Kind;
        let tls = |error: TlsError| io::Error::new(Kind::InvalidData, error);
        let table = [
            (
                "the end of the stream",
                io::Error::new(Kind::UnexpectedEof, "tls handshake eof"),
                true,
            ),
            ("a reset", Kind::ConnectionReset.into(), true),
            ("a broken pipe", Kind::BrokenPipe.into(), true),
            ("aborted", Kind::ConnectionAborted.into(), true),
            ("no answer", Kind::TimedOut.into(), true),
            ("a proxy's own error", io::Error::other("the tunnel is gone"), true),
            ("an unknown code", io::Error::from_raw_os_error(9999), true),
            ("an issuer", tls(CertificateError::UnknownIssuer.into()), false),
            ("a name", tls(CertificateError::NotValidForName.into()), false),
            ("a date", tls(CertificateError::Expired.into()), false),
            ("no TLS", tls(InvalidMessage::InvalidContentType.into()), false),
            ("an alert", tls(TlsError::AlertReceived(AlertDescription::HandshakeFailure)), false),
            ("a protocol error", tls(PeerMisbehaved::TooMuchEarlyDataReceived.into()), false),
            ("a setting", io::Error::other(TlsError::EncryptError), false),
            ("a long message", io::Error::new(Kind::InvalidData, "message buffer full"), false),
        ];
        for (name, error, is_cut) in table {
            let text = error.to_string();
            let kind = error.kind();
            let fault = handshake_fault(error);
            let (Fault::Io(shown) | Fault::Handshake(shown)) = &fault else {
                panic!("{name}: {fault}");
            };
            assert_eq!(matches!(fault, Fault::Io(_)), is_cut, "{name}: {fault}");
            assert_eq!(shown.kind(), kind, "{name}");
            assert!(fault.to_string().contains(&text), "{name}: {fault}");
            let lost = Lost::new(fault, None);
            assert_eq!(lost.is_transient(), is_cut, "{name}");
            assert_eq!(lost.blame(), if is_cut { Blame::Network } else { Blame::Server }, "{name}");
        }
    }
}
