//! The servers of a domain for mail submission, as its SRV records name them (RFC 6186, RFC 8314
//! §5.1).

use std::fmt::{self, Debug};
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::sync::Arc;
use std::time::Instant;

use super::cause::unresolved;
use super::failed::late;
use super::srv::{ResolveSrv, SrvAnswer, SrvRecord};
use super::target::Candidate;
use crate::net::clock::{Clock, Expired, timeout_at};
use crate::net::host::{self, Host};
use crate::proto::discovery::{DiscoveryError, DiscoveryErrorKind as Kind};
use crate::proto::fault::Fault;

/// A service that a domain may name servers for. It decides how TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Submission inside TLS from the first byte (RFC 8314 §3.3).
    Submissions,
    /// Submission with STARTTLS (RFC 6409).
    Submission,
}

/// More records than this are no list of servers.
const MAX_RECORDS: usize = 32;
/// Bytes in a DNS name, without a final dot (RFC 1035 §2.3.4).
const MAX_NAME: usize = 253;

impl Service {
    /// The labels before the domain (RFC 6186 §3.1, RFC 8314 §5.1).
    fn labels(self) -> &'static str {
        match self {
            Self::Submissions => "_submissions._tcp",
            Self::Submission => "_submission._tcp",
        }
    }
}

/// How the servers of a domain are found, and which of them may show a certificate of their own
/// name.
#[derive(Clone)]
pub(crate) struct Discovery {
    resolver: Arc<dyn ResolveSrv>,
    accepted: Vec<String>,
}

/// Says whom TLS verifies.
impl Debug for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discovery")
            .field("resolver", &self.resolver)
            .field("certificate_is_for", &"the domain")
            .field("or_for_the_targets", &self.accepted)
            .finish()
    }
}

impl Discovery {
    pub(crate) fn new(resolver: impl ResolveSrv) -> Self {
        Self { resolver: Arc::new(resolver), accepted: Vec::new() }
    }

    /// The resolver, and the names that [`accept`](Self::accept) was called with.
    pub(crate) fn parts(&self) -> (&Arc<dyn ResolveSrv>, &[String]) {
        (&self.resolver, &self.accepted)
    }

    /// Takes a target of this name for a server of the domain, by a certificate of its own name.
    pub(crate) fn accept(&mut self, target: String) {
        self.accepted.push(target);
    }

    /// The hosts of the first of these services that the domain offers, in the order of attempts.
    pub(super) async fn find(
        &self,
        clock: &dyn Clock,
        latest: Instant,
        domain: &str,
        services: &[Service],
    ) -> Result<(Service, Vec<Candidate>), Fault> {
        let domain = domain_name(domain)?;
        let accepted = self.accepted.iter().map(|name| host_name(name));
        let accepted = accepted.collect::<io::Result<Vec<_>>>().map_err(Fault::InvalidHost)?;
        let mut refused = false;
        for service in services {
            let name = format!("{}.{domain}", service.labels());
            if name.len() > MAX_NAME {
                let text = format!(
                    "the host {domain:?} is too long for SRV records: name the server itself with \
                     `Submission::new`"
                );
                return Err(Fault::InvalidHost(invalid(text)));
            }
            let looking = self.resolver.resolve_srv(&name);
            let answer = match timeout_at(clock, latest, looking).await {
                Ok(answer) => answer,
                Err(Expired::Late) => Err(late()),
                Err(Expired::NoTimer(error)) => return Err(Fault::NoTimer(error)),
            };
            let answer = answer.map_err(|error| unresolved(&name, error.into()))?;
            if answer.records.is_empty() {
                continue;
            }
            if answer.records.iter().all(|record| record.target == ".") {
                refused = true;
                continue;
            }
            let hosts = candidates(answer, &domain, &accepted).map_err(|problem| {
                let text = format!(
                    "the SRV records {name} lead to no server: {problem}; have the domain's owner \
                     mend them, or name the server itself with `Submission::new`"
                );
                Fault::Discovery(DiscoveryError::new(Kind::Unusable, text))
            })?;
            return Ok((*service, hosts));
        }
        Err(Fault::Discovery(none(&domain, services, refused)))
    }
}

/// A domain in A-labels, without a final dot.
fn domain_name(domain: &str) -> Result<String, Fault> {
    let is_address = matches!(host::parse(domain), Ok(Host::Address(_) | Host::Zoned(_)));
    if is_address {
        let text = format!(
            "the host {domain:?} is an address, and only domains have SRV records: use \
             `Submission::new`"
        );
        return Err(Fault::InvalidHost(invalid(text)));
    }
    host_name(domain).map_err(Fault::InvalidHost)
}

