//! The TLS handshake of a connection, and what it establishes.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConnection, HandshakeKind, ProtocolVersion};

use super::clock::{Expired, deadline, timeout_at};
use super::driver::Driver;
use super::handshake_error::{Attempt, early_fault, handshake_fault};
use super::handshake_stream::{HandshakeStream, Watch};
use super::host::{self, Host};
use super::stream::{Clear, Stream};
use super::tls_config::{TlsConfig, refused_in};
use crate::error::lost::Lost;
use crate::proto::fault::Fault;
use crate::proto::stage::Stage;
use crate::proto::unread::is_of_web_server;
use crate::secret::Secret;
use crate::state::{Exporter, Security};

/// The label of the channel binding `tls-exporter` (RFC 9266 §2).
const EXPORTER_LABEL: &[u8] = b"EXPORTER-Channel-Binding";
/// Its length in bytes.
const EXPORTER_LENGTH: usize = 32;

impl Driver {
    /// Goes on inside TLS, with a server of this name. `srv_target` is the host of the SRV record
    /// that led to it. Nothing but the reply to STARTTLS may have been received: bytes that
    /// follow it in clear may come from an attacker (RFC 3207 §6).
    pub(crate) async fn handshake(
        &mut self,
        tls: &TlsConfig,
        name: &str,
        srv_target: Option<&str>,
    ) -> Result<Exporter, Lost> {
        let implicit = self.awaits_greeting();
        let watch = Watch::new(Arc::clone(self.clock()));
        let srv_target = srv_target.filter(|target| *target != name);
        let attempt = Attempt { srv_target, ..Attempt::new(tls, implicit) };
        let negotiated = self.negotiate(tls, name, attempt, &watch).await;
        negotiated.map_err(|fault| self.fail_in_handshake(fault, implicit, &watch.first()))
    }

    async fn negotiate(
        &mut self,
        tls: &TlsConfig,
        name: &str,
        attempt: Attempt<'_>,
        watch: &Watch,
    ) -> Result<Exporter, Fault> {
        let name = server_name(name).map_err(Fault::InvalidHost)?;
        let Stream::Clear(stream) = self.take_stream_for_tls()? else {
            return Err(Fault::Io(io::ErrorKind::NotConnected.into()));
        };
        let clock = self.clock();
        let limit = deadline(&**clock, self.timeouts().handshake);
        let latest = self.latest().filter(|latest| *latest <= limit);
        let handshake = handshake(tls, name.clone(), stream, attempt, watch);
        let ended = timeout_at(&**clock, latest.unwrap_or(limit), handshake)
            .await
            .map_err(|expired| match (expired, latest) {
                (Expired::Late, Some(_)) => Fault::DeadlineExceeded,
                (expired, _) => expired.during(Stage::Handshake),
            })
            .and_then(|ended| ended);
        tls.end_handshake(&name, ended.is_ok());
        let stream = ended?;
        let session = stream.get_ref().1;
        let (security, exporter) = (security(session, tls), exporter(session, tls));
        self.secured(Stream::Tls(Box::new(stream)), security);
        Ok(exporter)
    }
}

/// Speaks TLS over a stream in clear, of which nothing may have been read that is not used.
pub(super) async fn handshake(
    tls: &TlsConfig,
    name: ServerName<'static>,
    stream: Clear,
    attempt: Attempt<'_>,
    watch: &Watch,
) -> Result<TlsStream<HandshakeStream<Clear>>, Fault> {
    if stream.early() > 0 {
        return Err(early_fault(stream.early(), attempt));
    }
    let stream = HandshakeStream::new(stream, watch.clone());
    let mut handshake = pin!(TlsConnector::from(tls.config()).connect(name, stream));
    let mut certificate = None;
    let handshake = poll_fn(|cx| {
        let (polled, refused) = refused_in(|| handshake.as_mut().poll(cx));
        certificate = refused;
        polled
    });
    let result = handshake.await.and_then(|mut stream| {
        stream.get_mut().0.end_watch()?;
        Ok(stream)
    });
    result.map_err(|error| {
        let is_web_server = is_of_web_server(&watch.first());
        handshake_fault(error, Attempt { is_web_server, ..attempt }, certificate)
    })
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
pub(super) fn server_name(host: &str) -> io::Result<ServerName<'static>> {
    let name = match host::parse(host)? {
        Host::Address(address) => return Ok(ServerName::IpAddress(address.into())),
        Host::Name(name) => name,
        Host::Zoned(name) => name.into(),
    };
    let name = name.strip_suffix('.').unwrap_or(&name);
    ServerName::try_from(name.to_owned()).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("the host {name:?} is no name that a certificate can carry: use the DNS name"),
        )
    })
}
