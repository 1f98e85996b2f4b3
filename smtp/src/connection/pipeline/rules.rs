//! The rules of a group as traits: which command is allowed in which state, and may be followed.
//!
//! Each rule is a trait of its own, so that the error for a wrong group names the rule (RFC 2920
//! §3.1, RFC 5321 §4.1.4).

use super::end::{PipelineEnd, PipelineParts};
use crate::state::{Idle, InTransaction, OpensContent, Pipelined, State, Transition, ValidIn};

/// A command that may stand in a group where the session is in the state `S`, with others after
/// it: it is valid there ([`ValidIn`]) and may be followed ([`Pipelined`]).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be pipelined in the state `{S}`",
    label = "not valid in `{S}`, or its reply must be waited for",
    note = "a command that must be the last of its group (RFC 2920 §3.1) is added with `last`, one that leads to another state with `transition`, one that opens content with `content`",
    note = "a command says where it is valid, and whether others may follow: `#[smtp(valid_in(..), pipelining)]`"
)]
pub trait PipelinedIn<S: State>: ValidIn<S> {}

// So that an error shows the text above, and not this impl.
#[diagnostic::do_not_recommend]
impl<S: State, C: ValidIn<S> + Pipelined> PipelinedIn<S> for C {}

/// A command that may stand in a group with others after it, and opens a transaction or ends it:
/// it leads from `S` to `N` ([`Transition`]) and may be followed ([`Pipelined`]).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be pipelined as a transition out of the state `{S}`",
    label = "does not open or end a transaction in `{S}`, or its reply must be waited for",
    note = "within a group a command opens a transaction or ends it: `#[smtp(transition(Idle => InTransaction), pipelining)]`",
    note = "one that leads elsewhere, or must be waited for, is the last of its group (RFC 2920 §3.1): `last_transition`"
)]
pub trait PipelinedTransition<S: PipelineEnd, N: PipelineEnd>: Transition<S>
where
    S: State,
{
    /// Whether it opens a transaction.
    #[doc(hidden)]
    const OPENS: bool;
    #[doc(hidden)]
    fn carry(parts: PipelineParts<S::Idle>) -> PipelineParts<N::Idle>;
}

#[diagnostic::do_not_recommend]
impl<S, N, C> PipelinedTransition<S, N> for C
where
    S: PipelineEnd + State,
    N: SiblingState<S>,
    C: Transition<S, Next = N> + Pipelined,
{
    const OPENS: bool = N::OPENS;

    fn carry(parts: PipelineParts<S::Idle>) -> PipelineParts<N::Idle> {
        N::carry(parts)
    }
}

/// A state that a group can go to from `S`: into a transaction, or out of one. Both have the same
/// idle state, because AUTH and STARTTLS end a group.
trait SiblingState<S: PipelineEnd>: PipelineEnd {
    const OPENS: bool;
    fn carry(parts: PipelineParts<S::Idle>) -> PipelineParts<Self::Idle>;
}

impl<H: Idle> SiblingState<H> for InTransaction<H> {
    const OPENS: bool = true;

    fn carry(parts: PipelineParts<H>) -> PipelineParts<H> {
        parts
    }
}

impl<H: Idle> SiblingState<InTransaction<H>> for H {
    const OPENS: bool = false;

    fn carry(parts: PipelineParts<H>) -> PipelineParts<H> {
        parts
    }
}

/// MAIL, where it opens a transaction.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot open a transaction in the state `{S}`",
    label = "a transaction is open already",
    note = "`data` or `reset` ends a transaction"
)]
pub trait StartsTransaction<S> {}

#[diagnostic::do_not_recommend]
impl<S: Idle, C: Transition<S, Next = InTransaction<S>> + Pipelined> StartsTransaction<S> for C {}

/// A command that opens content where a transaction is open for it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot open message content in the state `{S}`",
    label = "the server would not wait for content here",
    note = "content follows MAIL and RCPT, and a command that the server answers with 354: `#[smtp(content)]`"
)]
pub trait StartsData<S>: OpensContent {}

#[diagnostic::do_not_recommend]
impl<H: Idle, C: OpensContent> StartsData<InTransaction<H>> for C {}
