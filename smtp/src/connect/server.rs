//! Which server, and how to talk to it.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use smtp_grammar::{AddressLiteral, Host};

use super::capability_cache::{CapabilityCache, Key, Memory, Policy};
use super::identity::CredentialId;
use crate::connection::session::{Session, SessionConfig};
use crate::message::transfer::Transfer;
use crate::net::{
    Approach, Clear, Clock, Connected, Discovery, Driver, Reach, Reached, Service, TokioClock,
    Transport, in_ascii,
};
use crate::proto::fault::Fault;
use crate::proto::limits::Limits;
use crate::proto::stage::Timeouts;
use crate::proto::trace::Observer;

/// A server, and how to talk to it: the name this client gives itself, timeouts, limits, who
/// watches.
///
/// ```
/// use smtp::Server;
/// use smtp::connect::Timeouts;
///
/// let mut timeouts = Timeouts::default();
/// timeouts.total = Some(std::time::Duration::from_secs(120));
/// let server = Server::new("mail.example.com", 25).timeouts(timeouts);
/// ```
#[derive(Clone)]
#[must_use]
pub struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) client_name: Option<Host>,
    pub(super) timeouts: Timeouts,
    pub(super) limits: Limits,
    pub(super) ignored: Vec<String>,
    pub(super) transfer: Transfer,
    pub(super) observer: Option<Arc<dyn Observer>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) capability_cache: Option<CapabilityCache>,
    /// Clones have the same.
    pub(super) credentials: Option<CredentialId>,
    pub(super) reach: Reach,
}

/// One for all servers, so that two with the same settings have the same clock.
static CLOCK: LazyLock<Arc<dyn Clock>> = LazyLock::new(|| Arc::new(TokioClock));

/// How a session begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begins {
    InClear,
    InTls,
}

/// The port of submission inside TLS (RFC 8314 §3.3).
pub(crate) const SUBMISSIONS: u16 = 465;
/// How long a client that speaks in clear waits for a greeting at that port, where none is to be
/// expected: long enough for a server that speaks clear text there all the same.
const GREETING_AT_SUBMISSIONS: Duration = Duration::from_secs(10);
/// The ports of relay and submission, where servers greet in clear (RFC 5321 §4.5.4.2, RFC 6409
/// §3.1).
const CLEAR_PORTS: [u16; 2] = [25, 587];
/// How long a client that speaks TLS from the first byte waits for an answer to it at those ports.
const HANDSHAKE_AT_CLEAR_PORTS: Duration = Duration::from_secs(10);

