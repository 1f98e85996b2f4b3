//! A group that is being written down.

use std::fmt::{self, Debug};
use std::future::IntoFuture;
use std::marker::PhantomData;

use smtp_grammar::Reply;

use super::each::Each;
use super::element::{Edge, One, Opening, Typed};
use super::landing::{Ground, Landing, Left, Quitted};
use super::members::{Member, Members, Room};
use super::outcome::{Message, Outcome};
use super::place::{Fills, Joins, Moves, Opens};
use super::track::Track;
use crate::body::Body;
use crate::command::{Data, Mail, Quit, Rcpt, Rset};
use crate::connection::{Connection, Pending};
use crate::proto::command::Command;
use crate::state::{Home, InTransaction, Reachable, State, Transition, ValidIn};

/// A group of commands that begins in the state of its connection and stands in the state `S`.
///
/// Await it to send it.
#[must_use = "a group is sent when it is awaited"]
pub struct Pipeline<'a, S: Landing, L> {
    ground: Ground<S::Home>,
    members: L,
    place: PhantomData<(fn() -> S, &'a ())>,
}

/// A group that nothing can be added to: its last command must be the last (RFC 2920 §3.1).
///
/// Await it to send it.
#[must_use = "a group is sent when it is awaited"]
pub struct Ended<'a, E: Landing, L>(Pipeline<'a, E, L>);

type OneOf<'a, L, R> = <L as Room>::With<Member<'a, Outcome<R>>>;
type EachOf<'a, L, R> = <L as Room>::With<Member<'a, Vec<Outcome<R>>>>;
type MessageOf<'a, L, R> = <L as Room>::With<Member<'a, Message<R>>>;

impl<H: Home> Connection<H> {
    /// Begins a [group of commands](crate::pipeline) that go out in one flight.
    ///
    /// # Cancellation
    ///
    /// Dropping the group, or its future, closes the connection.
    pub fn pipeline<'a>(self) -> Pipeline<'a, H, ()> {
        let ground = Ground { session: self.session, home: self.state, track: Track::default() };
        Pipeline { ground, members: (), place: PhantomData }
    }
}

impl<H: Home> Connection<InTransaction<H>> {
    /// Begins a [group of commands](crate::pipeline) within the transaction.
    ///
    /// # Cancellation
    ///
    /// Dropping the group, or its future, closes the connection.
    pub fn pipeline<'a>(self) -> Pipeline<'a, InTransaction<H>, ()> {
        let InTransaction { home, accepted, declared } = self.state;
        let track = Track { open: true, recipients: accepted, declared, ..Track::default() };
        let ground = Ground { session: self.session, home, track };
        Pipeline { ground, members: (), place: PhantomData }
    }
}

impl<'a, S: Landing + State, L: Room> Pipeline<'a, S, L> {
    /// Adds a command that keeps the state, and that others may follow.
    pub fn send<C, R>(self, command: C) -> Pipeline<'a, S, OneOf<'a, L, R>>
    where
        C: Joins<S> + Command<Reply = R> + Send + 'a,
        R: Send + 'a,
    {
        self.one(Edge::Stay, command)
    }

    /// Adds MAIL: opens a transaction (RFC 5321 §3.3).
    pub fn mail(self, mail: Mail) -> Pipeline<'a, InTransaction<S::Home>, OneOf<'a, L, Reply>>
    where
        Mail: Opens<S>,
    {
        self.one(Edge::Open, mail)
    }

    /// Adds RCPT: names a recipient (RFC 5321 §3.3).
    pub fn rcpt(self, rcpt: Rcpt) -> Pipeline<'a, S, OneOf<'a, L, Reply>>
    where
        Rcpt: ValidIn<S>,
    {
        self.one(Edge::Stay, rcpt)
    }

    /// Adds any number of such commands, which are made as there is room for them. The outcomes
    /// are a `Vec`, in the same order.
    pub fn each<I, R>(self, commands: I) -> Pipeline<'a, S, EachOf<'a, L, R>>
    where
        I: IntoIterator<Item: Joins<S> + Command<Reply = R>, IntoIter: Send + 'a>,
        R: Send + 'a,
    {
        self.add(Each::new(commands.into_iter()))
    }

