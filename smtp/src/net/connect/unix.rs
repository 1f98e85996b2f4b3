//! The connector of Unix sockets.

use std::error::Error;
use std::fmt::{self, Display};
use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use tokio::net::UnixStream;

use super::connector::Connect;
use super::resolve::NoRuntime;
use super::target::{Connected, Target};

/// A Unix socket, at which a server of this machine listens, as Dovecot and many tests' own do.
/// [`Server::unix_socket`](crate::Server::unix_socket) sets it.
///
/// Every target is the server at the path. Its name stays what TLS verifies; no name is looked up,
/// and no port is used. A Unix socket has no address that a client without a name could say in
/// EHLO: it says `[127.0.0.1]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unix {
    path: PathBuf,
}

impl Unix {
    /// The socket at this path. On Linux a path has at most 107 bytes.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Connect for Unix {
    fn connect<'a>(
        &'a self,
        _target: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        Box::pin(async move {
            NoRuntime::check()?;
            match UnixStream::connect(&self.path).await {
                Ok(stream) => Ok(Connected::new(stream)),
                Err(error) => Err(explained(&self.path, error)),
            }
        })
    }

    /// The path is where the server is, whatever its name.
    fn takes_names(&self) -> bool {
        true
    }
}

/// Why there is no stream to a socket of this machine.
#[derive(Debug)]
pub(super) struct SocketError {
    path: PathBuf,
    problem: &'static str,
    advice: Option<&'static str>,
    source: io::Error,
}

impl SocketError {
    /// The advice where it is the reason of an error, and this machine's own.
    pub(super) fn advice_in(error: &io::Error) -> Option<&'static str> {
        error.get_ref()?.downcast_ref::<Self>()?.advice
    }
}

/// `EPROTOTYPE`, for which std has no kind: the socket is one of datagrams.
#[cfg(any(target_os = "linux", target_os = "android"))]
const OTHER_TYPE: i32 = 91;
/// As above: macOS and the BSDs.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const OTHER_TYPE: i32 = 41;

/// Tells a file that is no socket from a socket at which no server listens, which is the one cause
/// that is not on the caller's side.
fn explained(path: &Path, source: io::Error) -> io::Error {
    use io::ErrorKind as Kind;
    let is_file = || fs::metadata(path).is_ok_and(|file| !file.file_type().is_socket());
    let (kind, problem, advice) = match source.kind() {
        Kind::NotFound => (
            Kind::NotFound,
            "it does not exist",
            Some("start the server, or give the path that it listens at"),
        ),
        Kind::PermissionDenied => (
            Kind::PermissionDenied,
            "this process may not use it",
            Some("see the permissions of the socket and of the folders above it"),
        ),
        // Too long, or with a NUL.
        Kind::InvalidInput => (
            Kind::InvalidInput,
            "no socket can have this path",
            Some("have the server listen at a shorter one"),
        ),
        Kind::NotADirectory => (
            Kind::InvalidInput,
            "a part of the path is no folder",
            Some("give the path that the server listens at"),
        ),
        Kind::ConnectionRefused if is_file() => (
            Kind::InvalidInput,
            "the file is no socket",
            Some("give the path that the server listens at"),
        ),
        Kind::ConnectionRefused => (Kind::ConnectionRefused, "no server listens at it", None),
        _ if source.raw_os_error() == Some(OTHER_TYPE) => (
            Kind::InvalidInput,
            "it is a socket of another type",
            Some("give the path at which the server speaks SMTP"),
        ),
        _ => return source,
    };
    io::Error::new(kind, SocketError { path: path.to_owned(), problem, advice, source })
}

impl Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.to_string_lossy();
        write!(f, "the socket {path:?}: {} ({})", self.problem, self.source)
    }
}

impl Error for SocketError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
