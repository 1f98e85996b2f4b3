//! Look-ups under way: hosts in, targets out, as the answers come.
//!
//! A resolver may tell the families apart. Then the addresses of one are connected to while the
//! other is still looked up (RFC 8305 §3).

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::addresses::Family;
use super::failed::{Failed, Step, late, no_address};
use super::reach::Reach;
use super::resolve::{NoRuntime, Resolve, SystemResolver};
use super::target::{Candidate, Target};
use crate::net::clock::{Clock, deadline};
use crate::net::host::{self, Host};
use crate::proto::fault::NoTimer;

/// How long the addresses of the second family are held back for those of the first ("Resolution
/// Delay", RFC 8305 §8).
const DELAY: Duration = Duration::from_millis(50);

/// Finds the targets of some hosts, of one after the other.
#[derive(Debug)]
pub(super) struct Finder<'a> {
    reach: &'a Reach,
    waiting: VecDeque<Candidate>,
    looking: Vec<Looking<'a>>,
}

/// One host under way.
struct Looking<'a> {
    target: Target,
    began: Instant,
    /// For each family, the one that comes first before the other, or one for both.
    queries: Vec<Query<'a>>,
    failures: Vec<Failure>,
    /// The settings leave out the addresses that were found.
    left_out: Option<io::Error>,
    /// The answer of the second family, until that of the first is there or `hold` fires.
    held: Vec<SocketAddr>,
    hold: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    has_given: bool,
}

struct Query<'a> {
    family: Option<Family>,
    asking: Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>,
}

/// The error of a query.
struct Failure {
    family: Option<Family>,
    error: io::Error,
}

/// The news of a look.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) targets: Vec<Target>,
    /// Looking up a host was an attempt to reach it, which goes on with its first targets, or has
    /// failed: the next one begins at once.
    pub(super) is_next: bool,
    pub(super) failed: Vec<Failed>,
}

impl std::fmt::Debug for Looking<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Looking").field("target", &self.target).finish_non_exhaustive()
    }
}

impl<'a> Finder<'a> {
    pub(super) fn new(reach: &'a Reach) -> Self {
        Self { reach, waiting: VecDeque::new(), looking: Vec::new() }
    }

    pub(super) fn add(&mut self, hosts: impl IntoIterator<Item = Candidate>) {
        self.waiting.extend(hosts);
    }

    /// Whether a look-up is under way.
    pub(super) fn is_looking(&self) -> bool {
        !self.looking.is_empty()
    }

    /// Whether there is a host that was not looked up.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Begins with the next host, if there is one.
    pub(super) fn begin_next(&mut self, clock: &dyn Clock) -> bool {
        let Some(candidate) = self.waiting.pop_front() else {
            return false;
        };
        let target = self.reach.target(candidate);
        let queries = queries(self.reach, &target);
        self.looking.push(Looking {
            target,
            began: clock.now(),
            queries,
            failures: Vec::new(),
            left_out: None,
            held: Vec::new(),
            hold: None,
            has_given: false,
        });
        true
    }

    /// Looks at each look-up under way.
    pub(super) fn poll(
        &mut self,
        clock: &dyn Clock,
        cx: &mut Context<'_>,
    ) -> Result<Found, NoTimer> {
        let mut found = Found::default();
        let mut index = 0;
        while let Some(looking) = self.looking.get_mut(index) {
            let addresses = looking.poll(clock, cx)?;
            if !addresses.is_empty() {
                match self.reach.targets(&looking.target, &addresses) {
                    Ok(targets) => {
                        found.is_next |= !looking.has_given;
                        looking.has_given = true;
                        found.targets.extend(targets);
                    }
                    Err(error) => looking.left_out = Some(error),
                }
            }
            if looking.queries.is_empty() {
                let ended = self.looking.remove(index);
                found.is_next |= !ended.has_given;
                found.failed.extend(ended.into_failed(clock.now()));
            } else {
                index += 1;
            }
        }
        Ok(found)
    }

    /// The time is over, for those as well that have not begun.
    pub(super) fn give_up(&mut self, now: Instant) -> Vec<Failed> {
        let mut failed = Vec::new();
        for mut looking in std::mem::take(&mut self.looking) {
            looking.failures.push(Failure { family: None, error: late() });
            failed.extend(looking.into_failed(now));
        }
        for candidate in std::mem::take(&mut self.waiting) {
            failed.push(Failed {
                step: Step::Resolve(candidate.name),
                address: None,
                error: Arc::new(late()),
                took: Duration::ZERO,
            });
        }
        failed
    }
}

