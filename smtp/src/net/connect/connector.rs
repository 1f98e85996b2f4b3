//! Connectors: how the stream to one target is opened.

use std::fmt::Debug;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use super::target::{Connected, Target};

/// A connector, which opens streams: over TCP, through a proxy, in a simulated network.
///
/// [`Tcp`](super::Tcp) is the default. [`Server::connector`](crate::Server::connector) and
/// [`Submission::connector`](crate::Submission::connector) take another. The library looks names
/// up, decides which addresses are tried and when, and drops what it does not need any more: a
/// connector knows one target at a time. The identity that TLS verifies stays that of the server.
///
/// ```
/// use std::io;
/// use std::path::PathBuf;
/// use std::pin::Pin;
///
/// use smtp::transport::{Connect, Connected, Target};
///
/// /// A server that listens at a socket of this machine.
/// #[derive(Debug)]
/// struct Unix(PathBuf);
///
/// # #[cfg(unix)]
/// impl Connect for Unix {
///     fn connect<'a>(
///         &'a self,
///         _target: &'a Target,
///     ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
///         Box::pin(async { Ok(Connected::new(tokio::net::UnixStream::connect(&self.0).await?)) })
///     }
///
///     fn takes_names(&self) -> bool {
///         true
///     }
/// }
/// # #[cfg(unix)]
/// let server = smtp::Server::new("mail.example.com", 25).connector(Unix("/run/mail".into()));
/// ```
///
/// A connector that several owners share is an `Arc` of a connector, which is a connector too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no connector",
    label = "opens no streams",
    note = "a connector implements `smtp::transport::Connect`; share one by `Arc`"
)]
pub trait Connect: Debug + Send + Sync + 'static {
    /// Opens a stream to `target`.
    ///
    /// The future is dropped when the time for connecting is over, when another address was
    /// faster, or with the caller's own: what it has opened must then be closed. It need not watch
    /// the time.
    ///
    /// # Errors
    ///
    /// Why there is no stream. Its kind, or its code of the system, says whose fault it is, as
    /// with an error of a TCP socket. The next address is then tried.
    fn connect<'a>(
        &'a self,
        target: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>>;

    /// Whether names go to [`connect`](Self::connect) as they are, without an address. A proxy looks them
    /// up itself, and this machine may not be able to.
    /// [`Server::families`](crate::Server::families) does not reach what it finds.
    fn takes_names(&self) -> bool {
        false
    }

    /// The error of an attempt that was dropped because the time for connecting was over. The
    /// default says that there was no answer; a proxy says that it may be the proxy that did not.
    fn timed_out(&self, _target: &Target) -> io::Error {
        io::Error::new(io::ErrorKind::TimedOut, "no answer")
    }
}

impl<C: Connect + ?Sized> Connect for Arc<C> {
    fn connect<'a>(
        &'a self,
        target: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        (**self).connect(target)
    }

    fn takes_names(&self) -> bool {
        (**self).takes_names()
    }

    fn timed_out(&self, target: &Target) -> io::Error {
        (**self).timed_out(target)
    }
}
