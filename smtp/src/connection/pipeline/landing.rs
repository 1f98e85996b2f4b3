//! What a group hands back: the connection in the state that it has led to, if it did.

use std::fmt::{self, Debug};
use std::marker::PhantomData;

use smtp_grammar::Capabilities;

use super::flight::{Elements, Flight};
use super::outcome::NotSent;
use super::track::Track;
use crate::connection::session::Session;
use crate::connection::{Connection, TransitionError};
use crate::error::{Lost, Refusal};
use crate::proto::command::CommandSpec;
use crate::state::{Home, InTransaction, Reachable};

/// Where a group can end, and what it hands back there.
///
/// | the group ends | it hands back |
/// |---|---|
/// | between transactions, in `H` | `Result<Connection<H>, Lost>` |
/// | in a transaction | `Result<Connection<InTransaction<H>>, TransitionError<H>>`: without a transaction, the connection in `H` |
/// | with a command that leads from `H` to `N` | `Result<Connection<N>, TransitionError<H>>` |
/// | with QUIT | `Result<(), Lost>` |
pub trait Landing: sealed::Sealed {
    /// Where the session is between transactions.
    type Home: Home;
    /// What is handed back.
    type Connection;
    #[doc(hidden)]
    fn land(flown: Flown<Self::Home>) -> Self::Connection;
}

/// A session between transactions or in one, without its type.
pub struct Ground<H> {
    pub(super) session: Box<Session>,
    pub(super) home: H,
    pub(super) track: Track,
}

/// A group that has ended.
pub struct Flown<H> {
    ground: Ground<H>,
    lost: Option<Lost>,
    /// Why the session is not where it should be.
    reason: Option<Refusal>,
    /// The last command of the group.
    end: Option<CommandSpec>,
    /// What EHLO said behind a command that begins the session anew.
    learned: Option<Capabilities>,
}

/// The end of a group that leads from `S` to `N`.
pub struct Left<S, N>(PhantomData<fn() -> (S, N)>);

/// The end of a group that ends the session.
pub struct Quitted<H>(PhantomData<fn() -> H>);

impl<H: Home> Ground<H> {
    /// Sends a group.
    pub(super) async fn fly(self, elements: &mut Elements<'_>) -> Flown<H> {
        let end = elements.last().map(|element| element.spec());
        let mut flown = Flown { lost: None, reason: None, end, learned: None, ground: self };
        let ground = &mut flown.ground;
        if let Err(fault) = ground.session.driver.enter() {
            for element in elements.iter_mut() {
                element.skip(NotSent::Lost);
            }
            flown.lost = Some(fault.into());
            return flown;
        }
        let flight = Flight::new(&mut ground.session, ground.home.capabilities(), ground.track);
        match flight.fly(elements).await {
            Ok(landed) => {
                ground.track = landed.track;
                flown.reason = landed.reason;
            }
            Err(lost) => {
                flown.lost = Some(lost);
                return flown;
            }
        }
        if end.is_some_and(|end| end.resets) && ground.track.left.is_some() {
            let secure = ground.home.security().is_some();
            match ground.session.hello_again(secure).await {
                Ok(learned) => flown.learned = Some(learned),
                Err(lost) => flown.lost = Some(lost),
            }
        }
        flown.ground.session.driver.leave();
        flown
    }
}

impl<H: Home> Flown<H> {
    fn home(self) -> Result<Connection<H>, Lost> {
        match self.lost {
            Some(lost) => Err(lost),
            None => Ok(Connection { session: self.ground.session, state: self.ground.home }),
        }
    }

    fn refused<T>(mut self) -> Result<T, TransitionError<H>> {
        let refusal = self.reason.take().unwrap_or_else(Refusal::no_recipients);
        Err(TransitionError::refused(self.home()?, refusal))
    }
}

impl<H: Home> Landing for H {
    type Home = H;
    type Connection = Result<Connection<H>, Lost>;

    fn land(flown: Flown<H>) -> Self::Connection {
        flown.home()
    }
}

impl<H: Home> Landing for InTransaction<H> {
    type Home = H;
    type Connection = Result<Connection<Self>, TransitionError<H>>;

    fn land(flown: Flown<H>) -> Self::Connection {
        let track = flown.ground.track;
        if !track.open {
            return flown.refused();
        }
        let Connection { session, state: home } = flown.home()?;
        let state = Self { home, accepted: track.recipients, declared: track.declared };
        Ok(Connection { session, state })
    }
}

impl<H: Home, N: Reachable<H>> Landing for Left<H, N> {
    type Home = H;
    type Connection = Result<Connection<N>, TransitionError<H>>;

    fn land(mut flown: Flown<H>) -> Self::Connection {
        let (Some(declared), Some(spec)) = (flown.ground.track.left, flown.end) else {
            return flown.refused();
        };
        let learned = flown.learned.take();
        let Connection { session, state } = flown.home()?;
        let mut state = N::enter(state);
        state.note(&spec, declared);
        if let Some(learned) = learned {
            state.learn(learned);
        }
        Ok(Connection { session, state })
    }
}

impl<H: Home> Landing for Quitted<H> {
    type Home = H;
    type Connection = Result<(), Lost>;

    fn land(flown: Flown<H>) -> Self::Connection {
        flown.lost.map_or(Ok(()), Err)
    }
}

impl<H> Debug for Ground<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ground").finish_non_exhaustive()
    }
}

impl<H> Debug for Flown<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flown").field("lost", &self.lost).finish_non_exhaustive()
    }
}

impl<S, N> Debug for Left<S, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Left")
    }
}

impl<H> Debug for Quitted<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Quitted")
    }
}

impl<H: Home> sealed::Sealed for H {}
impl<H: Home> sealed::Sealed for InTransaction<H> {}
impl<S, N> sealed::Sealed for Left<S, N> {}
impl<H> sealed::Sealed for Quitted<H> {}

mod sealed {
    #[allow(unnameable_types, reason = "nobody outside implements it")]
    pub trait Sealed {}
}
