//! The resolver of hickory-dns, which speaks DNS itself.

use std::fmt::{self, Debug};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;

use hickory_resolver::TokioResolver;
use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};

use super::addresses::Family;
use super::resolve::{NoRuntime, Resolve};
use super::srv::{ResolveSrv, SrvAnswer, SrvRecord};

/// The resolver of the crate `hickory-resolver`, which asks the DNS itself and needs no thread for
/// it (feature `hickory`). It knows SRV records too, and keeps answers for as long as their TTL
/// says: connections that share it share its cache. A clone is the same resolver.
///
/// The two families of addresses are looked up side by side, and the addresses of one are connected
/// to while the other is still on its way (RFC 8305 §3). Look-ups need a tokio runtime.
///
/// ```
/// use smtp::Submission;
/// use smtp::transport::HickoryResolver;
///
/// # fn main() -> std::io::Result<()> {
/// # if false {
/// let dns = HickoryResolver::from_system()?;
/// let submission = Submission::discover("example.com", dns.clone()).resolver(dns);
/// # }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HickoryResolver(TokioResolver);

impl HickoryResolver {
    /// The resolver that this machine is set up with: `/etc/resolv.conf` and `/etc/hosts` on Unix
    /// systems, the registry on Windows. They are read once.
    ///
    /// # Errors
    ///
    /// When the set-up cannot be read.
    pub fn from_system() -> io::Result<Self> {
        let builder = TokioResolver::builder_tokio().map_err(io_error)?;
        builder.build().map(Self).map_err(io_error)
    }
}

/// A resolver with settings of the caller's: other servers, or other time-outs.
impl From<TokioResolver> for HickoryResolver {
    fn from(resolver: TokioResolver) -> Self {
        Self(resolver)
    }
}

impl HickoryResolver {
    /// The records of a name, of which there may be none.
    async fn records(&self, name: Name, of: RecordType) -> io::Result<Vec<RData>> {
        NoRuntime::check()?;
        match self.0.lookup(name, of).await {
            Ok(found) => Ok(found.answers().iter().map(|record| record.data.clone()).collect()),
            Err(error) if is_none(&error) => Ok(Vec::new()),
            Err(error) => Err(io_error(error)),
        }
    }

    async fn addresses(
        &self,
        name: &str,
        port: u16,
        family: Family,
    ) -> io::Result<Vec<SocketAddr>> {
        let of = match family {
            Family::Ipv6 => RecordType::AAAA,
            Family::Ipv4 => RecordType::A,
        };
        let records = self.records(parse(name)?, of).await?;
        let address = |record| match record {
            RData::A(address) => Some(IpAddr::from(address.0)),
            RData::AAAA(address) => Some(IpAddr::from(address.0)),
            _ => None,
        };
        let addresses = records.into_iter().filter_map(address);
        Ok(addresses.map(|address| SocketAddr::new(address, port)).collect())
    }
}

impl Resolve for HickoryResolver {
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        Box::pin(async move {
            NoRuntime::check()?;
            match self.0.lookup_ip(parse(name)?).await {
                Ok(found) => Ok(found.iter().map(|ip| SocketAddr::new(ip, port)).collect()),
                Err(error) if is_none(&error) => Ok(Vec::new()),
                Err(error) => Err(io_error(error)),
            }
        })
    }

    fn asks_by_family(&self) -> bool {
        true
    }

    fn resolve_family<'a>(
        &'a self,
        name: &'a str,
        port: u16,
        family: Family,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        Box::pin(self.addresses(name, port, family))
    }
}

impl ResolveSrv for HickoryResolver {
    fn resolve_srv<'a>(
        &'a self,
        name: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<SrvAnswer>> + Send + 'a>> {
        Box::pin(async move {
            let mut name = parse(name)?;
            // It is the whole name: the search list of this machine is not for it.
            name.set_fqdn(true);
            let records = self.records(name, RecordType::SRV).await?;
            let record = |record| match record {
                RData::SRV(srv) => Some(
                    SrvRecord::new(srv.target.to_ascii(), srv.port)
                        .priority(srv.priority)
                        .weight(srv.weight),
                ),
                _ => None,
            };
            Ok(SrvAnswer::new(records.into_iter().filter_map(record)))
        })
    }
}

/// A name in A-labels. A byte that DNS escapes stays escaped.
fn parse(name: &str) -> io::Result<Name> {
    Name::from_ascii(name).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

/// Whether the answer was that there are no such records, and not that the server could not tell.
fn is_none(error: &NetError) -> bool {
    matches!(error, NetError::Dns(DnsError::NoRecordsFound(none))
        if matches!(none.response_code, ResponseCode::NXDomain | ResponseCode::NoError))
}

fn io_error(error: NetError) -> io::Error {
    match error {
        NetError::Timeout => io::Error::new(io::ErrorKind::TimedOut, "the DNS server is silent"),
        NetError::Dns(
            DnsError::ResponseCode(code)
            | DnsError::NoRecordsFound(NoRecords { response_code: code, .. }),
        ) => io::Error::other(format!("the DNS server answers {code}")),
        error => io::Error::other(error),
    }
}

/// Only that it is one: its cache is long.
impl Debug for HickoryResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HickoryResolver(..)")
    }
}
