//! What a connection keeps through all of its states.

use smtp_grammar::{Capabilities, Host, Reply};

use super::Connection;
use super::error::TransitionError;
use super::transfer::Transfer;
use crate::error::{Error, Lost, Refusal};
use crate::net::Driver;
use crate::proto::command::Command;
use crate::proto::engine::Outcome;
use crate::proto::fault::{Fault, ProtocolError};
use crate::proto::line::{Declared, EncodeError};
use crate::proto::reply::FromReply as _;
use crate::state::State;

/// The driver, and whom it talks to.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) driver: Driver,
    pub(crate) profile: Profile,
    /// The server has taken a message in chunks.
    pub(super) chunks_proved: bool,
}

/// What of a [`Server`](super::Server) is needed after its connection was opened.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(super) server_name: String,
    pub(super) client_name: Host,
    pub(super) ignored: Vec<String>,
    pub(super) transfer: Transfer,
}

/// What the server said to a command: yes, or no.
pub(crate) type Answer<T> = Result<T, Refusal>;

impl Session {
    pub(crate) fn server_name(&self) -> &str {
        &self.profile.server_name
    }

    /// Sends a command and waits for its reply. The command is written before anything is waited
    /// for, so the future does not hold it.
    pub(crate) fn exchange<C: Command>(
        &mut self,
        command: &C,
        capabilities: &Capabilities,
        utf8: bool,
    ) -> impl Future<Output = Result<Answer<(Reply, Declared)>, Lost>> {
        let submitted = self.driver.submit(command, capabilities, utf8);
        async move {
            let declared = match submitted {
                Ok(declared) => declared,
                Err(error) => return Ok(Err(Refusal::encode(C::SPEC.verb, error))),
            };
            Ok(match self.driver.reply().await? {
                Outcome::Accepted(reply) => Ok((reply, declared)),
                Outcome::Refused(reply) => Err(Refusal::by_server(C::SPEC.verb, reply)),
            })
        }
    }
}

impl<S: State> Connection<S> {
    /// Queues a command.
    pub(super) fn submit<C: Command>(&mut self, command: &C) -> Result<Declared, EncodeError> {
        let (capabilities, utf8) = (self.state.capabilities(), self.state.utf8());
        self.session.driver.submit(command, capabilities, utf8)
    }

    /// Sends a command and waits for its reply.
    pub(super) fn exchange<C: Command>(
        &mut self,
        command: &C,
    ) -> impl Future<Output = Result<Answer<(Reply, Declared)>, Lost>> {
        let (capabilities, utf8) = (self.state.capabilities(), self.state.utf8());
        self.session.exchange(command, capabilities, utf8)
    }

    /// Reads the reply to a command that moved the session. The two sides no longer agree on where
    /// they are when it cannot be read.
    pub(super) fn read<C: Command>(&mut self, reply: Reply) -> Result<C::Reply, Lost> {
        C::Reply::from_reply(reply).map_err(|error| {
            let error = ProtocolError::Unreadable(error);
            self.session.driver.fail(Fault::Protocol(error)).into()
        })
    }

    /// The connection, handed back.
    pub(super) fn refused(mut self, refusal: Refusal) -> TransitionError<S> {
        self.session.driver.leave();
        TransitionError::refused(self, refusal)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Lost(fault.into())
    }
}