/// The questions to the resolver.
fn queries<'a>(reach: &'a Reach, target: &Target) -> Vec<Query<'a>> {
    let (name, port) = (target.host().to_owned(), target.port());
    let resolver: &'a dyn Resolve = match host::parse(&name) {
        // The system alone knows its zones.
        Ok(Host::Zoned(_)) => &SystemResolver,
        _ => &*reach.resolver,
    };
    if !resolver.asks_by_family() {
        let asking = Box::pin(async move { resolver.resolve(&name, port).await });
        return vec![Query { family: None, asking }];
    }
    let ask = |family| {
        let name = name.clone();
        let asking = Box::pin(async move { resolver.resolve_family(&name, port, family).await });
        Query { family: Some(family), asking: asking as _ }
    };
    reach.families_to_ask().map(ask).collect()
}

impl Looking<'_> {
    /// The addresses that may be connected to now.
    fn poll(
        &mut self,
        clock: &dyn Clock,
        cx: &mut Context<'_>,
    ) -> Result<Vec<SocketAddr>, NoTimer> {
        let mut given = Vec::new();
        let mut index = 0;
        while let Some(query) = self.queries.get_mut(index) {
            let Poll::Ready(answer) = query.asking.as_mut().poll(cx) else {
                index += 1;
                continue;
            };
            let family = self.queries.remove(index).family;
            match answer {
                // The family that comes first has not answered.
                Ok(addresses) if index > 0 && !self.has_given => self.held.extend(addresses),
                Ok(addresses) => given.extend(addresses),
                Err(error) => self.failures.push(Failure { family, error }),
            }
        }
        if self.held.is_empty() {
            return Ok(given);
        }
        let is_over = !given.is_empty() || self.queries.is_empty() || {
            let hold = match &mut self.hold {
                Some(hold) => hold,
                None => self.hold.insert(clock.timer(deadline(clock, DELAY))?),
            };
            hold.as_mut().poll(cx).is_ready()
        };
        if is_over {
            given.append(&mut self.held);
            self.hold = None;
        }
        Ok(given)
    }

    /// The failure of a host without an address, or of the family that could not be looked up.
    fn into_failed(self, now: Instant) -> Option<Failed> {
        let Self { target, failures, left_out, has_given, .. } = self;
        let resolve = Step::Resolve(target.host);
        let (step, error) = match (merged(failures), left_out.filter(|_| !has_given)) {
            (_, Some(error)) => (Step::Choose, error),
            (Some(error), None) => (resolve, error),
            (None, None) if has_given => return None,
            (None, None) => (resolve, no_address()),
        };
        Some(Failed {
            step,
            address: None,
            error: Arc::new(error),
            took: now.saturating_duration_since(self.began),
        })
    }
}

/// One error of several.
fn merged(mut failures: Vec<Failure>) -> Option<io::Error> {
    let alone = failures.iter().position(|failure| {
        // Their kinds, codes and sources are looked at.
        failure.family.is_none() || NoRuntime::is_in(&failure.error)
    });
    if let Some(index) = alone {
        return Some(failures.swap_remove(index).error);
    }
    let kind = failures.first()?.error.kind();
    let texts = failures.iter().map(|Failure { family, error }| match family {
        Some(family) => format!("{family}: {error}"),
        None => error.to_string(),
    });
    Some(io::Error::new(kind, texts.collect::<Vec<_>>().join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_each_family_is_told() {
        let failure = |family, text: &str| Failure { family, error: io::Error::other(text) };
        let text = |failures| merged(failures).map(|error| error.to_string());
        assert_eq!(text(Vec::new()), None);
        let one = vec![failure(Some(Family::Ipv4), "refused")];
        assert_eq!(text(one).as_deref(), Some("IPv4: refused"));
        let two =
            vec![failure(Some(Family::Ipv6), "refused"), failure(Some(Family::Ipv4), "silence")];
        assert_eq!(text(two).as_deref(), Some("IPv6: refused; IPv4: silence"));
        let late = vec![failure(Some(Family::Ipv6), "refused"), failure(None, "no answer")];
        assert_eq!(text(late).as_deref(), Some("no answer"));
    }
}
