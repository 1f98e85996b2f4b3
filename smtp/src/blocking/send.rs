//! The calls of every state: commands, exchanges, the check for an end, and QUIT.

use smtp_grammar::Reply;

use super::error::TransitionError;
use super::raw_stream::RawStream;
use super::typed::Connection;
use crate::any_error::Error;
use crate::command_exchange::CommandExchange;
use crate::connection;
use crate::error::lost::Lost;
use crate::proto::command::Command;
use crate::state::{ExchangeIn, ExchangeInto, State, TakesOver, Transition, ValidIn};

impl<S: State> Connection<S> {
    /// Sends a command that keeps the state, and reads its reply.
    ///
    /// # Errors
    ///
    /// As [`Connection::send`](crate::Connection::send).
    pub fn send<C, R>(&mut self, command: C) -> Result<R, Error>
    where
        C: ValidIn<S> + Command<Reply = R>,
    {
        self.call(|connection| connection.send(command))
    }

    /// Sends a command that leads to another state, and reads its reply.
    ///
    /// # Errors
    ///
    /// As [`Connection::transition`](crate::Connection::transition).
    pub fn transition<C>(
        self,
        command: C,
    ) -> Result<(Connection<C::Next>, C::Reply), TransitionError<S>>
    where
        C: Transition<S> + Send,
        C::Reply: Send,
    {
        self.take(|connection| connection.transition(command))
    }

    /// Sends a command that the server answers with questions (3yz), answers each with `exchange`,
    /// and reads the final reply.
    ///
    /// # Errors
    ///
    /// As [`Connection::exchange`](crate::Connection::exchange).
    pub fn exchange<C>(
        &mut self,
        command: C,
        exchange: &mut (impl CommandExchange + ?Sized),
    ) -> Result<C::Reply, Error>
    where
        C: ExchangeIn<S> + Send,
        C::Reply: Send,
    {
        self.call(|connection| connection.exchange(command, exchange))
    }

    /// As [`exchange`](Self::exchange), with a command that leads to another state once the
    /// exchange has succeeded.
    ///
    /// # Errors
    ///
    /// As [`Connection::exchange_into`](crate::Connection::exchange_into).
    pub fn exchange_into<C>(
        self,
        command: C,
        exchange: &mut (impl CommandExchange + ?Sized),
    ) -> Result<(Connection<C::Next>, C::Reply), TransitionError<S>>
    where
        C: ExchangeInto<S> + Send,
        C::Reply: Send,
    {
        self.take(|connection| connection.exchange_into(command, exchange))
    }

    /// Sends a command after which the server takes the connection over, and hands the stream over
    /// to the caller.
    ///
    /// # Errors
    ///
    /// As [`Connection::into_stream`](crate::Connection::into_stream).
    pub fn into_stream<C>(self, command: C) -> Result<(RawStream, C::Reply), TransitionError<S>>
    where
        C: TakesOver<S> + Send,
        C::Reply: Send,
    {
        self.take(|connection| connection.into_stream(command))
    }

    /// Whether the connection is open, as far as can be seen without waiting, as
    /// [`Connection::is_open`](crate::Connection::is_open). On a thread of a tokio runtime it says
    /// what was seen by the last call.
    pub fn is_open(&mut self) -> bool {
        if let Some(here) = self.reactor.here()
            && self.inner.session.driver.may_have_arrived()
        {
            here.look();
        }
        self.inner.is_open()
    }

    /// Waits until the server closes the connection, and says how it did. Nothing is sent.
    pub fn closed(&mut self) -> Lost {
        self.call(connection::Connection::closed)
    }

    /// Ends the session with QUIT, and does not wait for the reply, as
    /// [`Connection::quit`](crate::Connection::quit).
    ///
    /// # Errors
    ///
    /// [`Lost`] when an earlier call has lost the connection.
    pub fn quit(self) -> Result<(), Lost> {
        self.take(connection::Connection::quit)
    }

    /// Ends the session with QUIT, and waits for the reply.
    ///
    /// # Errors
    ///
    /// As [`Connection::quit_and_wait`](crate::Connection::quit_and_wait).
    pub fn quit_and_wait(self) -> Result<Reply, Error> {
        self.take(connection::Connection::quit_and_wait)
    }
}
