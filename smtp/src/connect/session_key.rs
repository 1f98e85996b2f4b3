//! The key of a session: two openers with equal keys open sessions that may stand for each other.

use std::collections::BTreeSet;
use std::fmt::{self, Debug, Display};
use std::hash::{Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use smtp_grammar::Host;
use tokio_rustls::rustls::ClientConfig;

use super::identity::{ById, CredentialId};
use super::server::Server;
use crate::message::transfer::Transfer;
use crate::net::{
    Clock, Connect, Discovery, Families, Local, Resolve, ResolveSrv, TlsConfig, in_ascii,
};
use crate::proto::limits::Limits;
use crate::proto::stage::Timeouts;
use crate::proto::trace::Observer;
use crate::state::Verification;

/// Whom sessions are with, over what, and as whom: two openers with equal keys open sessions that
/// may stand for each other, and an owner of many connections never uses one for another key.
///
/// Equal are the host, the port, the addresses, the way there (proxy, local address, families), the
/// use of TLS and its [`TlsConfig`](crate::TlsConfig) with who verifies and the client certificate,
/// the name in EHLO, the credentials, each call named `dangerous`, and all settings of the session.
///
/// Values that cannot be compared are the same in clones alone: a `TlsConfig`, a resolver, a
/// connector, a clock, an observer. Credentials too: those of one
/// [`Submission`](crate::Submission) and its clones are the same, and secrets are never looked at.
/// A mechanism that is made anew with a fresh token therefore changes no key.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionKey(Arc<Parts>);

#[derive(PartialEq, Eq)]
struct Parts {
    server: ServerParts,
    tls: TlsParts,
    discovery: Option<(ById<dyn ResolveSrv>, Vec<String>)>,
    own_port: bool,
    hello_after_auth: bool,
    unverified_login: bool,
}

#[derive(PartialEq, Eq)]
struct ServerParts {
    host: String,
    port: u16,
    client_name: Option<Host>,
    timeouts: Timeouts,
    limits: Limits,
    ignored: BTreeSet<String>,
    transfer: Transfer,
    observer: Option<ById<dyn Observer>>,
    clock: ById<dyn Clock>,
    credentials: Option<CredentialId>,
    addresses: Option<Vec<SocketAddr>>,
    families: Families,
    keepalive: Option<Duration>,
    resolver: ById<dyn Resolve>,
    connector: ById<dyn Connect>,
    local: Local,
}

/// How a session uses TLS, and who verifies the server.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum TlsParts {
    /// It stays in clear.
    Clear,
    /// The configuration could not be made: no session is opened.
    Unusable,
    StartTls(ById<ClientConfig>, Verification),
    Implicit(ById<ClientConfig>, Verification),
}

impl TlsParts {
    pub(super) fn new(tls: &TlsConfig, implicit: bool) -> Self {
        let config = ById(tls.config());
        if implicit {
            Self::Implicit(config, tls.verification())
        } else {
            Self::StartTls(config, tls.verification())
        }
    }
}

impl SessionKey {
    /// That of a server, spoken to in clear.
    pub(super) fn of_server(server: &Server) -> Self {
        Self::new(server, TlsParts::Clear, &SubmissionParts::default())
    }

    pub(super) fn new(server: &Server, tls: TlsParts, submission: &SubmissionParts<'_>) -> Self {
        let &SubmissionParts { discovery, own_port, hello_after_auth, unverified_login } =
            submission;
        let discovery = discovery.map(|discovery| {
            let (resolver, accepted) = discovery.parts();
            (ById(Arc::clone(resolver)), accepted.to_vec())
        });
        let server = ServerParts::of(server);
        Self(Arc::new(Parts {
            server,
            tls,
            discovery,
            own_port,
            hello_after_auth,
            unverified_login,
        }))
    }

    /// The host that the caller named, in A-labels and lower case: a server, or the domain whose
    /// servers are looked up.
    pub fn host(&self) -> &str {
        &self.0.server.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.0.server.port
    }

    /// The credentials, where it has some.
    pub fn credentials(&self) -> Option<CredentialId> {
        self.0.server.credentials.clone()
    }
}

/// The parts of a key that a submission has besides its server.
#[derive(Default)]
pub(super) struct SubmissionParts<'a> {
    pub(super) discovery: Option<&'a Discovery>,
    pub(super) own_port: bool,
    pub(super) hello_after_auth: bool,
    pub(super) unverified_login: bool,
}

impl ServerParts {
    fn of(server: &Server) -> Self {
        // Each field is named, so that a new setting has to be decided on here.
        let Server {
            host,
            port,
            client_name,
            timeouts,
            limits,
            ignored,
            transfer,
            observer,
            clock,
            // A cache saves round trips, and changes nothing of the session.
            capability_cache: _,
            credentials,
            reach,
        } = server;
        Self {
            host: in_ascii(host).trim_end_matches('.').to_ascii_lowercase(),
            port: *port,
            client_name: client_name.clone(),
            timeouts: timeouts.clone(),
            limits: limits.clone(),
            ignored: ignored.iter().map(|keyword| keyword.to_ascii_uppercase()).collect(),
            transfer: transfer.clone(),
            observer: observer.clone().map(ById),
            clock: ById(Arc::clone(clock)),
            credentials: credentials.clone(),
            addresses: reach.addresses.clone(),
            families: reach.families,
            keepalive: reach.keepalive,
            resolver: ById(Arc::clone(&reach.resolver)),
            connector: ById(Arc::clone(&reach.connector)),
            local: reach.local(),
        }
    }
}

impl Hash for Parts {
    // These tell most sessions apart; equality looks at all.
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.server.host, self.server.port, &self.server.credentials, &self.tls).hash(state);
    }
}

/// The host and the port.
impl Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A URL in place of a host may hold a password.
        let host = self.host().rsplit('@').next().unwrap_or_default();
        write!(f, "{host}:{}", self.port())
    }
}

impl Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SessionKey").field(&format_args!("{self}")).finish_non_exhaustive()
    }
}
