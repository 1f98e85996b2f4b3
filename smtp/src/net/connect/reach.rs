//! Where a host is, and how a stream to it is opened: the settings of a server.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::addresses::{Families, Family, Local};
use super::connector::Connect;
use super::resolve::{Resolve, SystemResolver};
use super::target::{Candidate, Target};
use super::tcp::Tcp;

/// Where a host is, and how a stream to it is opened.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    /// Where the caller says so, and not a resolver.
    pub(crate) addresses: Option<Vec<SocketAddr>>,
    pub(crate) families: Families,
    pub(crate) keepalive: Option<Duration>,
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) connector: Arc<dyn Connect>,
    /// The connector is that of a Unix socket, which has no other address.
    #[cfg(unix)]
    pub(crate) is_socket: bool,
    pub(in crate::net) local: Local,
}

/// One for all servers, so that two with the same settings are reached alike.
static RESOLVER: LazyLock<Arc<dyn Resolve>> = LazyLock::new(|| Arc::new(SystemResolver));
/// The same.
static CONNECTOR: LazyLock<Arc<dyn Connect>> = LazyLock::new(|| Arc::new(Tcp));

impl Default for Reach {
    fn default() -> Self {
        Self {
            addresses: None,
            families: Families::default(),
            keepalive: None,
            resolver: Arc::clone(&RESOLVER),
            connector: Arc::clone(&CONNECTOR),
            #[cfg(unix)]
            is_socket: false,
            local: Local::default(),
        }
    }
}

impl Reach {
    pub(crate) fn set_local(&mut self, address: IpAddr) {
        self.local.set(address);
    }

    pub(crate) fn local(&self) -> Local {
        self.local
    }

    /// The target that a host is, before it has an address.
    pub(super) fn target(&self, candidate: Candidate) -> Target {
        let Candidate { name, port, identity } = candidate;
        let (all_local, keepalive) = (self.local, self.keepalive);
        Target { all_local, keepalive, identity, ..Target::new(name, port) }
    }

    /// A target for each address that the settings leave, in the order of attempts.
    ///
    /// # Errors
    ///
    /// Where they leave none.
    pub(super) fn targets(&self, target: &Target, found: &[SocketAddr]) -> io::Result<Vec<Target>> {
        let mut usable = self.families.order(found);
        // A connector that takes names connects to a proxy, which may be of another family.
        let is_direct = !self.connector.takes_names();
        usable.retain(|address| !is_direct || self.local.permits(*address));
        if usable.is_empty() {
            return Err(left_out(target.host(), found));
        }
        let to = |address| {
            let local = self.local.for_remote(address).or(self.local.only());
            Target { local, ..target.clone().at(address) }
        };
        Ok(usable.into_iter().map(to).collect())
    }

    /// The families whose addresses a resolver is asked for, in the order of attempts.
    pub(super) fn families_to_ask(&self) -> impl Iterator<Item = Family> {
        let (first, second) = self.families.in_order();
        std::iter::once(first).chain(second)
    }
}

/// The error of settings that leave no address.
fn left_out(host: &str, found: &[SocketAddr]) -> io::Error {
    let text = match found {
        [] => format!("the host {host:?} has no address: `Server::at` was given none"),
        [first, ..] => format!(
            "the host {host:?} has addresses, {} for one, but the settings leave out each of them: \
             see `Server::families` and `Server::local_address`",
            first.ip()
        ),
    };
    io::Error::new(io::ErrorKind::InvalidInput, text)
}