    /// Adds DATA and the message, which ends the transaction (RFC 5321 §3.3). Without an accepted
    /// recipient nothing of the message is sent.
    pub fn data(self, body: impl Into<Body<'a>>) -> Pipeline<'a, S::Home, MessageOf<'a, L, Reply>>
    where
        Data: Fills<S>,
    {
        self.add(Opening::new(Data, body.into()))
    }

    /// As [`data`](Self::data), opened by a command of yours.
    pub fn content<C, R>(
        self,
        command: C,
        body: impl Into<Body<'a>>,
    ) -> Pipeline<'a, S::Home, MessageOf<'a, L, R>>
    where
        C: Fills<S> + Command<Reply = R> + Send + 'a,
        R: Send + 'a,
    {
        self.add(Opening::new(command, body.into()))
    }

    /// Adds a command of yours that opens a transaction or ends it, and that others may follow.
    pub fn transition<C, N, R>(self, command: C) -> Pipeline<'a, N, OneOf<'a, L, R>>
    where
        C: Moves<S, N> + Command<Reply = R> + Send + 'a,
        N: Landing,
        R: Send + 'a,
    {
        let edge = if C::OPENS { Edge::Open } else { Edge::Close };
        let members = self.members.with(Member::new(One::new(edge, command)));
        Pipeline { ground: C::carry(self.ground), members, place: PhantomData }
    }

    /// Adds a command that keeps the state, and ends the group with it: NOOP, VRFY, and every
    /// other that does not say `pipelining`.
    pub fn last<C, R>(self, command: C) -> Ended<'a, S, OneOf<'a, L, R>>
    where
        C: ValidIn<S> + Command<Reply = R> + Send + 'a,
        R: Send + 'a,
    {
        Ended(self.one(Edge::Stay, command))
    }

    /// Ends the group, and the session, with QUIT.
    pub fn quit(self) -> Ended<'a, Quitted<S::Home>, OneOf<'a, L, Reply>> {
        Ended(self.one(Edge::Quit, Quit))
    }
}

impl<'a, H: Home, L: Room> Pipeline<'a, H, L> {
    /// Adds a command that leads to another state, and ends the group with it: what stands behind
    /// a login would be said by somebody else if it was refused.
    pub fn last_transition<C>(
        self,
        command: C,
    ) -> Ended<'a, Left<H, C::Next>, OneOf<'a, L, C::Reply>>
    where
        C: Transition<H> + Send + 'a,
        C::Next: Reachable<H>,
        C::Reply: Send,
    {
        Ended(self.one(Edge::Leave, command))
    }
}

impl<'a, H: Home, L: Room> Pipeline<'a, InTransaction<H>, L> {
    /// Adds RSET: gives the transaction up (RFC 5321 §4.1.1.5).
    pub fn reset(self) -> Pipeline<'a, H, OneOf<'a, L, Reply>> {
        self.one(Edge::Close, Rset)
    }

    /// Adds a command of yours that ends the transaction, and ends the group with it.
    pub fn last_transition<C, R>(self, command: C) -> Ended<'a, H, OneOf<'a, L, R>>
    where
        C: Transition<InTransaction<H>, Next = H> + Command<Reply = R> + Send + 'a,
        R: Send + 'a,
    {
        Ended(self.one(Edge::Close, command))
    }
}

impl<'a, S: Landing, L: Room> Pipeline<'a, S, L> {
    fn one<E, C>(self, edge: Edge, command: C) -> Pipeline<'a, E, OneOf<'a, L, C::Reply>>
    where
        E: Landing<Home = S::Home>,
        C: Command<Reply: Send> + Send + 'a,
    {
        self.add(One::new(edge, command))
    }

    fn add<E, O>(self, member: impl Typed<O> + 'a) -> Pipeline<'a, E, L::With<Member<'a, O>>>
    where
        E: Landing<Home = S::Home>,
    {
        let members = self.members.with(Member::new(member));
        Pipeline { ground: self.ground, members, place: PhantomData }
    }
}

impl<'a, S: Landing, L> IntoFuture for Pipeline<'a, S, L>
where
    S::Connection: 'a,
    L: Members + Send + 'a,
{
    type Output = (S::Connection, L::Outcomes);
    type IntoFuture = Pending<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { ground, mut members, .. } = self;
        Pending::new(async move {
            let flown = ground.fly(&mut members.elements().0).await;
            (S::land(flown), members.outcomes())
        })
    }
}

impl<'a, E: Landing, L> IntoFuture for Ended<'a, E, L>
where
    E::Connection: 'a,
    L: Members + Send + 'a,
{
    type Output = (E::Connection, L::Outcomes);
    type IntoFuture = Pending<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.0.into_future()
    }
}

impl<S: Landing, L> Debug for Pipeline<'_, S, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = self.ground.session.server_name();
        f.debug_struct("Pipeline").field("server", &server).finish_non_exhaustive()
    }
}

impl<E: Landing, L> Debug for Ended<'_, E, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.0, f)
    }
}