/// The name of a host in A-labels, without a final dot.
fn host_name(name: &str) -> io::Result<String> {
    let name = host::parse(name)?.to_string();
    Ok(name.strip_suffix('.').map_or_else(|| name.clone(), str::to_owned))
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

/// The error of a domain with no server for any of these services.
fn none(domain: &str, services: &[Service], refused: bool) -> DiscoveryError {
    let labels: Vec<_> = services.iter().map(|service| service.labels()).collect();
    let labels = labels.join(" or ");
    if refused {
        let text = format!(
            "the domain {domain} says that it offers no mail submission: the target of its SRV \
             record {labels} is \".\"; ask its owner for the server"
        );
        return DiscoveryError::new(Kind::NotOffered, text);
    }
    let text = format!(
        "the domain {domain} has no SRV record {labels}: ask its owner for the server, and name \
         that with `Submission::new`"
    );
    DiscoveryError::new(Kind::NoRecord, text)
}

/// The hosts of an answer that has some, or what is wrong with it. A record that cannot be used is
/// left out where another one can.
fn candidates(
    answer: SrvAnswer,
    domain: &str,
    accepted: &[String],
) -> Result<Vec<Candidate>, String> {
    let SrvAnswer { records, is_authentic } = answer;
    if records.len() > MAX_RECORDS {
        return Err(format!("there are {}, and more than {MAX_RECORDS}", records.len()));
    }
    let domain: Arc<str> = domain.into();
    let (mut found, mut problem) = (Vec::<Candidate>::new(), None);
    // Keyed by chance. A server that is chosen more often than its weight says is no harm.
    let entropy = RandomState::new();
    for record in in_order(records, |turn| entropy.hash_one(turn)) {
        let name = match target(&record) {
            Ok(name) => name,
            Err(reason) => {
                problem.get_or_insert(reason);
                continue;
            }
        };
        let is_trusted =
            is_authentic || accepted.iter().any(|known| known.eq_ignore_ascii_case(&name));
        let identity = if is_trusted { name.as_str().into() } else { Arc::clone(&domain) };
        let candidate = Candidate { name, port: record.port, identity: Some(identity) };
        if !found.contains(&candidate) {
            found.push(candidate);
        }
    }
    match problem {
        Some(problem) if found.is_empty() => Err(problem),
        _ => Ok(found),
    }
}

/// The host of a record, or what is wrong with it.
fn target(record: &SrvRecord) -> Result<String, String> {
    if record.target == "." {
        return Err("one of several has the target \".\"".to_owned());
    }
    // The text of a target comes from the network, and `parse` says it escaped and bounded.
    let name = match host::parse(&record.target) {
        Ok(Host::Name(name)) => name.strip_suffix('.').unwrap_or(&name).to_owned(),
        Ok(Host::Address(address)) => return Err(format!("the target {address} is no name")),
        Ok(Host::Zoned(_)) => return Err("a target is an address with a zone".to_owned()),
        Err(error) => {
            let text = error.to_string();
            // Without the advice, which is for callers.
            let text = text.rsplit_once(": ").map_or(text.as_str(), |(text, _)| text);
            return Err(text.replacen("the host", "the target", 1));
        }
    };
    match record.port {
        0 => Err(format!("the port of the target {name} is 0")),
        _ => Ok(name),
    }
}

/// Records in the order of attempts: by priority, and those of one priority by chance and weight
/// (RFC 2782, "Weight"). `random` gives a number for each turn.
fn in_order(mut records: Vec<SrvRecord>, mut random: impl FnMut(usize) -> u64) -> Vec<SrvRecord> {
    // "all those with weight 0 are placed at the beginning of the list".
    records.sort_by_key(|record| (record.priority, record.weight != 0));
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(first) = records.first() {
        let same = records.iter().take_while(|record| record.priority == first.priority);
        let sum: u64 = same.map(|record| u64::from(record.weight)).sum();
        let mut chosen = random(ordered.len()) % (sum + 1);
        let reaches = |record: &SrvRecord| match chosen.checked_sub(u64::from(record.weight)) {
            Some(rest) if rest > 0 => {
                chosen = rest;
                false
            }
            _ => true,
        };
        // The running sum of the last one of this priority is the sum.
        let index = records.iter().position(reaches).unwrap_or_default();
        ordered.push(records.remove(index));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(target: &str, priority: u16, weight: u16) -> SrvRecord {
        SrvRecord::new(target, 465).priority(priority).weight(weight)
    }

    fn order(records: &[SrvRecord], random: u64) -> String {
        let ordered = in_order(records.to_vec(), |_| random);
        ordered.iter().map(|record| record.target.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn priority_comes_first_and_chance_by_weight_after_it() {
        let records = [
            record("late", 9, 60_000),
            record("a", 1, 10),
            record("zero", 1, 0),
            record("b", 1, 30),
        ];
        // The running sums are 0, 10 and 40, then those of the two that are left.
        let table = [
            (0, "zero a b late"),
            (1, "a b zero late"),
            (10, "a b zero late"),
            (11, "b zero a late"),
            (40, "b a zero late"),
        ];
        for (random, expected) in table {
            assert_eq!(order(&records, random), expected, "{random}");
        }
        assert_eq!(order(&[], 7), "");
        let zeros = [record("a", 0, 0), record("b", 0, 0)];
        assert_eq!(order(&zeros, u64::MAX), "a b");
    }

    /// 3 of 4 begin with the heavier one; by chance, of a thousand.
    #[test]
    fn the_heavier_one_comes_first_more_often() {
        let records = [record("light", 0, 10), record("heavy", 0, 30)];
        let heavy = (0..1000).filter(|_| {
            let entropy = RandomState::new();
            let ordered = in_order(records.to_vec(), |turn| entropy.hash_one(turn));
            ordered[0].target == "heavy"
        });
        let heavy = heavy.count();
        assert!((600..900).contains(&heavy), "{heavy}");
    }
}
