//! A simulated network, and a resolver that knows one name.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use smtp::Server;
use smtp::testing::{Peer, Script};
use smtp::transport::{Connect, Connected, Resolve, Target};
use tokio::time::{Instant, sleep};

/// The fate of a client at an address.
#[derive(Clone, Debug)]
pub(super) enum At {
    /// A firewall says nothing.
    Silence,
    /// There is no server.
    Refusal,
    /// There is a server, which plays this script.
    Server(Script),
}

/// A network of addresses, each one round trip away.
#[derive(Debug)]
pub(super) struct Network {
    round_trip: Duration,
    hosts: BTreeMap<SocketAddr, At>,
    began: Instant,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Each attempt, with the time since the network began.
    dialed: Vec<(Target, Duration)>,
    peers: BTreeMap<SocketAddr, Peer>,
}

impl Network {
    pub(super) fn new(
        round_trip: Duration,
        hosts: impl IntoIterator<Item = (SocketAddr, At)>,
    ) -> Arc<Self> {
        let (hosts, began) = (hosts.into_iter().collect(), Instant::now());
        Arc::new(Self { round_trip, hosts, began, seen: Mutex::default() })
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn targets(&self) -> Vec<Target> {
        self.seen().dialed.iter().map(|(target, _)| target.clone()).collect()
    }

    /// The addresses that were tried, and when.
    pub(super) fn dialed(&self) -> Vec<(SocketAddr, Duration)> {
        let seen = self.seen();
        let dialed = seen.dialed.iter();
        dialed.map(|(target, at)| (target.address().expect("an address"), *at)).collect()
    }

    /// The lines of the client to the server at an address.
    pub(super) fn written(&self, address: SocketAddr) -> Option<String> {
        self.seen().peers.get(&address).map(Peer::dialogue)
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().expect("what was seen")
    }
}

impl Connect for Network {
    fn connect<'a>(
        &'a self,
        target: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        Box::pin(async move {
            self.seen().dialed.push((target.clone(), self.elapsed()));
            let address = target.address().expect("an address");
            match self.hosts.get(&address) {
                None | Some(At::Silence) => std::future::pending().await,
                Some(At::Refusal) => {
                    sleep(self.round_trip).await;
                    Err(io::ErrorKind::ConnectionRefused.into())
                }
                Some(At::Server(script)) => {
                    sleep(self.round_trip).await;
                    let (stream, peer) = script.clone().start();
                    self.seen().peers.insert(address, peer);
                    Ok(Connected::new(stream))
                }
            }
        })
    }
}

/// A resolver that gives these addresses for any name, and keeps the names.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) asked: Mutex<Vec<(String, u16)>>,
}

impl Names {
    pub(super) fn new(addresses: &[SocketAddr]) -> Arc<Self> {
        Arc::new(Self { addresses: addresses.to_vec(), ..Self::default() })
    }
}

impl Resolve for Names {
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        self.asked.lock().expect("the names").push((name.to_owned(), port));
        Box::pin(async { Ok(self.addresses.clone()) })
    }
}

pub(super) fn address(text: &str) -> SocketAddr {
    text.parse().expect(text)
}

pub(super) fn addresses(texts: &str) -> Vec<SocketAddr> {
    texts.split_whitespace().map(address).collect()
}

/// The server of the scripts at these addresses of a network, which are in this order.
pub(super) fn server_at(network: &Arc<Network>, addresses: &[SocketAddr]) -> Server {
    tests::server().at(addresses.iter().copied()).connector(Arc::clone(network))
}
