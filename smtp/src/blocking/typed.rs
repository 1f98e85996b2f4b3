//! A session in one of its states, over a runtime of its own.

use std::fmt::{self, Debug};
use std::future::IntoFuture;

use smtp_grammar::Capabilities;

use super::convert::{IntoBlocking, Kept, sealed::Sealed};
use super::reactor::{Reactor, Waiting, at_once};
use crate::connection;
use crate::error::lost::Lost;
use crate::proto::fault::Fault;
use crate::state::{Security, State};

/// A session with a server, in the state `S`: [`smtp::Connection`](crate::Connection), with calls
/// that block.
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
/// It may be sent to another thread between calls. Dropping it closes it without QUIT, which is
/// rude but harmless, also on a thread of a runtime.
///
/// # Errors
///
/// On a thread of a tokio runtime each call does nothing and is
/// [`Fault::InsideRuntime`](crate::error::Fault::InsideRuntime). One that borrows leaves the
/// connection as it was, one that takes closes it.
pub struct Connection<S: State> {
    // Dropped before the runtime that its socket belongs to.
    pub(super) inner: connection::Connection<S>,
    pub(super) reactor: Reactor,
}

impl<S: State> Connection<S> {
    /// The capabilities that the server offers in this state.
    pub fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    /// The security that TLS gives to this session; `None` in clear.
    pub fn security(&self) -> Option<&Security> {
        self.inner.security()
    }

    /// How many transactions were begun on this connection, as
    /// [`Connection::transactions`](crate::Connection::transactions).
    pub fn transactions(&self) -> u64 {
        self.inner.transactions()
    }

    /// Makes a call that borrows the connection.
    pub(super) fn call<'a, F: IntoFuture>(
        &'a mut self,
        call: impl FnOnce(&'a mut connection::Connection<S>) -> F,
    ) -> F::Output {
        let Self { inner, reactor } = self;
        match begin(inner, reactor) {
            Some(here) => here.wait(call(inner)),
            None => at_once(call(inner)),
        }
    }

    /// Makes a call that takes the connection.
    pub(super) fn take<F: IntoFuture<Output: IntoBlocking>>(
        self,
        call: impl FnOnce(connection::Connection<S>) -> F,
    ) -> <F::Output as IntoBlocking>::Blocking {
        let Self { mut inner, reactor } = self;
        let output = match begin(&mut inner, &reactor) {
            Some(here) => here.wait(call(inner)),
            None => at_once(call(inner)),
        };
        output.into_blocking(Kept(reactor))
    }
}

/// Begins a call. None: this thread must not wait, and the connection does not let the call begin.
fn begin<'a, S: State>(
    inner: &mut connection::Connection<S>,
    reactor: &'a Reactor,
) -> Option<Waiting<'a>> {
    let driver = &mut inner.session.driver;
    let here = reactor.here();
    match here {
        // Nothing has looked since the last call, and a call must know what has come before it
        // writes.
        Some(here) if driver.may_have_arrived() => here.look(),
        Some(_) => driver.nothing_has_arrived(),
        None => driver.refuse_next(Fault::InsideRuntime),
    }
    here
}

/// Opens a connection, with a runtime for it.
pub(super) fn open<T, E, F>(opening: F) -> Result<T::Blocking, E>
where
    T: IntoBlocking,
    E: From<Lost>,
    F: IntoFuture<Output = Result<T, E>>,
{
    open_with(opening, |opening| opening, |_, lost| lost.into())
}

/// As [`open`], with something that the opening takes, and the error where it does not begin.
pub(super) fn open_with<I, T, E, F>(
    input: I,
    open: impl FnOnce(I) -> F,
    unopened: impl FnOnce(I, Lost) -> E,
) -> Result<T::Blocking, E>
where
    T: IntoBlocking,
    F: IntoFuture<Output = Result<T, E>>,
{
    let reactor = match Reactor::new() {
        Ok(reactor) => reactor,
        Err(lost) => return Err(unopened(input, lost)),
    };
    let opened = match reactor.here() {
        Some(here) => here.wait(open(input))?,
        None => return Err(unopened(input, Lost::new(Fault::InsideRuntime, None))),
    };
    Ok(opened.into_blocking(Kept(reactor)))
}

impl<S: State> IntoBlocking for connection::Connection<S> {
    type Blocking = Connection<S>;

    fn into_blocking(self, runtime: Kept) -> Connection<S> {
        Connection { inner: self, reactor: runtime.0 }
    }
}

impl<S: State> Sealed for connection::Connection<S> {}

impl<S: State> Debug for Connection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.inner, f)
    }
}
