//! Commands that the server answers with questions, and commands that end SMTP.

use bytes::Bytes;
use smtp_grammar::Reply;

use super::call::Pending;
use super::error::TransitionError;
use super::typed::Connection;
use crate::any_error::Error;
use crate::command_exchange::CommandExchange;
use crate::error::lost::Lost;
use crate::exchange::CommandResult;
use crate::exchange::dialog::Dialog;
use crate::net::Transport;
use crate::proto::command::{self, Command};
use crate::proto::line::Declared;
use crate::state::{ExchangeIn, ExchangeInto, State, TakesOver};

/// A connection that is no SMTP session any more.
pub struct RawStream {
    /// The stream, inside TLS if the session was.
    pub stream: Box<dyn Transport>,
    /// The bytes that the server sent after its reply, and that were read already.
    pub unread: Bytes,
}

impl std::fmt::Debug for RawStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawStream").field("unread", &self.unread.len()).finish_non_exhaustive()
    }
}

impl<S: State> Connection<S> {
    /// Sends a command that the server answers with questions (3yz), answers each with `exchange`,
    /// and reads the final reply.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send). [`Error::Lost`] also when the exchange has no answer, answers with
    /// a [secret](crate::command::Response::Line) where the server is not verified, or when the
    /// server asks more often than [`Limits::challenges`](crate::connect::Limits::challenges).
    ///
    /// # Cancellation
    ///
    /// A future that was polled and is dropped before it is done interrupts the connection.
    pub fn exchange<'a, C>(
        &'a mut self,
        command: C,
        exchange: &'a mut (impl CommandExchange + ?Sized),
    ) -> Pending<'a, Result<C::Reply, Error>>
    where
        C: ExchangeIn<S> + Send + 'a,
        C::Reply: Send,
    {
        Pending::new(self.run_exchange(command, exchange, false))
    }

    /// As [`exchange`](Self::exchange), with a command that leads to another state once the
    /// exchange has succeeded.
    ///
    /// # Errors
    ///
    /// [`TransitionError::Refused`] with the connection as it was, or [`TransitionError::Lost`].
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub fn exchange_into<'a, C>(
        self,
        command: C,
        exchange: &'a mut (impl CommandExchange + ?Sized),
    ) -> Pending<'a, Result<(Connection<C::Next>, C::Reply), TransitionError<S>>>
    where
        C: ExchangeInto<S> + Send + 'a,
        C::Reply: Send,
    {
        Pending::new(self.run_exchange_into(command, exchange, false))
    }

    /// `dangerous` says that secrets may be seen.
    pub(super) async fn run_exchange<C: ExchangeIn<S>>(
        &mut self,
        command: C,
        exchange: &mut (impl CommandExchange + ?Sized),
        dangerous: bool,
    ) -> Result<C::Reply, Error> {
        let (reply, _) = self.run_dialog(command, exchange, dangerous).await??;
        command::read::<C>(reply).map_err(Error::Reply)
    }

    /// `dangerous` says that secrets may be seen.
    pub(super) async fn run_exchange_into<C: ExchangeInto<S>>(
        mut self,
        command: C,
        exchange: &mut (impl CommandExchange + ?Sized),
        dangerous: bool,
    ) -> Result<(Connection<C::Next>, C::Reply), TransitionError<S>> {
        match self.run_dialog(command, exchange, dangerous).await? {
            Ok((reply, declared)) => self.finish_transition::<C, C::Next>(reply, declared).await,
            Err(refusal) => Err(TransitionError::refused(self, refusal)),
        }
    }

    /// Holds an exchange from its command to its final reply.
    async fn run_dialog<C: Command>(
        &mut self,
        command: C,
        exchange: &mut (impl CommandExchange + ?Sized),
        dangerous: bool,
    ) -> Result<CommandResult<(Reply, Declared)>, Lost> {
        self.session.driver.begin_call()?;
        let (capabilities, utf8) = (self.state.capabilities(), self.state.utf8());
        let dangerous = dangerous && self.session.has_door();
        let dialog = Dialog::new(command, exchange, capabilities, utf8, dangerous);
        let answer = self.session.run(dialog).await?;
        self.session.driver.end_call();
        Ok(answer)
    }

    /// Sends a command after which the server takes the connection over, and hands the stream over
    /// to the caller.
    ///
    /// # Errors
    ///
    /// [`TransitionError::Refused`] with the connection as it was, or [`TransitionError::Lost`].
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub fn into_stream<'a, C>(
        mut self,
        command: C,
    ) -> Pending<'a, Result<(RawStream, C::Reply), TransitionError<S>>>
    where
        C: TakesOver<S> + Send + 'a,
        C::Reply: Send,
    {
        Pending::new(async move {
            self.session.driver.begin_call()?;
            let (capabilities, utf8) = (self.state.capabilities(), self.state.utf8());
            let reply = match self.session.exchange(command, capabilities, utf8).await? {
                Ok((reply, _)) => self.session.read::<C>(reply)?,
                Err(refusal) => return Err(TransitionError::refused(self, refusal)),
            };
            let (stream, unread) = self.session.driver.into_stream();
            Ok((RawStream { stream: Box::new(stream), unread }, reply))
        })
    }
}
