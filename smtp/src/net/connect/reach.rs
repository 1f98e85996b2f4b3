//! A way to a host, as the settings of a server ask for it: its name is looked up, its addresses
//! are put in order, and one of them is connected to.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::addresses::{Families, Local};
use super::cause::{failed, no_address, unresolved};
use super::connector::Connect;
use super::race::{Failed, Finish, Race, Won};
use super::resolve::{Resolve, SystemResolver};
use super::target::{Connected, Target};
use super::tcp::Tcp;
use crate::net::clock::{Clock, Expired, deadline, timeout_at};
use crate::net::host::{self, Host};
use crate::proto::attempt::Attempt;
use crate::proto::fault::Fault;

/// Where a host is, and how a stream to it is opened.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    /// Where the caller says so, and not a resolver.
    pub(crate) addresses: Option<Vec<SocketAddr>>,
    pub(crate) families: Families,
    pub(crate) keepalive: Option<Duration>,
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) connector: Arc<dyn Connect>,
    local: Local,
}

/// The targets that a host has, while one after the other is tried.
#[derive(Debug)]
pub(crate) struct Approach<'a> {
    reach: &'a Reach,
    clock: &'a dyn Clock,
    host: &'a str,
    port: u16,
    /// The time for a stream to one of the targets. None: the caller drops the attempt in time.
    limit: Option<Duration>,
    /// When the targets are given up that are under way.
    latest: Option<Instant>,
    /// Those that have not failed yet.
    targets: VecDeque<Target>,
    tried: Vec<Attempt>,
}

/// A target to which there is a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reached {
    pub(crate) port: u16,
    pub(crate) address: Option<SocketAddr>,
    began: Instant,
}

impl Default for Reach {
    fn default() -> Self {
        Self {
            addresses: None,
            families: Families::default(),
            keepalive: None,
            resolver: Arc::new(SystemResolver),
            connector: Arc::new(Tcp),
            local: Local::default(),
        }
    }
}

impl Reach {
    pub(crate) fn set_local(&mut self, address: IpAddr) {
        self.local.set(address);
    }

    /// Finds the targets of a host. `limit` is the time for this and for the first stream to one of
    /// them; without it the caller drops the future in time.
    ///
    /// # Errors
    ///
    /// [`Fault::InvalidHost`] before anything is tried, or when the settings leave out all
    /// addresses; [`Fault::Unresolved`] when the name has none.
    pub(crate) async fn find<'a>(
        &'a self,
        clock: &'a dyn Clock,
        host: &'a str,
        port: u16,
        limit: Option<Duration>,
    ) -> Result<Approach<'a>, Fault> {
        let parsed = host::parse(host).map_err(Fault::InvalidHost)?;
        let latest = limit.map(|limit| deadline(clock, limit));
        let target = Target { keepalive: self.keepalive, ..Target::new(parsed.to_string(), port) };
        let looked_up = match (&self.addresses, parsed) {
            (Some(addresses), _) => Ok(addresses.clone()),
            (None, Host::Address(address)) => Ok(vec![SocketAddr::new(address, port)]),
            (None, name) if self.connector.takes_names() => Err(name),
            (None, Host::Name(name)) => {
                let looking = self.resolver.resolve(&name, port);
                Ok(resolved(clock, latest, &name, looking).await?)
            }
            (None, Host::Zoned(name)) => {
                // The system alone knows its zones.
                let looking = SystemResolver.resolve(name, port);
                Ok(resolved(clock, latest, name, looking).await?)
            }
        };
        let targets = match looked_up {
            Ok(addresses) => self.targets(&target, &addresses)?,
            Err(_name) => VecDeque::from([Target { local: self.local.only(), ..target }]),
        };
        let tried = Vec::new();
        Ok(Approach { reach: self, clock, host, port, limit, latest, targets, tried })
    }

    /// A target for each address that the settings leave, in the order of attempts.
    fn targets(&self, target: &Target, found: &[SocketAddr]) -> Result<VecDeque<Target>, Fault> {
        let mut usable = self.families.order(found);
        usable.retain(|address| self.local.permits(*address));
        if usable.is_empty() {
            return Err(left_out(target.host(), found));
        }
        let to = |address| {
            let local = self.local.for_remote(address);
            Target { local, ..target.clone().at(address) }
        };
        Ok(usable.into_iter().map(to).collect())
    }
}

/// The addresses that a resolver finds until `latest`.
async fn resolved(
    clock: &dyn Clock,
    latest: Option<Instant>,
    name: &str,
    looking: impl Future<Output = io::Result<Vec<SocketAddr>>>,
) -> Result<Vec<SocketAddr>, Fault> {
    let found = match latest {
        Some(latest) => timeout_at(clock, latest, looking).await,
        None => Ok(looking.await),
    };
    let found = match found {
        Ok(Ok(found)) if found.is_empty() => Err(no_address()),
        Ok(found) => found,
        Err(Expired::Late) => {
            let text = "no answer in the time for connecting (`Timeouts::connect`)";
            Err(io::Error::new(io::ErrorKind::TimedOut, text))
        }
        Err(Expired::NoTimer(error)) => return Err(Fault::NoTimer(error)),
    };
    found.map_err(|error| unresolved(name, error))
}

/// The fault of settings that leave no address.
fn left_out(host: &str, found: &[SocketAddr]) -> Fault {
    let text = match found {
        [] => format!("the host {host:?} has no address: `Server::at` was given none"),
        [first, ..] => format!(
            "the host {host:?} has addresses, {} for one, but the settings leave out each of them: \
             see `Server::families` and `Server::local_address`",
            first.ip()
        ),
    };
    Fault::InvalidHost(io::Error::new(io::ErrorKind::InvalidInput, text))
}

impl Approach<'_> {
    /// Opens a stream to one of the targets that are left.
    ///
    /// # Errors
    ///
    /// [`Fault::Local`] when this machine could try none of them, [`Fault::Unreachable`] when none
    /// answers, with the reason of each; [`Fault::NoRuntime`] without a runtime where one is
    /// needed, [`Fault::NoTimer`] when the clock has no timers.
    pub(crate) async fn next(&mut self) -> Result<(Connected, Reached), Fault> {
        // Those that are left when a server has not greeted have the whole time again.
        let again = || self.limit.map(|limit| deadline(self.clock, limit));
        let latest = self.latest.take().or_else(again);
        let targets = std::mem::take(&mut self.targets);
        let mut race = Race::new(&*self.reach.connector, self.clock, latest, targets);
        let Finish { result, failed: failures, left } = poll_fn(|cx| race.poll(cx)).await;
        self.targets = left;
        self.tried.extend(failures.iter().map(Failed::attempt));
        match result {
            Ok(Won { connected, target, began }) => {
                let (port, address) = (target.port(), target.address());
                Ok((connected, Reached { port, address, began }))
            }
            Err(Some(error)) => Err(Fault::NoTimer(error)),
            Err(None) => Err(failed(self.host, self.port, &failures)),
        }
    }

    /// Whether there is a target that has not failed.
    pub(crate) fn has_more(&self) -> bool {
        !self.targets.is_empty()
    }

    /// The time since the attempt to reach a target began.
    pub(crate) fn since(&self, reached: Reached) -> Duration {
        self.clock.now().saturating_duration_since(reached.began)
    }

    /// Adds an attempt to those that were in vain.
    pub(crate) fn record(&mut self, attempt: Attempt) {
        self.tried.push(attempt);
    }

    /// The targets that were tried in vain.
    pub(crate) fn into_tried(self) -> Vec<Attempt> {
        self.tried
    }
}
