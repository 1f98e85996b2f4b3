//! Commands of several rounds, and commands that end SMTP.

use bytes::Bytes;
use memchr::memchr3;
use smtp_grammar::Reply;

use super::Connection;
use super::call::Pending;
use super::error::TransitionError;
use super::session::Answer;
use crate::conversation::{Conversation, Turn};
use crate::error::{Error, Fault, Lost, ProtocolError, Refusal};
use crate::net::Transport;
use crate::proto::command::Command;
use crate::proto::engine::{Expected, Outcome};
use crate::proto::line::Declared;
use crate::proto::reply::FromReply as _;
use crate::state::{Consumes, Converses, State, Transition, ValidIn};

/// A connection that is no SMTP session any more.
pub struct HandOver {
    /// The stream, inside TLS if the session was.
    pub stream: Box<dyn Transport>,
    /// What the server said behind its reply, and was read already.
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
    /// As [`send`](Self::send). [`Error::Lost`] also when the conversation has no answer, or takes
    /// more rounds than [`Limits::challenges`](crate::Limits::challenges).
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
        C: Converses + ValidIn<S> + Send + 'a,
        C::Reply: Send,
    {
        Pending::new(async move {
            let (reply, _) = self.hold(command, conversation).await??;
            C::Reply::from_reply(reply).map_err(Error::Reply)
        })
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
        mut self,
        command: C,
        conversation: &'a mut (impl Conversation + ?Sized),
    ) -> Pending<'a, Result<(Connection<C::Next>, C::Reply), TransitionError<S>>>
    where
        C: Converses + Transition<S> + Send + 'a,
        C::Reply: Send,
    {
        Pending::new(async move {
            match self.hold(command, conversation).await? {
                Ok((reply, declared)) => self.arrive::<C>(reply, declared).await,
                Err(refusal) => Err(self.refused(refusal)),
            }
        })
    }

    /// Holds a conversation from its command to its final reply.
    async fn hold<C: Command>(
        &mut self,
        command: C,
        conversation: &mut (impl Conversation + ?Sized),
    ) -> Result<Answer<(Reply, Declared)>, Lost> {
        self.session.driver.enter()?;
        let submitted = self.submit(&command);
        drop(command);
        let answer = match submitted {
            Ok(declared) => self.rounds::<C>(conversation).await?.map(|reply| (reply, declared)),
            Err(error) => Err(Refusal::encode(C::SPEC.verb, error)),
        };
        self.session.driver.leave();
        Ok(answer)
    }

    async fn rounds<C: Command>(
        &mut self,
        conversation: &mut (impl Conversation + ?Sized),
    ) -> Result<Answer<Reply>, Lost> {
        let most = self.session.driver.engine().limits().challenges;
        for round in 0..=most {
            let reply = match self.session.driver.reply().await? {
                Outcome::Accepted(reply) => reply,
                Outcome::Refused(reply) => {
                    return Ok(Err(Refusal::by_server(C::SPEC.verb, reply)));
                }
            };
            if !reply.code().is_intermediate() {
                return Ok(Ok(reply));
            }
            let turn = conversation.answer(round, &reply);
            let expected = Expected {
                stage: C::SPEC.stage,
                accepts: C::SPEC.accepts,
                reply_lines: C::SPEC.reply_lines,
            };
            let engine = self.session.driver.engine();
            match turn {
                Ok(Turn::Base64(octets)) => engine.submit_response(octets.expose(), expected),
                Ok(Turn::Line(line)) if memchr3(b'\r', b'\n', 0, line.expose()).is_none() => {
                    engine.submit_line(line.expose(), expected);
                }
                Ok(Turn::Line(_)) => {
                    let error = std::io::Error::other("an answer holds a CR, a LF or a NUL");
                    return Err(self.session.driver.fail(Fault::Body(error)).into());
                }
                Err(error) => {
                    let error = std::io::Error::other(error);
                    return Err(self.session.driver.fail(Fault::Body(error)).into());
                }
            }
        }
        Err(self.session.violation(ProtocolError::TooManyChallenges(most)))
    }

    /// Sends a command behind which the server takes the connection over, and hands the stream
    /// over to whoever goes on with it.
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
            self.session.driver.enter()?;
            let reply = match self.exchange(&command).await? {
                Ok((reply, _)) => self.read::<C>(reply)?,
                Err(refusal) => return Err(self.refused(refusal)),
            };
            let (stream, unread) = self.session.driver.into_parts();
            Ok((HandOver { stream: Box::new(stream), unread }, reply))
        })
    }
}
