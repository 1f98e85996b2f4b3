//! The futures of commands.
//!
//! They have names, and so a call that is wrong gives one error where it stands, not another at
//! each place that touches what it returned.

use std::fmt::{self, Debug};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::Connection;
use crate::error::{Error, Refusal};
use crate::proto::command::Command;
use crate::proto::engine::Outcome;
use crate::proto::line::Declared;
use crate::proto::reply::FromReply as _;
use crate::state::State;

/// A command that keeps the state, on its way. Nothing is sent before it is polled.
#[must_use = "a command is sent when its future is awaited"]
pub struct Call<'a, S: State, C> {
    connection: &'a mut Connection<S>,
    /// The command, until it was sent.
    command: Option<C>,
    declared: Declared,
}

impl<'a, S: State, C> Call<'a, S, C> {
    pub(super) fn new(connection: &'a mut Connection<S>, command: C) -> Self {
        Self { connection, command: Some(command), declared: Declared::default() }
    }
}

impl<S: State, C: Command> Future for Call<'_, S, C> {
    type Output = Result<C::Reply, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Some(command) = this.command.take() {
            this.connection.session.driver.enter()?;
            match this.connection.submit(&command) {
                Ok(declared) => this.declared = declared,
                Err(error) => {
                    this.connection.session.driver.leave();
                    return Poll::Ready(Err(Refusal::encode(C::SPEC.verb, error).into()));
                }
            }
        }
        let outcome = ready!(this.connection.session.driver.poll_reply(cx))?;
        this.connection.session.driver.leave();
        Poll::Ready(match outcome {
            Outcome::Accepted(reply) => {
                this.connection.state.note(&C::SPEC, this.declared);
                C::Reply::from_reply(reply).map_err(Error::Reply)
            }
            Outcome::Refused(reply) => Err(Refusal::by_server(C::SPEC.verb, reply).into()),
        })
    }
}

// A command is moved out of its future before anything is waited for; nothing here is pinned.
impl<S: State, C> Unpin for Call<'_, S, C> {}

impl<S: State, C> Debug for Call<'_, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("sent", &self.command.is_none()).finish_non_exhaustive()
    }
}

/// A call of several steps, on its way. Nothing is sent before it is polled.
#[must_use = "nothing is sent before the future is awaited"]
pub struct Pending<'a, T>(Pin<Box<dyn Future<Output = T> + Send + 'a>>);

impl<'a, T> Pending<'a, T> {
    pub(super) fn new(steps: impl Future<Output = T> + Send + 'a) -> Self {
        Self(Box::pin(steps))
    }
}

impl<T> Future for Pending<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.0.as_mut().poll(cx)
    }
}

impl<T> Debug for Pending<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}
