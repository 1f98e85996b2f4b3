//! The calls of every state: a command that keeps it, one that leads to another, and QUIT.

use smtp_grammar::Reply;

use super::call::{Call, Pending};
use super::error::TransitionError;
use super::typed::Connection;
use crate::any_error::Error;
use crate::command::Quit;
use crate::error::lost::Lost;
use crate::proto::command::Command;
use crate::proto::fault::Fault;
use crate::proto::line::Declared;
use crate::state::{Reachable, State, Transition, ValidIn};

impl<S: State> Connection<S> {
    /// Sends a command that keeps the state, and reads its reply.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) when the server refuses it or it cannot be
    /// written, [`Error::Reply`](crate::Error::Reply) when its reply has an unexpected form,
    /// [`Error::Lost`](crate::Error::Lost) when the connection is gone.
    ///
    /// # Cancellation
    ///
    /// A future that was polled and is dropped before it is done interrupts the connection.
    pub fn send<C, R>(&mut self, command: C) -> Call<'_, S, C, R>
    where
        C: ValidIn<S> + Command<Reply = R>,
    {
        Call::new(self, command)
    }

    /// Sends a command that leads to another state, and reads its reply. A command that
    /// [`resets`](crate::command::CommandSpec::resets) the session is followed by EHLO.
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
        Pending::new(self.run_transition(command, false))
    }

    /// Ends the session with QUIT, and does not wait for the reply: nothing depends on it, and a
    /// round trip is saved. RFC 5321 §4.1.1.10 says that a client should wait; see
    /// [`quit_and_wait`](Self::quit_and_wait). It is no error when the server has closed the
    /// session before.
    ///
    /// # Errors
    ///
    /// [`Lost`] when an earlier call has lost the connection.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn quit(mut self) -> Result<(), Lost> {
        match self.session.driver.begin_call() {
            Ok(()) => {}
            Err(lost)
                if matches!(lost.fault(), Fault::Closed | Fault::Closing(_) | Fault::Io(_)) =>
            {
                return Ok(());
            }
            Err(lost) => return Err(lost),
        }
        self.session.part(Quit, self.state.capabilities()).await;
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
        self.session.driver.begin_call()?;
        self.session.driver.forget_reset();
        let quit = self.session.exchange(Quit, self.state.capabilities(), false);
        let answer = quit.await?;
        // Also where it is refused: the session is over all the same.
        self.session.close().await;
        let (reply, _) = answer?;
        Ok(reply)
    }

    /// `dangerous` says that secrets may be seen.
    pub(super) async fn run_transition<C: Transition<S>>(
        mut self,
        command: C,
        dangerous: bool,
    ) -> Result<(Connection<C::Next>, C::Reply), TransitionError<S>> {
        self.session.driver.begin_call()?;
        let (capabilities, utf8) = (self.state.capabilities(), self.state.utf8());
        let answer = self.session.exchange_through(command, capabilities, utf8, dangerous).await?;
        match answer {
            Ok((reply, declared)) => self.finish_transition::<C, C::Next>(reply, declared).await,
            Err(refusal) => Err(TransitionError::refused(self, refusal)),
        }
    }

    /// Enters the state that an accepted command leads to.
    pub(super) async fn finish_transition<C: Command, N: Reachable<S>>(
        mut self,
        reply: Reply,
        declared: Declared,
    ) -> Result<(Connection<N>, C::Reply), TransitionError<S>> {
        let reply = self.session.read::<C>(reply)?;
        let mut connection = Connection { session: self.session, state: N::enter(self.state) };
        connection.state.record_left_out(connection.session.driver.take_left_out());
        connection.state.record_accepted(&C::SPEC, declared);
        if C::SPEC.resets {
            let secure = connection.security().is_some();
            let capabilities = connection.session.hello_again(secure).await?;
            connection.state.set_capabilities(capabilities);
        }
        connection.session.driver.end_call();
        Ok((connection, reply))
    }
}
