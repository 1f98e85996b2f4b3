//! The target of a connector, and the stream to it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;

use super::addresses::Local;
use crate::net::stream::{Clear, Transport};

/// A host whose addresses are to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) name: String,
    pub(super) port: u16,
    /// Whom TLS verifies there, where that is not the host that the caller named.
    pub(super) identity: Option<Arc<str>>,
}

/// One address of a host, or a host whose name is looked up by a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) address: Option<SocketAddr>,
    pub(super) local: Option<IpAddr>,
    /// All of the caller's: a proxy may be of another family than the server.
    pub(in crate::net) all_local: Local,
    pub(super) keepalive: Option<Duration>,
    /// Whom TLS verifies, where that is not the host that the caller named.
    pub(super) identity: Option<Arc<str>>,
}

impl Target {
    /// A host and a port, without an address yet, a local address and keepalive: a proxy asks for
    /// a stream to itself with it.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        let (address, local, keepalive, identity) = (None, None, None, None);
        let all_local = Local::default();
        Self { host: host.into(), port, address, local, all_local, keepalive, identity }
    }

    /// This address, and its port.
    #[must_use]
    pub fn at(mut self, address: SocketAddr) -> Self {
        self.port = address.port();
        self.address = Some(address);
        self
    }

    /// From this address of this machine.
    #[must_use]
    pub fn from_local(mut self, address: IpAddr) -> Self {
        self.local = Some(address);
        self.all_local.set(address);
        self
    }

    /// The host to connect to: the one that the caller named, in A-labels, its DNS name or IP
    /// address; or one that the SRV records of the caller's domain name.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address to connect to. None where a connector that
    /// [takes names](super::Connect::takes_names) gets one.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The address of this machine that the caller wants to connect from
    /// ([`Server::local_address`](crate::Server::local_address)).
    pub fn local_address(&self) -> Option<IpAddr> {
        self.local
    }

    /// How long a connection may be silent before the system asks whether the server is still
    /// there ([`Server::keepalive`](crate::Server::keepalive)).
    pub fn keepalive(&self) -> Option<Duration> {
        self.keepalive
    }
}

/// A stream that a connector has opened.
#[derive(Debug)]
pub struct Connected {
    pub(crate) stream: Clear,
    pub(crate) local: Option<SocketAddr>,
}

impl Connected {
    /// A stream of any kind.
    pub fn new(stream: impl Transport) -> Self {
        Self { stream: Clear::other(stream), local: None }
    }

    /// Says which address of this machine the stream begins at: a client without a name gives it
    /// in EHLO.
    #[must_use]
    pub fn from_local(mut self, address: SocketAddr) -> Self {
        self.local = Some(address);
        self
    }

    /// Gives the session bytes that the connector has read from the stream and did not need: they
    /// came with the last bytes of a proxy, for SMTP servers speak first. The session reads them
    /// before all others. A session that begins with TLS ends with
    /// [`HandshakeErrorKind::ClearText`](crate::error::HandshakeErrorKind::ClearText), as nothing
    /// may come before the client's first message there.
    #[must_use]
    pub fn with_early_bytes(mut self, bytes: impl Into<Bytes>) -> Self {
        self.stream = self.stream.with_early(bytes.into());
        self
    }
}

/// The way for a socket of tokio: it is not boxed, and its local address is known.
impl From<TcpStream> for Connected {
    fn from(stream: TcpStream) -> Self {
        let local = stream.local_addr().ok();
        Self { stream: Clear::Tcp(stream), local }
    }
}
