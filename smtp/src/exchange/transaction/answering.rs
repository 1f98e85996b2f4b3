//! How a message is answered, and the replies to it that have come.

use crate::error::refusal::Refusal;

/// How a message is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Answering {
    /// With one reply.
    #[default]
    Once,
    /// With one for each accepted recipient.
    Each,
    /// With one reply, or with 353 first: PRDR was asked for.
    OnceOrEach,
    /// With one for each accepted recipient, and then one for the message: 353 has come.
    EachThenAll,
}

/// The final replies of a transaction.
#[derive(Debug, Default)]
pub(super) struct FinalReplies {
    pub(super) answering: Answering,
    /// Recipients that have their own reply, and those of them that the message was taken for.
    pub(super) came: u32,
    pub(super) taken: u32,
    /// The last recipient in the list that the message was taken for.
    // Its reply stands for the message, and is copied once.
    pub(super) last_taken: Option<usize>,
    /// Recipients in the list before this one have their own reply.
    pub(super) next: usize,
    /// Why it was not taken for one of them: a refusal that may pass, if there is one.
    pub(super) refusal: Option<Refusal>,
}
