//! A simulated network: what a client meets at each address.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use smtp::rustls::ServerConfig;
use smtp::testing::Script;
use smtp::transport::{Connect, Connected, Resolve, Target};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use crate::args::Options;
use crate::network::Network;

/// One way, there and back.
const ROUND_TRIP: Duration = Duration::from_millis(10);

/// The fate of a client at an address.
#[derive(Clone, Debug)]
pub(super) enum At {
    /// A firewall says nothing.
    Silence,
    /// No server listens there.
    Refusal,
    /// This machine has no way to it.
    NoRoute,
    /// A server plays this script, for each client anew.
    Server(Script),
    /// A server of TLS with this configuration, which has nothing to say inside it.
    Tls(Arc<ServerConfig>),
    /// A web server, which answers only what it is asked.
    Web,
}

/// A network with these addresses of one host, in this order.
#[derive(Clone, Debug)]
pub(super) struct Simulated {
    addresses: Arc<[SocketAddr]>,
    hosts: Arc<BTreeMap<SocketAddr, At>>,
    /// The resolver says nothing.
    mute: bool,
}

impl Simulated {
    pub(super) fn new(hosts: impl IntoIterator<Item = (&'static str, At)>) -> Self {
        let hosts = hosts.into_iter();
        let hosts: Vec<(SocketAddr, At)> =
            hosts.map(|(address, at)| (address.parse().expect(address), at)).collect();
        let addresses = hosts.iter().map(|(address, _)| *address).collect();
        Self { addresses, hosts: Arc::new(hosts.into_iter().collect()), mute: false }
    }

    /// One address.
    pub(super) fn at(at: At) -> Self {
        Self::new([("192.0.2.1:587", at)])
    }

    /// No answer to any name.
    pub(super) fn mute() -> Self {
        Self { mute: true, ..Self::new([]) }
    }

    pub(super) fn network(&self, options: &Options) -> Network {
        Network::new(options, Arc::new(self.clone()), Arc::new(self.clone()))
    }
}

impl Resolve for Simulated {
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        assert_eq!(name, "mail.example.test");
        Box::pin(async move {
            if self.mute {
                std::future::pending::<()>().await;
            }
            sleep(ROUND_TRIP).await;
            Ok(self.addresses.iter().map(|address| (address.ip(), port).into()).collect())
        })
    }
}

impl Connect for Simulated {
    fn connect<'a>(
        &'a self,
        target: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        Box::pin(async move {
            let ip = target.address().expect("an address").ip();
            let found = self.hosts.iter().find(|(address, _)| address.ip() == ip);
            let at = found.map_or(At::Silence, |(_, at)| at.clone());
            if matches!(at, At::Silence) {
                std::future::pending::<()>().await;
            }
            if matches!(at, At::NoRoute) {
                return Err(io::ErrorKind::NetworkUnreachable.into());
            }
            sleep(ROUND_TRIP).await;
            let (client, server) = duplex(1 << 16);
            match at {
                At::Server(script) => return Ok(Connected::new(script.start().0)),
                At::Tls(config) => drop(tokio::spawn(tls(server, config))),
                At::Web => drop(tokio::spawn(web(server))),
                At::Refusal | At::NoRoute | At::Silence => {
                    return Err(io::ErrorKind::ConnectionRefused.into());
                }
            }
            Ok(Connected::new(client))
        })
    }
}

async fn tls(stream: DuplexStream, config: Arc<ServerConfig>) {
    // A handshake that fails is told by the client.
    if let Ok(mut stream) = TlsAcceptor::from(config).accept(stream).await {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
}

async fn web(mut stream: DuplexStream) {
    let mut first = [0; 16];
    if stream.read(&mut first).await.is_ok_and(|read| read > 0) {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n").await;
    }
}