impl Server {
    /// The server at a port of a host: a DNS name, whose addresses are all tried, or an IP
    /// address. A certificate must be for this name. A name with U-labels is taken in A-labels
    /// (feature `idn`). A host that is neither is an error when the connection is opened
    /// ([`Fault::InvalidHost`](crate::error::Fault::InvalidHost)).
    ///
    /// An address is tried while the one before has not answered in 250 ms, or when it has failed
    /// ("Happy Eyeballs", RFC 8305), within [`Timeouts::connect`] for all of them. The next one is
    /// also tried where the server ends the connection before its greeting, or greets with 4yz.
    ///
    /// At port 465, where servers speak TLS from the first byte (RFC 8314 §3.3), a client that
    /// speaks in clear waits ten seconds for the greeting, or
    /// [`Timeouts::greeting`] if that is less. At the ports 25 and 587, where servers greet in clear,
    /// one that speaks TLS from the first byte waits as long for the handshake.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            client_name: None,
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            ignored: Vec::new(),
            transfer: Transfer::default(),
            observer: None,
            clock: Arc::clone(&CLOCK),
            capability_cache: None,
            credentials: None,
            reach: Reach::default(),
        }
    }

    /// Says in EHLO that the client is `name`. Without it the client gives the address literal of
    /// its socket, as RFC 5321 §4.1.4 asks of hosts without a name: never `localhost`, and without
    /// the zone of an IPv6 address. Where a router translates addresses, the server sees another one
    /// than the literal; a server that compares them wants a name.
    ///
    /// The name was validated when it became a [`Host`]: a final dot, which only the DNS knows, is an
    /// error there. A `localhost` of the caller's is sent as it is.
    pub fn client_name(mut self, name: impl Into<Host>) -> Self {
        self.client_name = Some(name.into());
        self
    }

    /// Sets how long each step may take.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets how large the server's answers may be.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Behaves as if EHLO did not list this keyword, for servers that list what they cannot do.
    pub fn ignore_capability(mut self, keyword: impl Into<String>) -> Self {
        self.ignored.push(keyword.into());
        self
    }

    /// Remembers in this cache what the server has offered: the next session with a server that
    /// offers PIPECONNECT begins in fewer round trips. See [`CapabilityCache`].
    pub fn capability_cache(mut self, cache: &CapabilityCache) -> Self {
        self.capability_cache = Some(cache.clone());
        self
    }

    /// Credentials that are the same in clones alone.
    pub(super) fn with_credentials(mut self) -> Self {
        self.credentials = Some(CredentialId::unique());
        self
    }

    /// The place of this server in its cache, if it has one.
    pub(super) fn memory(&self, policy: Policy) -> Option<Memory> {
        let cache = self.capability_cache.as_ref()?;
        let host = in_ascii(&self.host).trim_end_matches('.').to_ascii_lowercase();
        let (client_name, credentials) = (self.client_name.clone(), self.credentials.clone());
        let ignored = self.ignored.iter().map(|keyword| keyword.to_ascii_uppercase()).collect();
        let key = Key { host, port: self.port, policy, client_name, credentials, ignored };
        Some(Memory::new(cache.clone(), key))
    }

    /// Sets how messages travel.
    pub fn transfer(mut self, transfer: Transfer) -> Self {
        self.transfer = transfer;
        self
    }

    /// Shows every line to `observer`, without its secrets.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Keeps timeouts by this clock. The default is [`TokioClock`], which has timers inside a tokio
    /// runtime only: on another executor a connection without a clock of that executor ends with
    /// [`Fault::NoTimer`](crate::error::Fault::NoTimer) when it first has to wait.
    ///
    /// Over a stream of the caller's a session asks nothing else of its executor. TCP connections
    /// that the library opens itself, and the system's resolver, need a tokio runtime whatever the
    /// clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The way to the host.
    pub(super) fn approach(&self) -> Result<Approach<'_>, Fault> {
        self.reach.find(&*self.clock, &self.host, self.port, Some(self.timeouts.connect))
    }

    /// The way to the hosts that the SRV records of the domain name for one of these services, and
    /// for which.
    pub(super) async fn discover(
        &self,
        discovery: &Discovery,
        services: &[Service],
        own_port: bool,
    ) -> Result<(Service, Approach<'_>), Fault> {
        let port = own_port.then_some(self.port);
        let (clock, limit) = (&*self.clock, self.timeouts.connect);
        self.reach.discover(discovery, clock, &self.host, services, port, limit).await
    }

    /// Talks over a stream to one of them.
    pub(super) fn session_to(
        &self,
        reached: &Reached,
        connected: Connected,
        begins: Begins,
    ) -> Box<Session> {
        let mut session = self.session(connected.stream, connected.local, reached.port, begins);
        if let Some(identity) = &reached.identity {
            session.config.server_name = String::from(&**identity);
            session.config.srv_target = Some(reached.host.clone());
        }
        session
    }

    /// Talks over a stream that is already open.
    pub(crate) fn session_over(&self, stream: impl Transport, begins: Begins) -> Box<Session> {
        self.session(Clear::other(stream), None, self.port, begins)
    }

    fn session(
        &self,
        stream: Clear,
        local: Option<SocketAddr>,
        port: u16,
        begins: Begins,
    ) -> Box<Session> {
        let mut timeouts = self.timeouts.clone();
        if begins == Begins::InClear && port == SUBMISSIONS {
            timeouts.greeting = timeouts.greeting.min(GREETING_AT_SUBMISSIONS);
        }
        if begins == Begins::InTls && CLEAR_PORTS.contains(&port) {
            timeouts.handshake = timeouts.handshake.min(HANDSHAKE_AT_CLEAR_PORTS);
        }
        let client_name = self.client_name.clone().unwrap_or_else(|| {
            // A stream that is no socket has no address; the loopback is never mistaken for another
            // host.
            let address = local.map_or(std::net::Ipv4Addr::LOCALHOST.into(), |local| local.ip());
            Host::from(AddressLiteral::from(address))
        });
        let driver = Driver::new(
            stream,
            timeouts,
            self.limits.clone(),
            self.observer.clone(),
            Arc::clone(&self.clock),
        );
        let config = SessionConfig {
            server_name: in_ascii(&self.host).into_owned(),
            srv_target: None,
            client_name,
            ignored: self.ignored.clone(),
            transfer: self.transfer.clone(),
            opportunistic: false,
        };
        Box::new(Session::new(driver, config))
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A URL in place of a host may hold a password.
        let host = self.host.rsplit('@').next().unwrap_or_default();
        f.debug_struct("Server")
            .field("host", &host)
            .field("port", &self.port)
            .field("client_name", &self.client_name)
            .finish_non_exhaustive()
    }
}
