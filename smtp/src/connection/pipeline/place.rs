//! Which command may stand where in a group.

use super::landing::{Ground, Landing};
use crate::state::{Home, InTransaction, OpensContent, Pipelined, State, Transition, ValidIn};

/// A command that may stand in a group where the session is in the state `S`, with others behind
/// it: it is valid there ([`ValidIn`]) and may be followed ([`Pipelined`]).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be pipelined in the state `{S}`",
    label = "not valid in `{S}`, or its reply must be waited for",
    note = "a command that must be the last of its group (RFC 2920 §3.1) is added with `last`, one that leads to another state with `transition`, one that opens content with `content`",
    note = "a command says where it is valid, and whether others may follow: `#[smtp(valid_in(..), pipelining)]`"
)]
pub trait Joins<S: State>: ValidIn<S> {}

#[diagnostic::do_not_recommend]
impl<S: State, C: ValidIn<S> + Pipelined> Joins<S> for C {}

/// A command that may stand in a group with others behind it, and opens a transaction or ends it:
/// it leads from `S` to `N` ([`Transition`]) and may be followed ([`Pipelined`]).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be pipelined as a transition out of the state `{S}`",
    label = "does not open or end a transaction in `{S}`, or its reply must be waited for",
    note = "within a group a command opens a transaction or ends it: `#[smtp(transition(Home => InTransaction), pipelining)]`",
    note = "one that leads elsewhere, or must be waited for, is the last of its group (RFC 2920 §3.1): `last_transition`"
)]
pub trait Moves<S: Landing, N: Landing>: Transition<S>
where
    S: State,
{
    /// Whether it opens a transaction.
    #[doc(hidden)]
    const OPENS: bool;
    #[doc(hidden)]
    fn carry(ground: Ground<S::Home>) -> Ground<N::Home>;
}

#[diagnostic::do_not_recommend]
impl<S, N, C> Moves<S, N> for C
where
    S: Landing + State,
    N: Within<S>,
    C: Transition<S, Next = N> + Pipelined,
{
    const OPENS: bool = N::OPENS;

    fn carry(ground: Ground<S::Home>) -> Ground<N::Home> {
        N::carry(ground)
    }
}

/// A state that is next to `S` within one group.
trait Within<S: Landing>: Landing {
    const OPENS: bool;
    fn carry(ground: Ground<S::Home>) -> Ground<Self::Home>;
}

impl<H: Home> Within<H> for InTransaction<H> {
    const OPENS: bool = true;

    fn carry(ground: Ground<H>) -> Ground<H> {
        ground
    }
}

impl<H: Home> Within<InTransaction<H>> for H {
    const OPENS: bool = false;

    fn carry(ground: Ground<H>) -> Ground<H> {
        ground
    }
}

/// MAIL, where it opens a transaction.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot open a transaction in the state `{S}`",
    label = "a transaction is open already",
    note = "`data` or `reset` ends a transaction"
)]
pub trait Opens<S> {}

#[diagnostic::do_not_recommend]
impl<S: Home, C: Transition<S, Next = InTransaction<S>> + Pipelined> Opens<S> for C {}

/// A command that opens content where a transaction is open for it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot open message content in the state `{S}`",
    label = "the server would not wait for content here",
    note = "content follows MAIL and RCPT, and a command that the server answers with 354: `#[smtp(content)]`"
)]
pub trait Fills<S>: OpensContent {}

#[diagnostic::do_not_recommend]
impl<H: Home, C: OpensContent> Fills<InTransaction<H>> for C {}
