//! The network as the probe sees it: it keeps when a name was looked up, and what became of the
//! connection to each address, also of those that the library gave up.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smtp::transport::{Connect, Connected, Resolve, SystemResolver, Target, Tcp};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::args::Options;

/// How long an address may take to answer when another one has.
pub(crate) const DEAD_AFTER: Duration = Duration::from_secs(3);

/// A network that is watched. A clone is the same one.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    host: Arc<str>,
    resolver: Arc<dyn Resolve>,
    connector: Arc<dyn Connect>,
    log: Arc<Mutex<Log>>,
    /// A connection came about, or did not.
    ended: Arc<Notify>,
}

/// The record of a network.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    /// Where a name was looked up.
    pub(crate) look_up: Option<LookUp>,
    pub(crate) dials: Vec<Dial>,
}

#[derive(Clone, Debug)]
pub(crate) struct LookUp {
    pub(crate) began: Instant,
    /// When the answer came, and the addresses in it.
    pub(crate) answer: Option<(Instant, Vec<SocketAddr>)>,
}

/// A connection to one address.
#[derive(Clone, Debug)]
pub(crate) struct Dial {
    pub(crate) address: SocketAddr,
    pub(crate) began: Instant,
    pub(crate) outcome: Option<(Instant, Outcome)>,
    /// The session was carried on it.
    pub(crate) used: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Connected,
    Failed(ErrorKind, String),
}

impl Network {
    /// The system's.
    pub(crate) fn of_system(options: &Options) -> Self {
        Self::new(options, Arc::new(SystemResolver), Arc::new(Tcp))
    }

    pub(crate) fn new(
        options: &Options,
        resolver: Arc<dyn Resolve>,
        connector: Arc<dyn Connect>,
    ) -> Self {
        let host = options.host.as_deref().unwrap_or_default().into();
        Self { host, resolver, connector, log: Arc::default(), ended: Arc::default() }
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the host is, if it is an address itself: its certificate may be for another name.
    pub(crate) fn literal(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The connector, without the watch.
    pub(crate) fn unwatched(&self) -> Arc<dyn Connect> {
        Arc::clone(&self.connector)
    }

    /// Connects to those addresses that the session did not need, and waits for all of them until
    /// then.
    pub(crate) async fn dial_the_rest(&self, latest: Instant) {
        if latest <= Instant::now() {
            return;
        }
        let rest = self.log().not_dialed();
        for address in rest {
            let target = Target::new(&*self.host, address.port()).at(address);
            drop(self.dial(target, address));
        }
        loop {
            let ended = self.ended.notified();
            if !self.log().dials.iter().any(|dial| dial.outcome.is_none()) {
                return;
            }
            if timeout_at(latest, ended).await.is_err() {
                return;
            }
        }
    }

    /// Connects in a task of its own: it goes on when the library has lost its interest.
    fn dial(
        &self,
        target: Target,
        address: SocketAddr,
    ) -> oneshot::Receiver<io::Result<(usize, Connected)>> {
        let index = {
            let dials = &mut self.log().dials;
            dials.push(Dial { address, began: Instant::now(), outcome: None, used: false });
            dials.len() - 1
        };
        let (sender, receiver) = oneshot::channel();
        let network = self.clone();
        tokio::spawn(async move {
            let result = network.connector.connect(&target).await;
            let outcome = match &result {
                Ok(_) => Outcome::Connected,
                Err(error) => Outcome::Failed(error.kind(), error.to_string()),
            };
            network.log().dials[index].outcome = Some((Instant::now(), outcome));
            // No caller waits for it any more: it is closed.
            let _ = sender.send(result.map(|connected| (index, connected)));
            network.ended.notify_waiters();
        });
        receiver
    }
}

impl Log {
    fn not_dialed(&self) -> Vec<SocketAddr> {
        let mut rest = Vec::new();
        for &address in self.addresses() {
            if !rest.contains(&address) && !self.dials.iter().any(|dial| dial.address == address) {
                rest.push(address);
            }
        }
        rest
    }

    /// The addresses in the answer of the resolver.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        let answer = self.look_up.as_ref().and_then(|look_up| look_up.answer.as_ref());
        answer.map_or(&[], |(_, addresses)| addresses)
    }

    /// The connection of the session.
    pub(crate) fn used(&self) -> Option<&Dial> {
        self.dials.iter().rfind(|dial| dial.used)
    }
}

impl Dial {
    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.outcome, Some((_, Outcome::Connected)))
    }

    /// Whether the address does not answer, at the end of the look. Where this machine is the
    /// cause, nothing is known of it.
    pub(crate) fn is_dead(&self, end: Instant) -> bool {
        match &self.outcome {
            Some((_, Outcome::Connected)) => false,
            Some((_, Outcome::Failed(kind, _))) => !is_ours(*kind),
            None => end - self.began >= DEAD_AFTER,
        }
    }

    /// How long it took.
    pub(crate) fn took(&self) -> Option<Duration> {
        self.outcome.as_ref().map(|(ended, _)| *ended - self.began)
    }

    /// Why there is no connection; none without an answer.
    pub(crate) fn failure(&self) -> Option<(ErrorKind, &str)> {
        match &self.outcome {
            Some((_, Outcome::Failed(kind, text))) => Some((*kind, text)),
            _ => None,
        }
    }
}

/// Whether this machine is the cause.
fn is_ours(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::AddrNotAvailable
            | ErrorKind::AddrInUse
            | ErrorKind::PermissionDenied
            | ErrorKind::Unsupported
    )
}

impl Connect for Network {
    fn connect<'a>(
        &'a self,
        target: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        Box::pin(async move {
            let Some(address) = target.address() else {
                return Err(io::Error::other("there is no address to connect to"));
            };
            let given_up = || io::Error::other("the task that connects is gone");
            let (index, connected) =
                self.dial(target.clone(), address).await.map_err(|_| given_up())??;
            self.log().dials[index].used = true;
            Ok(connected)
        })
    }
}

impl Resolve for Network {
    /// The addresses of the host, whatever the name that the certificate must be for.
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        Box::pin(async move {
            self.log().look_up = Some(LookUp { began: Instant::now(), answer: None });
            let name = if self.host.is_ascii() { &*self.host } else { name };
            let result = self.resolver.resolve(name, port).await;
            let addresses = result.as_ref().map(Clone::clone).unwrap_or_default();
            if let Some(look_up) = &mut self.log().look_up {
                look_up.answer = Some((Instant::now(), addresses));
            }
            result
        })
    }
}
