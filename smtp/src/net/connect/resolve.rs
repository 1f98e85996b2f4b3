//! Resolvers: the addresses of a name.

use std::fmt::{self, Debug, Display};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use tokio::net::lookup_host;
use tokio::runtime::Handle;

use super::addresses::Family;

/// A resolver, which knows the addresses of names.
///
/// [`SystemResolver`] is the default. [`Server::resolver`](crate::Server::resolver) and
/// [`Submission::resolver`](crate::Submission::resolver) take another.
///
/// ```
/// use std::io;
/// use std::net::SocketAddr;
/// use std::pin::Pin;
///
/// use smtp::transport::Resolve;
///
/// #[derive(Debug)]
/// struct Loopback;
///
/// impl Resolve for Loopback {
///     fn resolve<'a>(
///         &'a self,
///         _name: &'a str,
///         port: u16,
///     ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
///         Box::pin(async move { Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))]) })
///     }
/// }
///
/// let server = smtp::Server::new("mail.example.com", 25).resolver(Loopback);
/// ```
///
/// A resolver that several owners share is an `Arc` of a resolver, which is a resolver too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no resolver",
    label = "knows no addresses",
    note = "a resolver implements `smtp::transport::Resolve`; share one by `Arc`"
)]
pub trait Resolve: Debug + Send + Sync + 'static {
    /// The addresses of `name`, each with this port, the best one of each family first. `name` is a
    /// DNS name in A-labels, and may end with a dot.
    ///
    /// The future is dropped when the time for connecting is over
    /// ([`Timeouts::connect`](crate::connect::Timeouts::connect)). It need not watch the time.
    ///
    /// # Errors
    ///
    /// Why it knows none. No address at all is an error too.
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

    /// Whether it asks for each family of addresses by itself. Then
    /// [`resolve_family`](Self::resolve_family) is called, for both families at once or for the one
    /// that the settings leave, in place of [`resolve`](Self::resolve): the addresses of one family
    /// are connected to while the other is still looked up (RFC 8305 §3).
    fn asks_by_family(&self) -> bool {
        false
    }

    /// As [`resolve`](Self::resolve), the addresses of one family. None is no error here, but an
    /// empty list.
    ///
    /// # Errors
    ///
    /// Why it does not know whether there are any.
    fn resolve_family<'a>(
        &'a self,
        name: &'a str,
        port: u16,
        family: Family,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        Box::pin(async move {
            let mut found = self.resolve(name, port).await?;
            found.retain(|address| Family::of(*address) == family);
            Ok(found)
        })
    }
}

impl<R: Resolve + ?Sized> Resolve for Arc<R> {
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        (**self).resolve(name, port)
    }

    fn asks_by_family(&self) -> bool {
        (**self).asks_by_family()
    }

    fn resolve_family<'a>(
        &'a self,
        name: &'a str,
        port: u16,
        family: Family,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        (**self).resolve_family(name, port, family)
    }
}

/// The resolver of the system (`getaddrinfo`), asked on a thread of the tokio runtime that the
/// connection is opened in. It is the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        Box::pin(async move {
            NoRuntime::check()?;
            Ok(lookup_host((name, port)).await?.collect())
        })
    }
}

/// There is no runtime where one is needed: tokio would panic.
#[derive(Debug)]
pub(in crate::net) struct NoRuntime;

impl NoRuntime {
    /// # Errors
    ///
    /// With itself, outside of a runtime.
    pub(super) fn check() -> io::Result<()> {
        Handle::try_current().map(drop).map_err(|_| io::Error::other(Self))
    }

    /// Whether it is the reason of an error.
    pub(super) fn is_in(error: &io::Error) -> bool {
        error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Self>)
    }
}

impl Display for NoRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no tokio runtime here")
    }
}

impl std::error::Error for NoRuntime {}
