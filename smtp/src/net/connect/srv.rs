//! SRV records: the servers of a domain that offer a service (RFC 2782).

use std::fmt::Debug;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

/// A resolver, which knows the servers that a domain names for a service in its SRV records.
///
/// [`Submission::discover`](crate::Submission::discover) takes one. The system's resolver
/// ([`SystemResolver`](super::SystemResolver)) knows addresses alone; `HickoryResolver`, of the
/// feature `hickory`, is one that knows both.
///
/// ```
/// use std::io;
/// use std::pin::Pin;
///
/// use smtp::transport::{ResolveSrv, SrvAnswer, SrvRecord};
///
/// #[derive(Debug)]
/// struct Fixed;
///
/// impl ResolveSrv for Fixed {
///     fn resolve_srv<'a>(
///         &'a self,
///         name: &'a str,
///     ) -> Pin<Box<dyn Future<Output = io::Result<SrvAnswer>> + Send + 'a>> {
///         Box::pin(async move {
///             Ok(match name {
///                 "_submissions._tcp.example.com" => {
///                     SrvAnswer::new([SrvRecord::new("mail.example.net", 465)])
///                 }
///                 _ => SrvAnswer::default(),
///             })
///         })
///     }
/// }
///
/// let submission = smtp::Submission::discover("example.com", Fixed);
/// ```
///
/// A resolver that several owners share is an `Arc` of a resolver, which is a resolver too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` knows no SRV records",
    label = "does not look services up",
    note = "a resolver of services implements `smtp::transport::ResolveSrv`; share one by `Arc`"
)]
pub trait ResolveSrv: Debug + Send + Sync + 'static {
    /// The SRV records of `name`, in any order: `_submissions._tcp.example.com`, in A-labels and
    /// without a final dot. It is the whole name: a search list is not for it. How long an answer
    /// is kept is up to the resolver.
    ///
    /// The future is dropped when the time for connecting is over
    /// ([`Timeouts::connect`](crate::connect::Timeouts::connect)). It need not watch the time.
    ///
    /// # Errors
    ///
    /// Why it does not know whether there are any. That there are none is no error, but an empty
    /// answer.
    fn resolve_srv<'a>(
        &'a self,
        name: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<SrvAnswer>> + Send + 'a>>;
}

impl<R: ResolveSrv + ?Sized> ResolveSrv for Arc<R> {
    fn resolve_srv<'a>(
        &'a self,
        name: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<SrvAnswer>> + Send + 'a>> {
        (**self).resolve_srv(name)
    }
}

/// The SRV records of a name. The default has none: the name does not exist, or has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SrvAnswer {
    pub(super) records: Vec<SrvRecord>,
    pub(super) is_authentic: bool,
}

impl SrvAnswer {
    /// Records that DNSSEC does not vouch for.
    pub fn new(records: impl IntoIterator<Item = SrvRecord>) -> Self {
        Self { records: records.into_iter().collect(), is_authentic: false }
    }

    /// Says that the resolver has validated the records by DNSSEC (RFC 4035): no host on the way
    /// has changed them. TLS then checks each server by its own name, the target's, in place of the
    /// domain that was asked for.
    ///
    /// The flag AD of another host's answer says so only where the way to that host is safe.
    #[must_use]
    pub fn validated_by_dnssec(mut self) -> Self {
        self.is_authentic = true;
        self
    }
}

/// An SRV record (RFC 2782).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SrvRecord {
    pub(super) priority: u16,
    pub(super) weight: u16,
    pub(super) port: u16,
    pub(super) target: String,
}

impl SrvRecord {
    /// A record of priority 0 and weight 0. The target is the name of a host, with or without a
    /// final dot; `.` says that the service is not offered.
    pub fn new(target: impl Into<String>, port: u16) -> Self {
        Self { priority: 0, weight: 0, port, target: target.into() }
    }

    /// With this priority: hosts of a lower one are tried first.
    #[must_use]
    pub fn priority(mut self, priority: u16) -> Self {
        self.priority = priority;
        self
    }

    /// With this weight: among hosts of one priority, how often this one comes first.
    #[must_use]
    pub fn weight(mut self, weight: u16) -> Self {
        self.weight = weight;
        self
    }
}
