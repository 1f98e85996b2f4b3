//! The session as a type: a [`Connection`] in one of its states, and what can be done there.
//!
//! | file | the question it answers |
//! |---|---|
//! | [`server`] | which server, and how to talk to it? |
//! | [`greeted`], [`tls`], [`authed`], [`in_transaction`] | what can I do in this state? |
//! | [`home`] | what can I do between transactions? |
//! | [`deliver`], [`delivery`] | how does a message go out, and how do many? |
//! | [`pipeline`] | how do many commands go out in one flight, each with a reply of its own type? |
//! | [`converse`] | what if a command takes several rounds, or ends SMTP? |
//! | [`submission`] | how do I just send mail? |
//! | [`any`] | how do I keep a connection whose state is known at run time? |

mod any;
mod authed;
mod authenticate;
mod call;
mod chunks;
mod converse;
mod deliver;
mod delivery;
mod envelope;
mod error;
mod greeted;
mod hello;
mod home;
mod in_transaction;
mod message;
mod pieces;
pub mod pipeline;
mod policy;
mod server;
mod session;
mod submission;
mod tls;
mod transfer;

use std::fmt::{self, Debug};

use smtp_grammar::{Capabilities, Reply};

pub use any::AnyConnection;
pub use call::{Call, Pending};
pub use converse::HandOver;
pub use envelope::{Envelope, EnvelopeError};
pub use error::{DataError, Refused, TransitionError};
pub use greeted::Dangerous;
pub use policy::Policy;
pub use server::Server;
pub use submission::{Anonymous, Credentials, Submission};
pub use transfer::Transfer;

use crate::command::Quit;
use crate::error::{Error, Fault, Lost};
use crate::proto::line::Declared;
use crate::state::{Reachable, Security, State, Transition, ValidIn};
use session::Session;

/// A session with a server, in the state `S`.
///
/// ```text
///              starttls / upgrade(your command)
///  connect ──► Greeted ─────────────────────────► Tls ◄── connect_tls
///                │                                │  authenticate(mechanism) / transition(your command)
///                │  dangerous().authenticate      ▼
///                └──────────────────────────►  Authed
///
///  Greeted, Tls or Authed (a Home) ── mail ──► InTransaction<Home> ── data / bdat / reset ──► Home
/// ```
///
/// A call that keeps the state borrows the connection; one that moves it takes it, and hands it
/// back when the server refuses. A call that was not possible does not compile.
///
/// # Cancellation
///
/// Dropping the future of a call that takes the connection closes it. Dropping that of a call that
/// borrows it leaves a connection that is out of step: every later call answers
/// [`Lost`] with [`Fault::Interrupted`](crate::error::Fault::Interrupted) and writes nothing.
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

    /// Sends a command that keeps the state, and reads its reply.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) when the server said no or the command cannot be
    /// written, [`Error::Reply`](crate::Error::Reply) when its reply has an unexpected form,
    /// [`Error::Lost`](crate::Error::Lost) when the connection is gone.
    ///
    /// # Cancellation
    ///
    /// A future that was polled and is dropped before it is done interrupts the connection.
    pub fn send<C: ValidIn<S>>(&mut self, command: C) -> Call<'_, S, C> {
        Call::new(self, command)
    }

    /// Sends a command that leads to another state, and reads its reply. A command that
    /// [`resets`](crate::CommandSpec::resets) the session is followed by EHLO.
    ///
    /// # Errors
    ///
    /// [`TransitionError::Refused`] with the connection in its old state, or
    /// [`TransitionError::Lost`].
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub fn transition<'a, C>(
        self,
        command: C,
    ) -> Pending<'a, Result<(Connection<C::Next>, C::Reply), TransitionError<S>>>
    where
        C: Transition<S> + Send + 'a,
        C::Reply: Send,
    {
        Pending::new(self.walk(command))
    }

    /// Ends the session with QUIT, and does not wait for the reply: nothing depends on it, and a
    /// round trip is saved. RFC 5321 §4.1.1.10 would have a client wait; see
    /// [`quit_and_wait`](Self::quit_and_wait). A server that has closed the session by itself was
    /// only faster.
    ///
    /// # Errors
    ///
    /// [`Lost`] when an earlier call has lost the connection.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn quit(mut self) -> Result<(), Lost> {
        match self.session.driver.enter() {
            Ok(()) => {}
            Err(Fault::Closed | Fault::Closing(_) | Fault::Io(_)) => return Ok(()),
            Err(fault) => return Err(fault.into()),
        }
        // QUIT has no arguments that could be wrong, and whether it arrives changes nothing.
        if self.submit(&Quit).is_ok() {
            self.session.driver.close().await;
        }
        Ok(())
    }

    /// Ends the session with QUIT, and waits for the reply.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) when the server refuses to end the session, which
    /// is over all the same; [`Error::Lost`](crate::Error::Lost) when the connection is gone before
    /// the reply.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn quit_and_wait(mut self) -> Result<Reply, Error> {
        self.session.driver.enter()?;
        let (reply, _) = self.exchange(&Quit).await??;
        self.session.driver.close().await;
        Ok(reply)
    }

    async fn walk<C: Transition<S>>(
        mut self,
        command: C,
    ) -> Result<(Connection<C::Next>, C::Reply), TransitionError<S>> {
        self.session.driver.enter()?;
        match self.exchange(&command).await? {
            Ok((reply, declared)) => self.arrive::<C>(reply, declared).await,
            Err(refusal) => Err(self.refused(refusal)),
        }
    }

    /// Enters the state that an accepted command leads to.
    async fn arrive<C: Transition<S>>(
        mut self,
        reply: Reply,
        declared: Declared,
    ) -> Result<(Connection<C::Next>, C::Reply), TransitionError<S>> {
        let reply = self.read::<C>(reply)?;
        let mut connection =
            Connection { session: self.session, state: C::Next::enter(self.state) };
        connection.state.note(&C::SPEC, declared);
        if C::SPEC.resets {
            let secure = connection.state.security().is_some();
            let capabilities = connection.session.hello_again(secure).await?;
            connection.state.learn(capabilities);
        }
        connection.session.driver.leave();
        Ok((connection, reply))
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
