//! Why a proxy gave no stream to the server.
//!
//! A proxy belongs to the client's side: what it says is never the server's refusal.

use std::error::Error;
use std::fmt::{self, Display};
use std::io;

/// Why a proxy gave no stream to the server, and what to do.
///
/// It is in an [`io::Error`], as a [connector](crate::transport::Connect) gives it. [`Lost::proxy`]
/// finds it in the error of a session, [`find_in`](Self::find_in) in any error. A connector of the
/// caller's may give one too:
///
/// ```
/// use smtp::error::{ProxyError, ProxyErrorKind};
///
/// let kind = ProxyErrorKind::NotPermitted;
/// let error = ProxyError::new("gateway gw.example", kind, "lets no mail out: ask its owner");
/// assert_eq!(error.to_string(), "the gateway gw.example lets no mail out: ask its owner");
/// assert!(!error.is_transient());
/// let error: std::io::Error = error.into();
/// assert_eq!(ProxyError::find_in(&error).map(ProxyError::kind), Some(kind));
/// ```
///
/// [`Lost::proxy`]: crate::Lost::proxy
#[derive(Debug)]
pub struct ProxyError(Box<Failed>);

/// In a box, as every result that may be an error is as large as the largest one.
#[derive(Debug)]
struct Failed {
    proxy: String,
    kind: ProxyErrorKind,
    reason: String,
    reply: Option<ProxyReply>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kind of a [`ProxyError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyErrorKind {
    /// The settings of the proxy cannot be right: its host, or credentials that its protocol cannot
    /// carry. Nothing was sent.
    InvalidSettings,
    /// The server cannot be named to a proxy of this kind: an IPv6 address to SOCKS4A, or an address
    /// that only this machine knows. Nothing was sent.
    InvalidTarget,
    /// The proxy itself is not reached.
    Unreachable,
    /// TLS to the proxy failed. The [`HandshakeError`](crate::error::HandshakeError) is the source.
    Tls,
    /// The connection to the proxy ended or failed before the proxy had answered.
    Closed,
    /// There was no stream when the time for connecting was over.
    TimedOut,
    /// The answer is not of the proxy's protocol, or breaks its rules.
    Protocol,
    /// The proxy wants credentials, and there are none, or wants to be shown them in another way.
    CredentialsRequired,
    /// The proxy refuses the credentials.
    CredentialsRefused,
    /// The proxy does not permit a connection to this server.
    NotPermitted,
    /// The proxy does not know the command, or this kind of address.
    NotSupported,
    /// The proxy cannot reach the server.
    TargetUnreachable,
    /// The proxy failed, and says no more.
    Failed,
}

/// The answer of a proxy, by the protocol that it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyReply {
    /// The method of authentication that a SOCKS5 proxy chose (RFC 1928 §3). 255 is none.
    Socks5Method(u8),
    /// The status of a login at a SOCKS5 proxy (RFC 1929 §2). 0 is success.
    Socks5Login(u8),
    /// The reply of a SOCKS5 proxy (RFC 1928 §6). 0 is success.
    Socks5(u8),
    /// The reply of a SOCKS4 proxy. 90 is success.
    Socks4(u8),
    /// The status code of an HTTP proxy (RFC 9110 §15). 2xx is success.
    Http(u16),
}

impl ProxyError {
    /// An error of the proxy that is named so. The reason goes on with a sentence that begins with
    /// "the" and that name: what it did, and what to do. Neither may hold a secret.
    pub fn new(proxy: impl Into<String>, kind: ProxyErrorKind, reason: impl Into<String>) -> Self {
        let (proxy, reason) = (proxy.into(), reason.into());
        Self(Box::new(Failed { proxy, kind, reason, reply: None, source: None }))
    }

    /// The same, with the answer of the proxy.
    #[must_use]
    pub fn with_reply(mut self, reply: ProxyReply) -> Self {
        self.0.reply = Some(reply);
        self
    }

    /// The same, with the error that is its reason.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The one in an error, or among its sources.
    pub fn find_in<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            // The source of an `io::Error` is that of the error inside it: not this one itself.
            let inner = error.downcast_ref().and_then(io::Error::get_ref);
            next = inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source());
        }
        None
    }

    /// Its kind.
    pub fn kind(&self) -> ProxyErrorKind {
        self.0.kind
    }

    /// The proxy: what it speaks, its host and its port.
    pub fn proxy(&self) -> &str {
        &self.0.proxy
    }

    /// The answer of the proxy, where that is the reason.
    pub fn reply(&self) -> Option<ProxyReply> {
        self.0.reply
    }

    /// Whether the same call may succeed later: where the proxy or the server is not reached, or
    /// the proxy has failed. Credentials, rules and settings stay as they are.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind(),
            ProxyErrorKind::Unreachable
                | ProxyErrorKind::Closed
                | ProxyErrorKind::TimedOut
                | ProxyErrorKind::TargetUnreachable
                | ProxyErrorKind::Failed
        )
    }
}

impl Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} {}", self.0.proxy, self.0.reason)
    }
}

impl Error for ProxyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl From<ProxyError> for io::Error {
    fn from(error: ProxyError) -> Self {
        use ProxyErrorKind as Of;
        let kind = match error.kind() {
            Of::InvalidSettings | Of::InvalidTarget => io::ErrorKind::InvalidInput,
            Of::Tls | Of::Protocol => io::ErrorKind::InvalidData,
            Of::Closed => io::ErrorKind::UnexpectedEof,
            Of::TimedOut => io::ErrorKind::TimedOut,
            Of::CredentialsRequired | Of::CredentialsRefused | Of::NotPermitted => {
                io::ErrorKind::PermissionDenied
            }
            Of::NotSupported => io::ErrorKind::Unsupported,
            Of::Unreachable | Of::TargetUnreachable => io::ErrorKind::HostUnreachable,
            Of::Failed => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
