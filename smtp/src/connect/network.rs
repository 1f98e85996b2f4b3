//! Where a server is, and how the stream to it is opened: the same settings for a `Server` and a
//! `Submission`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::server::Server;
use super::submission::Submission;
use crate::net::{Connect, Families, Resolve};

impl Server {
    /// Connects to these addresses and their ports, and looks up no name. The server stays the one
    /// that was named: the certificate must be for its name.
    ///
    /// ```
    /// use std::net::SocketAddr;
    ///
    /// let address = SocketAddr::from(([192, 0, 2, 25], 25));
    /// let server = smtp::Server::new("mail.example.com", 25).at([address]);
    /// ```
    ///
    /// It takes the place of a `unix_socket` that was set before.
    pub fn at(mut self, addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.reach.addresses = Some(addresses.into_iter().collect());
        #[cfg(unix)]
        if self.reach.is_socket {
            return self.connector(crate::transport::Tcp);
        }
        self
    }

    /// Connects to addresses of these families alone, in this order. The default is
    /// [`Families::PreferIpv6`].
    ///
    /// They hold for every address that is known here: one that the resolver has found, the host
    /// itself, one of [`at`](Self::at). A connector that [takes names](Connect::takes_names), such as
    /// a proxy's, finds the addresses of a name itself, in whichever family: leave the name to the
    /// resolver by giving its addresses with `at` where that matters.
    pub fn families(mut self, families: Families) -> Self {
        self.reach.families = families;
        self
    }

    /// Connects from this address of this machine, and to addresses of its family alone. A second
    /// call with one of the other family permits both. With a proxy, the family is that of the way
    /// to the proxy, and not that of the way from there to the server.
    pub fn local_address(mut self, address: IpAddr) -> Self {
        self.reach.set_local(address);
        self
    }

    /// Asks the server's machine whether it is still there after the connection was silent for this
    /// long (TCP keepalive), and as often as the system is set to. Off by default. A system that
    /// cannot do it connects all the same.
    pub fn keepalive(mut self, silence: Duration) -> Self {
        self.reach.keepalive = Some(silence);
        self
    }

    /// Looks names up with this resolver. The default is
    /// [`SystemResolver`](crate::transport::SystemResolver).
    pub fn resolver(mut self, resolver: impl Resolve) -> Self {
        self.reach.resolver = Arc::new(resolver);
        self
    }

    /// Opens streams with this connector. The default is [`Tcp`](crate::transport::Tcp).
    pub fn connector(mut self, connector: impl Connect) -> Self {
        self.reach.connector = Arc::new(connector);
        #[cfg(unix)]
        {
            self.reach.is_socket = false;
        }
        self
    }

    /// Reaches the server at the Unix socket of this path. No name is looked up and no port is used;
    /// a certificate must be for the server's name all the same. It takes the place of the
    /// [`connector`](Self::connector), and of [`at`](Self::at).
    ///
    /// A client without a [name](Self::client_name) gives `[127.0.0.1]` in EHLO.
    ///
    /// ```
    /// let server = smtp::Server::new("localhost", 25).unix_socket("/run/mail/smtp");
    /// ```
    #[cfg(unix)]
    pub fn unix_socket(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.reach.addresses = None;
        self = self.connector(crate::net::Unix::new(path));
        self.reach.is_socket = true;
        self
    }
}

impl<A> Submission<A> {
    /// Connects to these addresses and their ports, as [`Server::at`].
    pub fn at(mut self, addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.server = self.server.at(addresses);
        self
    }

    /// Connects to addresses of these families alone, as [`Server::families`].
    pub fn families(mut self, families: Families) -> Self {
        self.server = self.server.families(families);
        self
    }

    /// Connects from this address of this machine, as [`Server::local_address`].
    pub fn local_address(mut self, address: IpAddr) -> Self {
        self.server = self.server.local_address(address);
        self
    }

    /// Asks after this silence whether the server is still there, as [`Server::keepalive`].
    pub fn keepalive(mut self, silence: Duration) -> Self {
        self.server = self.server.keepalive(silence);
        self
    }

    /// Looks names up with this resolver, as [`Server::resolver`].
    pub fn resolver(mut self, resolver: impl Resolve) -> Self {
        self.server = self.server.resolver(resolver);
        self
    }

    /// Opens streams with this connector, as [`Server::connector`].
    pub fn connector(mut self, connector: impl Connect) -> Self {
        self.server = self.server.connector(connector);
        self
    }

    /// Reaches the server at the Unix socket of this path, as [`Server::unix_socket`].
    #[cfg(unix)]
    pub fn unix_socket(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.discovery = None;
        self.server = self.server.unix_socket(path);
        self
    }
}
