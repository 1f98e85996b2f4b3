//! The futures of commands.
//!
//! They have names, so that a wrong call gives one compiler error, at the call, and not another one
//! wherever its result is used.

use std::fmt::{self, Debug};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::typed::Connection;
use crate::any_error::Error;
use crate::exchange::CommandResult;
use crate::exchange::command::SendCommand;
use crate::proto::command::{self, Command};
use crate::state::State;

/// The future of a command `C` that keeps the state; it gives the reply `R`. Nothing is sent before
/// it is polled.
///
/// # Cancellation
///
/// As [`Connection::send`].
#[must_use = "a command is sent when its future is awaited"]
pub struct Call<'a, S: State, C, R> {
    connection: &'a mut Connection<S>,
    exchange: SendCommand<C>,
    begun: bool,
    /// Kept here, and not called by name: a type that is no command is then an error where it is
    /// sent, and not a second one where it is awaited.
    run: fn(&mut Self, &mut Context<'_>) -> Poll<Result<R, Error>>,
}

impl<'a, S: State, C: Command> Call<'a, S, C, C::Reply> {
    pub(super) fn new(connection: &'a mut Connection<S>, command: C) -> Self {
        let (capabilities, utf8) = (connection.state.capabilities(), connection.state.utf8());
        let exchange = SendCommand::new(command, capabilities, utf8);
        Self { connection, exchange, begun: false, run: Self::run }
    }

    /// The same, through the door named `dangerous`.
    pub(super) fn dangerous(mut self) -> Self {
        if self.connection.session.has_door() {
            self.exchange = self.exchange.dangerous();
        }
        self
    }

    fn run(&mut self, cx: &mut Context<'_>) -> Poll<Result<C::Reply, Error>> {
        let Self { connection, exchange, begun, .. } = self;
        let Connection { session, state } = &mut **connection;
        if !std::mem::replace(begun, true) {
            session.driver.begin_call()?;
        }
        let answer = ready!(session.driver.poll_run(cx, exchange))?;
        session.driver.end_call();
        if let Some(path) = exchange.take_named() {
            let answer = answer.as_ref().map(|(reply, _)| reply.clone()).map_err(Clone::clone);
            let without = session.driver.take_left_out();
            let most = session.driver.limits().recipients_kept;
            state.record_recipient(path, answer, without, most);
        }
        Poll::Ready(finish::<S, C>(state, answer))
    }
}

impl<S: State, C, R> Future for Call<'_, S, C, R> {
    type Output = Result<R, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let call = self.get_mut();
        (call.run)(call, cx)
    }
}

fn finish<S: State, C: Command>(
    state: &mut S,
    answer: CommandResult<(smtp_grammar::Reply, crate::proto::line::Declared)>,
) -> Result<C::Reply, Error> {
    let (reply, declared) = answer?;
    state.record_accepted(&C::SPEC, declared);
    command::read::<C>(reply).map_err(Error::Reply)
}

// A command is moved out of its future before anything is waited for; nothing here is pinned.
impl<S: State, C, R> Unpin for Call<'_, S, C, R> {}

impl<S: State, C, R> Debug for Call<'_, S, C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("sent", &self.begun).finish_non_exhaustive()
    }
}

/// The future of a call of several steps. Nothing is sent before it is polled.
///
/// # Cancellation
///
/// As the method that returned it: one that takes the connection closes it, one that borrows it
/// interrupts it.
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
