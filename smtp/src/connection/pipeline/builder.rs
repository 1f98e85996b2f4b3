//! The builder of a group: each method adds a command, and moves the type to the state after it.
//!
//! The order of commands (RFC 5321 §4.1.4) and the places where a group may go on (RFC 2920 §3.1)
//! are checked by the compiler; the entries themselves run without types.

use std::fmt::{self, Debug};
use std::future::IntoFuture;
use std::marker::PhantomData;

use smtp_grammar::Reply;

use super::end::{AfterQuit, AfterTransition, PipelineEnd, PipelineParts};
use super::rules::{PipelinedIn, PipelinedTransition, StartsData, StartsTransaction};
use super::running::RunPipeline;
use crate::command::{Data, Mail, Quit, Rcpt, Rset};
use crate::connection::typed::Connection;
use crate::exchange::pipeline::entry::{Single, StateEffect, WithContent, WithOutcome};
use crate::exchange::pipeline::many::Many;
use crate::exchange::pipeline::outcome::{Message, Outcome};
use crate::exchange::pipeline::predicted::PredictedState;
use crate::exchange::pipeline::tuple::{Append, Entries, OutcomeEntry};
use crate::message::body::Body;
use crate::message::named::NamedRecipients;
use crate::proto::command::Command;
use crate::state::{Idle, InTransaction, Reachable, State, Transition, ValidIn};

/// A group of commands that begins in the state of its connection and leads to the state `S`.
///
/// Await it to send it.
///
/// # Cancellation
///
/// Dropping the group, or its future, closes the connection.
#[must_use = "a group is sent when it is awaited"]
pub struct Pipeline<'a, S: PipelineEnd, L> {
    parts: PipelineParts<S::Idle>,
    entries: L,
    state: PhantomData<(fn() -> S, &'a ())>,
}

/// A group whose last command must be the last one (RFC 2920 §3.1): nothing can be added to it.
///
/// Await it to send it.
///
/// # Cancellation
///
/// Dropping the group, or its future, closes the connection.
#[must_use = "a group is sent when it is awaited"]
pub struct Closed<'a, E: PipelineEnd, L>(Pipeline<'a, E, L>);

type OneOf<'a, L, R> = <L as Append>::With<OutcomeEntry<'a, Outcome<R>>>;
type EachOf<'a, L, R> = <L as Append>::With<OutcomeEntry<'a, Vec<Outcome<R>>>>;
type MessageOf<'a, L, R> = <L as Append>::With<OutcomeEntry<'a, Message<R>>>;

impl<H: Idle> Connection<H> {
    /// Begins a [group of commands](crate::pipeline) that go out in one flight.
    ///
    /// # Cancellation
    ///
    /// Dropping the group, or its future, closes the connection.
    pub fn pipeline<'a>(self) -> Pipeline<'a, H, ()> {
        let parts = PipelineParts {
            session: self.session,
            idle: self.state,
            state: PredictedState::default(),
            named: NamedRecipients::default(),
        };
        Pipeline { parts, entries: (), state: PhantomData }
    }
}

impl<H: Idle> Connection<InTransaction<H>> {
    /// Begins a [group of commands](crate::pipeline) within the transaction.
    ///
    /// # Cancellation
    ///
    /// Dropping the group, or its future, closes the connection.
    pub fn pipeline<'a>(self) -> Pipeline<'a, InTransaction<H>, ()> {
        // The recipients that were accepted before the group count: its DATA needs no RCPT of its
        // own.
        let InTransaction { idle, accepted, declared, named } = self.state;
        let state = PredictedState {
            open: true,
            recipients: accepted,
            declared,
            ..PredictedState::default()
        };
        let parts = PipelineParts { session: self.session, idle, state, named };
        Pipeline { parts, entries: (), state: PhantomData }
    }
}

impl<'a, S: PipelineEnd + State, L: Append> Pipeline<'a, S, L> {
    /// Adds a command that keeps the state, and that others may follow.
    pub fn send<C, R>(self, command: C) -> Pipeline<'a, S, OneOf<'a, L, R>>
    where
        C: PipelinedIn<S> + Command<Reply = R> + Send + 'a,
        R: Send + 'a,
    {
        // `PipelinedIn`: NOOP, VRFY and EXPN "can only appear as the last command in a group"
        // (RFC 2920 §3.1), so they have no `send`.
        self.one(StateEffect::Stay, command)
    }

    /// Adds MAIL: opens a transaction (RFC 5321 §3.3).
    pub fn mail(self, mail: Mail) -> Pipeline<'a, InTransaction<S::Idle>, OneOf<'a, L, Reply>>
    where
        Mail: StartsTransaction<S>,
    {
        self.one(StateEffect::Open, mail)
    }

    /// Adds RCPT: names a recipient (RFC 5321 §3.3).
    pub fn rcpt(self, rcpt: Rcpt) -> Pipeline<'a, S, OneOf<'a, L, Reply>>
    where
        Rcpt: ValidIn<S>,
    {
        self.one(StateEffect::Stay, rcpt)
    }

    /// Adds any number of commands that keep the state, which are made as there is room for them.
    /// The outcomes are a `Vec`, in the same order.
    pub fn each<I, R>(self, commands: I) -> Pipeline<'a, S, EachOf<'a, L, R>>
    where
        I: IntoIterator<Item: PipelinedIn<S> + Command<Reply = R>, IntoIter: Send + 'a>,
        R: Send + 'a,
    {
        self.add(Many::new(commands.into_iter()))
    }

