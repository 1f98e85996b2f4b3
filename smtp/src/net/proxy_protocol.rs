//! The PROXY protocol: a header in front of a session that says which client it is made for
//! (<https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt>).

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use proxy_header::{ProxiedAddress, ProxyHeader};
use tokio::io::AsyncWriteExt as _;

use super::connect::{Connect, Connected, Target, Tcp};
use crate::error::proxy::{ProxyError, ProxyErrorKind};

/// A connector that writes a header of the PROXY protocol before all else, for servers that expect
/// one (`smtpd_upstream_proxy_protocol` of Postfix, `hosts_proxy` of Exim).
///
/// The header says which two addresses a connection is made between. With TLS from the first byte
/// it comes before the handshake, in clear. A server that does not expect it takes it for a command
/// and refuses it; one that expects it waits in vain without it.
///
/// ```
/// use std::net::SocketAddr;
///
/// use smtp::Server;
/// use smtp::transport::ProxyProtocol;
///
/// let client = SocketAddr::from(([192, 0, 2, 7], 40_000));
/// let service = SocketAddr::from(([192, 0, 2, 25], 25));
/// let connector = ProxyProtocol::v2().between(client, service);
/// let server = Server::new("mail.example.com", 25).connector(connector);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ProxyProtocol<C = Tcp> {
    connector: C,
    version: Version,
    client: Client,
}

/// The form of the header.
#[derive(Clone, Copy, Debug)]
enum Version {
    Text,
    Binary,
}

/// The client that the header names.
#[derive(Clone, Copy, Debug)]
enum Client {
    /// This one, by the addresses of its socket.
    Socket,
    Between(SocketAddr, SocketAddr),
    Unnamed,
}

impl ProxyProtocol {
    /// Writes the line of version 1, over TCP.
    pub fn v1() -> Self {
        Self { connector: Tcp, version: Version::Text, client: Client::Socket }
    }

    /// Writes the binary header of version 2, over TCP.
    pub fn v2() -> Self {
        Self { version: Version::Binary, ..Self::v1() }
    }
}

impl<C> ProxyProtocol<C> {
    /// Opens the stream with this connector.
    pub fn connector<D: Connect>(self, connector: D) -> ProxyProtocol<D> {
        ProxyProtocol { connector, version: self.version, client: self.client }
    }

    /// Names a client at `source` that has connected to `destination`: addresses of one family.
    /// Without it the header has the two addresses of the socket, or none where the stream is no
    /// socket of TCP.
    pub fn between(self, source: SocketAddr, destination: SocketAddr) -> Self {
        Self { client: Client::Between(source, destination), ..self }
    }

    /// Names no client (UNKNOWN in version 1, LOCAL in version 2), as for a health check: the server
    /// goes by the addresses of the connection. Postfix refuses UNKNOWN, and takes LOCAL.
    pub fn unnamed(self) -> Self {
        Self { client: Client::Unnamed, ..self }
    }

    fn header(&self, local: Option<SocketAddr>, remote: Option<SocketAddr>) -> io::Result<Vec<u8>> {
        let addresses = match self.client {
            Client::Socket => local.zip(remote),
            Client::Between(source, destination) => Some((source, destination)),
            Client::Unnamed => None,
        };
        let header = addresses.map_or_else(ProxyHeader::with_local, |(source, destination)| {
            ProxyHeader::with_address(ProxiedAddress::stream(source, destination))
        });
        let mut bytes = Vec::new();
        let written = match self.version {
            Version::Text => header.encode_v1(&mut bytes),
            Version::Binary => header.encode_v2(&mut bytes),
        };
        written.map(|()| bytes).map_err(|error| {
            let reason = format!(
                "cannot be written ({error}): give two addresses of one family to \
                 `ProxyProtocol::between`"
            );
            let header = "header of the PROXY protocol";
            ProxyError::new(header, ProxyErrorKind::InvalidSettings, reason).into()
        })
    }
}

impl<C: Connect> Connect for ProxyProtocol<C> {
    fn connect<'a>(
        &'a self,
        target: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        Box::pin(async move {
            if let Client::Between(..) = self.client {
                // Addresses that cannot be written are found before a server waits for them.
                self.header(None, None)?;
            }
            let mut connected = self.connector.connect(target).await?;
            let header = self.header(connected.local, target.address())?;
            connected.stream.write_all(&header).await?;
            connected.stream.flush().await?;
            Ok(connected)
        })
    }

    fn takes_names(&self) -> bool {
        self.connector.takes_names()
    }

    fn timed_out(&self, target: &Target) -> io::Error {
        self.connector.timed_out(target)
    }
}
