//! A session in one of its states.

use std::fmt::{self, Debug};

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
/// A call that keeps the state borrows the connection; one that moves it takes it, and hands it
/// back when the server refuses. A call that was not possible does not compile.
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
    /// What the server offers in this state.
    pub fn capabilities(&self) -> &Capabilities {
        self.state.capabilities()
    }

    /// What TLS gives to this session, where there is TLS.
    pub fn security(&self) -> Option<&Security> {
        self.state.security()
    }

    /// How many transactions were begun on this connection: some servers limit them (RFC 9422
    /// MAILMAX).
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