    /// Adds DATA and the message, which ends the transaction (RFC 5321 §3.3). Without an accepted
    /// recipient nothing of the message is sent.
    pub fn data(self, body: impl Into<Body<'a>>) -> Pipeline<'a, S::Idle, MessageOf<'a, L, Reply>>
    where
        Data: StartsData<S>,
    {
        // The commands that follow are the next flight: content may begin a group, and DATA must
        // end one (RFC 2920 §3.1).
        self.add(WithContent::new(Data, body.into()))
    }

    /// As [`data`](Self::data), opened by a command of yours.
    pub fn content<C, R>(
        self,
        command: C,
        body: impl Into<Body<'a>>,
    ) -> Pipeline<'a, S::Idle, MessageOf<'a, L, R>>
    where
        C: StartsData<S> + Command<Reply = R> + Send + 'a,
        R: Send + 'a,
    {
        self.add(WithContent::new(command, body.into()))
    }

    /// Adds a command of yours that opens a transaction or ends it, and that others may follow.
    pub fn transition<C, N, R>(self, command: C) -> Pipeline<'a, N, OneOf<'a, L, R>>
    where
        C: PipelinedTransition<S, N> + Command<Reply = R> + Send + 'a,
        N: PipelineEnd,
        R: Send + 'a,
    {
        let effect = if C::OPENS { StateEffect::Open } else { StateEffect::Close };
        let entries = self.entries.with(OutcomeEntry::new(Single::new(effect, command)));
        Pipeline { parts: C::carry(self.parts), entries, state: PhantomData }
    }

    /// Adds a command that keeps the state, and ends the group with it: NOOP, VRFY, and every
    /// other that does not say `pipelining`.
    ///
    /// # Cancellation
    ///
    /// Dropping the group, or its future, closes the connection.
    pub fn last<C, R>(self, command: C) -> Closed<'a, S, OneOf<'a, L, R>>
    where
        C: ValidIn<S> + Command<Reply = R> + Send + 'a,
        R: Send + 'a,
    {
        Closed(self.one(StateEffect::Stay, command))
    }

    /// Ends the group, and the session, with QUIT, which must be the last command (RFC 2920 §3.1).
    ///
    /// # Cancellation
    ///
    /// Dropping the group, or its future, closes the connection.
    pub fn quit(self) -> Closed<'a, AfterQuit<S::Idle>, OneOf<'a, L, Reply>> {
        Closed(self.one(StateEffect::Quit, Quit))
    }
}

impl<'a, H: Idle, L: Append> Pipeline<'a, H, L> {
    /// Adds a command that leads to another state, and ends the group with it: commands after a
    /// login would be sent without it if it was refused.
    ///
    /// # Cancellation
    ///
    /// Dropping the group, or its future, closes the connection.
    pub fn last_transition<C>(
        self,
        command: C,
    ) -> Closed<'a, AfterTransition<H, C::Next>, OneOf<'a, L, C::Reply>>
    where
        C: Transition<H> + Send + 'a,
        C::Next: Reachable<H>,
        C::Reply: Send,
    {
        // After STARTTLS or AUTH the capabilities are others (RFC 3207 §4.2, RFC 4954 §4): the
        // commands of the new state are written when they are known.
        Closed(self.one(StateEffect::Leave, command))
    }
}

impl<'a, H: Idle, L: Append> Pipeline<'a, InTransaction<H>, L> {
    /// Adds RSET: gives the transaction up (RFC 5321 §4.1.1.5).
    pub fn reset(self) -> Pipeline<'a, H, OneOf<'a, L, Reply>> {
        // RSET may stand anywhere in a group (RFC 2920 §3.1).
        self.one(StateEffect::Close, Rset)
    }

    /// Adds a command of yours that ends the transaction, and ends the group with it.
    ///
    /// # Cancellation
    ///
    /// Dropping the group, or its future, closes the connection.
    pub fn last_transition<C, R>(self, command: C) -> Closed<'a, H, OneOf<'a, L, R>>
    where
        C: Transition<InTransaction<H>, Next = H> + Command<Reply = R> + Send + 'a,
        R: Send + 'a,
    {
        Closed(self.one(StateEffect::Close, command))
    }
}

impl<'a, S: PipelineEnd, L: Append> Pipeline<'a, S, L> {
    fn one<E, C>(self, effect: StateEffect, command: C) -> Pipeline<'a, E, OneOf<'a, L, C::Reply>>
    where
        E: PipelineEnd<Idle = S::Idle>,
        C: Command<Reply: Send> + Send + 'a,
    {
        self.add(Single::new(effect, command))
    }

    fn add<E, O>(
        self,
        entry: impl WithOutcome<'a, O> + 'a,
    ) -> Pipeline<'a, E, L::With<OutcomeEntry<'a, O>>>
    where
        E: PipelineEnd<Idle = S::Idle>,
    {
        let entries = self.entries.with(OutcomeEntry::new(entry));
        Pipeline { parts: self.parts, entries, state: PhantomData }
    }
}

impl<'a, S: PipelineEnd, L> IntoFuture for Pipeline<'a, S, L>
where
    L: Entries<'a>,
{
    type Output = (S::Connection, L::Outcomes);
    type IntoFuture = RunPipeline<'a, S, L>;

    fn into_future(self) -> Self::IntoFuture {
        RunPipeline::new(self.parts, self.entries)
    }
}

impl<'a, E: PipelineEnd, L> IntoFuture for Closed<'a, E, L>
where
    L: Entries<'a>,
{
    type Output = (E::Connection, L::Outcomes);
    type IntoFuture = RunPipeline<'a, E, L>;

    fn into_future(self) -> Self::IntoFuture {
        self.0.into_future()
    }
}

impl<S: PipelineEnd, L> Debug for Pipeline<'_, S, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = self.parts.session.server_name();
        f.debug_struct("Pipeline").field("server", &server).finish_non_exhaustive()
    }
}

impl<E: PipelineEnd, L> Debug for Closed<'_, E, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.0, f)
    }
}
