//! A session in one of its states.

use std::fmt::{self, Debug};
use std::net::SocketAddr;

use smtp_grammar::Capabilities;

use super::session::Session;
use crate::state::{Security, State};

/// A session with a server, in the state `S`.
///
/// ```text
///              starttls / upgrade(your command)
///  connect ──► Greeted ─────────────────────────► Tls ◄── connect_tls
///                │                                │  authenticate(mechanism) / transition(your command)
///                │  dangerous().authenticate      ▼
///                └──────────────────────────►  Authed
///
///  Greeted, Tls or Authed (a Idle) ── mail ──► InTransaction<Idle> ── data / bdat / reset ──► Idle
/// ```
///
/// A call that keeps the state borrows the connection. A call that leads to another state takes the
/// connection, and hands it back when the server refuses. A call that the state does not allow does
/// not compile.
///
/// # Cancellation
///
/// Dropping the future of a call that takes the connection closes it. Dropping that of a call that
/// borrows it leaves a connection that is out of step: every later call answers
/// [`Lost`](crate::Lost) with [`Fault::Interrupted`](crate::error::Fault::Interrupted) and writes
/// nothing.
///
/// Dropping the connection closes it without QUIT, which is rude but harmless.
pub struct Connection<S: State> {
    pub(crate) session: Box<Session>,
    pub(crate) state: S,
}

impl<S: State> Connection<S> {
    /// The capabilities that the server offers in this state.
    pub fn capabilities(&self) -> &Capabilities {
        self.state.capabilities()
    }

    /// The security that TLS gives to this session; `None` in clear.
    pub fn security(&self) -> Option<&Security> {
        self.session.driver.security().map(|security| &**security)
    }

    /// The address at the other end of the TCP connection: the server's, or that of a
    /// proxy. `None` where the stream is no socket of tokio's, and once the connection is gone. Each
    /// call asks the system for it.
    pub fn peer_address(&self) -> Option<SocketAddr> {
        self.session.driver.peer_address()
    }

    /// How many transactions were begun on this connection. Some servers limit them: where this is
    /// no less than [`ServerLimits::mail`](crate::extension::ServerLimits::mail), the server takes
    /// no further message over this connection (MAILMAX of RFC 9422).
    pub fn transactions(&self) -> u64 {
        self.session.driver.transactions()
    }
}

impl<S: State> Debug for Connection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("server", &self.session.server_name())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
