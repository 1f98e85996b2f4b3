//! A way to a host: its name is looked up, its addresses are put in order, and one of them is
//! connected to.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cause::failed;
use super::discovery::{Discovery, Service};
use super::failed::Failed;
use super::finder::Finder;
use super::race::{Finish, Race, Won};
use super::reach::Reach;
use super::target::{Candidate, Connected, Target};
use crate::net::clock::{Clock, deadline};
use crate::net::host::{self, Host};
use crate::proto::attempt::Attempt;
use crate::proto::fault::Fault;

/// The targets that a host has, while one after the other is tried.
#[derive(Debug)]
pub(crate) struct Approach<'a> {
    reach: &'a Reach,
    clock: &'a dyn Clock,
    /// The hosts and ports, as an error names them.
    hosts: String,
    /// The time for a stream to one of the targets. None: the caller drops the attempt in time.
    limit: Option<Duration>,
    /// When the targets are given up that are under way.
    latest: Option<Instant>,
    /// Look-ups that are under way or have not begun.
    finder: Finder<'a>,
    /// Those that have not failed yet.
    targets: VecDeque<Target>,
    tried: Vec<Attempt>,
}

/// A target to which there is a stream.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) address: Option<SocketAddr>,
    /// Whom TLS verifies, where that is not the host that the caller named.
    pub(crate) identity: Option<Arc<str>>,
    began: Instant,
}

impl Reach {
    /// Finds the targets of a host. `limit` is the time for this and for the first stream to one of
    /// them; without it the caller drops the attempt in time.
    ///
    /// # Errors
    ///
    /// [`Fault::InvalidHost`] before anything is tried, or when the settings leave out all
    /// addresses.
    pub(crate) fn find<'a>(
        &'a self,
        clock: &'a dyn Clock,
        host: &str,
        port: u16,
        limit: Option<Duration>,
    ) -> Result<Approach<'a>, Fault> {
        let parsed = host::parse(host).map_err(Fault::InvalidHost)?;
        let candidate = Candidate { name: parsed.to_string(), port, identity: None };
        let addresses = match (&self.addresses, parsed) {
            (Some(addresses), _) => Some(addresses.clone()),
            (None, Host::Address(address)) => Some(vec![SocketAddr::new(address, port)]),
            (None, Host::Name(_) | Host::Zoned(_)) => None,
        };
        let mut approach = self.approach(clock, limit, format!("{host} port {port}"));
        approach.latest = limit.map(|limit| deadline(clock, limit));
        match addresses {
            Some(addresses) => {
                let targets = self.targets(&self.target(candidate), &addresses);
                approach.targets = targets.map_err(Fault::InvalidHost)?.into();
            }
            None => approach.add([candidate]),
        }
        Ok(approach)
    }

    /// Finds the hosts of a domain that offer the first of these services that it has, each with
    /// this port, if there is one. `limit` is as for [`find`](Self::find).
    ///
    /// # Errors
    ///
    /// [`Fault::InvalidHost`] before anything is tried, [`Fault::Unresolved`] when the records are
    /// not known, [`Fault::Discovery`] when there is none that can be used.
    pub(crate) async fn discover<'a>(
        &'a self,
        discovery: &Discovery,
        clock: &'a dyn Clock,
        domain: &str,
        services: &[Service],
        port: Option<u16>,
        limit: Duration,
    ) -> Result<(Service, Approach<'a>), Fault> {
        let latest = deadline(clock, limit);
        let (service, records) = discovery.find(clock, latest, domain, services).await?;
        let mut found = Vec::with_capacity(records.len());
        for record in records {
            let host = Candidate { port: port.unwrap_or(record.port), ..record };
            // Two records of one host may differ in the port alone.
            if !found.contains(&host) {
                found.push(host);
            }
        }
        let hosts = found.iter().map(|host| format!("{} port {}", host.name, host.port));
        let hosts = hosts.collect::<Vec<_>>().join(", ");
        let hosts = format!("{hosts} (SRV records of {domain})");
        let mut approach = self.approach(clock, Some(limit), hosts);
        approach.latest = Some(latest);
        approach.add(found);
        Ok((service, approach))
    }

    fn approach<'a>(
        &'a self,
        clock: &'a dyn Clock,
        limit: Option<Duration>,
        hosts: String,
    ) -> Approach<'a> {
        Approach {
            reach: self,
            clock,
            hosts,
            limit,
            latest: None,
            finder: Finder::new(self),
            targets: VecDeque::new(),
            tried: Vec::new(),
        }
    }
}

impl Approach<'_> {
    /// Adds hosts whose addresses are not known.
    fn add(&mut self, hosts: impl IntoIterator<Item = Candidate>) {
        if self.reach.connector.takes_names() {
            let reach = self.reach;
            let to = |host| Target { local: reach.local.only(), ..reach.target(host) };
            self.targets.extend(hosts.into_iter().map(to));
        } else {
            self.finder.add(hosts);
        }
    }

    /// Opens a stream to one of the targets that are left.
    ///
    /// # Errors
    ///
    /// [`Fault::Unresolved`] when the name has no address, [`Fault::Local`] when this machine could
    /// try none of them, [`Fault::Unreachable`] when none answers, with the reason of each;
    /// [`Fault::NoRuntime`] without a runtime where one is
    /// needed, [`Fault::NoTimer`] when the clock has no timers.
    pub(crate) async fn next(&mut self) -> Result<(Connected, Reached), Fault> {
        // Those that are left when a server has not greeted have the whole time again.
        let anew = |limit| deadline(self.clock, limit);
        let latest = self.latest.take().or_else(|| self.limit.map(anew));
        let targets = std::mem::take(&mut self.targets);
        let connector = &*self.reach.connector;
        let mut race = Race::new(connector, self.clock, latest, &mut self.finder, targets);
        let Finish { result, failed: failures, left } = poll_fn(|cx| race.poll(cx)).await;
        self.targets = left;
        self.tried.extend(failures.iter().map(Failed::attempt));
        match result {
            Ok(Won { connected, target, began }) => {
                let Target { host, port, address, identity, .. } = target;
                Ok((connected, Reached { host, port, address, identity, began }))
            }
            Err(Some(error)) => Err(Fault::NoTimer(error)),
            Err(None) => Err(failed(&self.hosts, &failures)),
        }
    }

    /// Whether there is a target that has not failed.
    pub(crate) fn has_more(&self) -> bool {
        !self.targets.is_empty() || self.finder.is_looking() || self.finder.is_waiting()
    }

    /// The time since the attempt to reach a target began.
    pub(crate) fn since(&self, reached: &Reached) -> Duration {
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
