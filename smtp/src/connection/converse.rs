//! Commands of several rounds, and commands that end SMTP.

use bytes::Bytes;
use smtp_grammar::Reply;

use super::call::Pending;
use super::error::TransitionError;
use super::typed::Connection;
use crate::any_error::Error;
use crate::conversation::Conversation;
use crate::error::lost::Lost;
use crate::exchange::Answer;
use crate::exchange::dialog::Dialog;
use crate::net::Transport;
use crate::proto::command::Command;
use crate::proto::line::Declared;
use crate::proto::reply::FromReply as _;
use crate::state::{Consumes, Converses, ConversesInto, State};

/// A connection that is no SMTP session any more.
pub struct HandOver {
    /// The stream, inside TLS if the session was.
    pub stream: Box<dyn Transport>,
    /// What the server said after its reply, and was read already.
    pub unread: Bytes,
}

impl std::fmt::Debug for HandOver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HandOver").field("unread", &self.unread.len()).finish_non_exhaustive()
    }
}

impl<S: State> Connection<S> {
    /// Sends a command that the server answers in several rounds, and reads its final reply.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send). [`Error::Lost`] also when the conversation has no answer, answers
    /// with a [secret](crate::Turn::Line) where the server is not verified, or takes more rounds than [`Limits::challenges`](crate::Limits::challenges).
    ///
    /// # Cancellation
    ///
    /// A future that was polled and is dropped before it is done interrupts the connection.
    pub fn converse<'a, C>(
        &'a mut self,
        command: C,
        conversation: &'a mut (impl Conversation + ?Sized),
    ) -> Pending<'a, Result<C::Reply, Error>>
    where
        C: Converses<S> + Send + 'a,
        C::Reply: Send,
    {
        Pending::new(self.run_converse(command, conversation, false))
    }

    /// As [`converse`](Self::converse), with a command that leads to another state once the
    /// conversation has succeeded.
    ///
    /// # Errors
    ///
    /// [`TransitionError::Refused`] with the connection as it was, or [`TransitionError::Lost`].
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub fn converse_into<'a, C>(
        self,
        command: C,
        conversation: &'a mut (impl Conversation + ?Sized),
    ) -> Pending<'a, Result<(Connection<C::Next>, C::Reply), TransitionError<S>>>
    where
        C: ConversesInto<S> + Send + 'a,
        C::Reply: Send,
    {
        Pending::new(self.run_converse_into(command, conversation, false))
    }

    /// `dangerous` says that secrets may be seen.
    pub(super) async fn run_converse<C: Converses<S>>(
        &mut self,
        command: C,
        conversation: &mut (impl Conversation + ?Sized),
        dangerous: bool,
    ) -> Result<C::Reply, Error> {
        let (reply, _) = self.run_dialog(command, conversation, dangerous).await??;
        C::Reply::from_reply(reply).map_err(Error::Reply)
    }

    /// `dangerous` says that secrets may be seen.
    pub(super) async fn run_converse_into<C: ConversesInto<S>>(
        mut self,
        command: C,
        conversation: &mut (impl Conversation + ?Sized),
        dangerous: bool,
    ) -> Result<(Connection<C::Next>, C::Reply), TransitionError<S>> {
        match self.run_dialog(command, conversation, dangerous).await? {
            Ok((reply, declared)) => self.finish_transition::<C, C::Next>(reply, declared).await,
            Err(refusal) => Err(TransitionError::refused(self, refusal)),
        }
    }

    /// Holds a conversation from its command to its final reply.
    async fn run_dialog<C: Command>(
        &mut self,
        command: C,
        conversation: &mut (impl Conversation + ?Sized),
        dangerous: bool,
    ) -> Result<Answer<(Reply, Declared)>, Lost> {
        self.session.driver.begin_call()?;
        let (capabilities, utf8) = (self.state.capabilities(), self.state.utf8());
        let dialog = Dialog::new(command, conversation, capabilities, utf8, dangerous);
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
    pub fn hand_over<'a, C>(
        mut self,
        command: C,
    ) -> Pending<'a, Result<(HandOver, C::Reply), TransitionError<S>>>
    where
        C: Consumes<S> + Send + 'a,
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
            Ok((HandOver { stream: Box::new(stream), unread }, reply))
        })
    }
}
