//! The end of a group: the connection in the state that the group was to lead to, or an error that
//! holds the connection in the state where it is.

use std::fmt::{self, Debug};
use std::marker::PhantomData;

use smtp_grammar::Capabilities;

use crate::connection::error::TransitionError;
use crate::connection::session::Session;
use crate::connection::typed::Connection;
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::exchange::pipeline::predicted::PredictedState;
use crate::message::named::NamedRecipients;
use crate::proto::command::CommandSpec;
use crate::state::{Idle, InTransaction, Reachable};

/// A state in which a group can end, and the result of the group there.
///
/// | the group ends | it hands back |
/// |---|---|
/// | between transactions, in `H` | `Result<Connection<H>, Lost>` |
/// | in a transaction | `Result<Connection<InTransaction<H>>, TransitionError<H>>`: without a transaction, the connection in `H` |
/// | with a command that leads from `H` to `N` | `Result<Connection<N>, TransitionError<H>>` |
/// | with QUIT | `Result<(), Lost>` |
pub trait PipelineEnd: sealed::Sealed {
    /// The state of the session between transactions.
    type Idle: Idle;
    /// The result: the connection, or an error.
    type Connection;
    #[doc(hidden)]
    fn finish(result: PipelineResult<Self::Idle>) -> Self::Connection;
}

/// A session between transactions or in one, without its type.
pub struct PipelineParts<H> {
    pub(super) session: Box<Session>,
    pub(super) idle: H,
    pub(super) state: PredictedState,
    /// The recipients of a transaction that is open.
    pub(super) named: NamedRecipients,
}

/// A group that has ended.
pub struct PipelineResult<H> {
    pub(super) parts: PipelineParts<H>,
    pub(super) lost: Option<Lost>,
    /// Why the session is not where it should be.
    pub(super) reason: Option<Refusal>,
    /// The last command of the group.
    pub(super) last: Option<CommandSpec>,
    /// The capabilities of the EHLO after a command that begins the session anew.
    pub(super) capabilities: Option<Capabilities>,
}

/// The end of a group that leads from `S` to `N`.
pub struct AfterTransition<S, N>(PhantomData<fn() -> (S, N)>);

/// The end of a group that ends the session.
pub struct AfterQuit<H>(PhantomData<fn() -> H>);

impl<H: Idle> PipelineResult<H> {
    fn idle(self) -> Result<Connection<H>, Lost> {
        match self.lost {
            Some(lost) => Err(lost),
            None => Ok(Connection { session: self.parts.session, state: self.parts.idle }),
        }
    }

    fn refused<T>(mut self) -> Result<T, TransitionError<H>> {
        // A lost connection outranks the refusal: there is no connection to hand back.
        let refusal = self.reason.take().unwrap_or_else(Refusal::no_recipients);
        Err(TransitionError::refused(self.idle()?, refusal))
    }
}

impl<H: Idle> PipelineEnd for H {
    type Idle = H;
    type Connection = Result<Connection<H>, Lost>;

    fn finish(result: PipelineResult<H>) -> Self::Connection {
        result.idle()
    }
}

impl<H: Idle> PipelineEnd for InTransaction<H> {
    type Idle = H;
    type Connection = Result<Connection<Self>, TransitionError<H>>;

    fn finish(result: PipelineResult<H>) -> Self::Connection {
        // A transaction is open where MAIL was accepted: recipients may all have been refused, and
        // the caller can name others.
        let PredictedState { open, recipients: accepted, declared, .. } = result.parts.state;
        if !open {
            return result.refused();
        }
        let mut result = result;
        let named = std::mem::take(&mut result.parts.named);
        let Connection { session, state: idle } = result.idle()?;
        let state = Self { idle, accepted, declared, named };
        Ok(Connection { session, state })
    }
}

impl<H: Idle, N: Reachable<H>> PipelineEnd for AfterTransition<H, N> {
    type Idle = H;
    type Connection = Result<Connection<N>, TransitionError<H>>;

    fn finish(mut result: PipelineResult<H>) -> Self::Connection {
        // `left` is set by the reply that accepted the last command, and by nothing else.
        let (Some(declared), Some(spec)) = (result.parts.state.left, result.last) else {
            return result.refused();
        };
        let capabilities = result.capabilities.take();
        let Connection { session, state } = result.idle()?;
        let mut state = N::enter(state);
        state.record_accepted(&spec, declared);
        if let Some(capabilities) = capabilities {
            state.set_capabilities(capabilities);
        }
        Ok(Connection { session, state })
    }
}

impl<H: Idle> PipelineEnd for AfterQuit<H> {
    type Idle = H;
    type Connection = Result<(), Lost>;

    fn finish(result: PipelineResult<H>) -> Self::Connection {
        // The session is over, whatever the server said to QUIT (RFC 5321 §4.1.1.10).
        result.lost.map_or(Ok(()), Err)
    }
}

impl<H> Debug for PipelineParts<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineParts").finish_non_exhaustive()
    }
}

impl<H> Debug for PipelineResult<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineResult").field("lost", &self.lost).finish_non_exhaustive()
    }
}

impl<S, N> Debug for AfterTransition<S, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AfterTransition")
    }
}

impl<H> Debug for AfterQuit<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AfterQuit")
    }
}

impl<H: Idle> sealed::Sealed for H {}
impl<H: Idle> sealed::Sealed for InTransaction<H> {}
impl<S, N> sealed::Sealed for AfterTransition<S, N> {}
impl<H> sealed::Sealed for AfterQuit<H> {}

mod sealed {
    #[allow(unnameable_types, reason = "no caller implements it")]
    pub trait Sealed {}
}
