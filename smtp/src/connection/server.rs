//! Which server, and how to talk to it.

use std::net::SocketAddr;
use std::sync::Arc;

use smtp_grammar::{AddressLiteral, Host};

use super::session::{Profile, Session};
use super::transfer::Transfer;
use crate::error::Fault;
use crate::net::{Driver, Stream, Transport, dial};
use crate::proto::limits::Limits;
use crate::proto::stage::Timeouts;
use crate::proto::trace::Observer;

/// A server, and how to talk to it: the name this client gives itself, timeouts, limits, who
/// watches.
///
/// ```
/// use smtp::{Server, Timeouts};
///
/// let mut timeouts = Timeouts::default();
/// timeouts.total = Some(std::time::Duration::from_secs(120));
/// let server = Server::new("mail.example.com", 25).timeouts(timeouts);
/// ```
#[derive(Clone)]
#[must_use]
pub struct Server {
    host: String,
    port: u16,
    client_name: Option<Host>,
    timeouts: Timeouts,
    limits: Limits,
    ignored: Vec<String>,
    transfer: Transfer,
    observer: Option<Arc<dyn Observer>>,
}

impl Server {
    /// The server at a port of a host: a DNS name, whose addresses are all tried, or an IP
    /// address. A certificate must be for this name.
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
        }
    }

    /// Says in EHLO that the client is `name`. Without it the client gives the address literal of
    /// its socket, as RFC 5321 §4.1.4 asks of hosts without a name.
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

    pub(super) fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Opens a TCP connection.
    pub(super) async fn dial(&self) -> Result<Box<Session>, Fault> {
        let stream = dial(&self.host, self.port, self.timeouts.connect).await?;
        let local = stream.local_addr().ok();
        Ok(self.session(Stream::tcp(stream), local))
    }

    /// Talks over a stream that is already open.
    pub(super) fn over(&self, stream: impl Transport) -> Box<Session> {
        self.session(Stream::other(stream), None)
    }

    fn session(&self, stream: Stream, local: Option<SocketAddr>) -> Box<Session> {
        let client_name = self.client_name.clone().unwrap_or_else(|| {
            // A stream that is no socket has no address; the loopback is what nobody can mistake.
            let address = local.map_or(std::net::Ipv4Addr::LOCALHOST.into(), |local| local.ip());
            Host::from(AddressLiteral::from(address))
        });
        Box::new(Session {
            driver: Driver::new(
                stream,
                self.timeouts.clone(),
                self.limits.clone(),
                self.observer.clone(),
            ),
            profile: Profile {
                server_name: self.host.clone(),
                client_name,
                ignored: self.ignored.clone(),
                transfer: self.transfer.clone(),
            },
            chunks_proved: false,
        })
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("client_name", &self.client_name)
            .finish_non_exhaustive()
    }
}
