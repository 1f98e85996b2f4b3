//! Replies that are due, and replies that have arrived.

use smtp_grammar::{Reply, ReplyCode};

use crate::proto::command::CodePattern;
use crate::proto::framer::FramedReply;
use crate::proto::stage::Stage;

/// A reply that is due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub(crate) stage: Stage,
    pub(crate) accepts: &'static [CodePattern],
    pub(crate) reply_lines: Option<usize>,
}

/// A reply in flight, and how many bytes must have left before the server can know of its command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) expected: Expected,
    pub(super) after: u64,
    /// The server knows how many bytes follow, and reads them also when it has refused them.
    pub(super) counted: bool,
    /// The library sent the command by its own decision.
    pub(super) automatic: bool,
    /// It may be answered with 355: the server has a part of the message already (RFC 1845).
    pub(super) checkpoint: bool,
}

/// The answer of a reply to its command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The command succeeded.
    Accepted(Reply),
    /// The server refused it.
    Refused(Reply),
}

/// The head of a reply that has arrived whole: what it answers, and what it says to that. The reply
/// must be taken before the next one is looked for.
#[must_use]
#[derive(Debug)]
pub(crate) struct ReplyHead {
    // Short enough to be handed over in registers.
    end: usize,
    code: ReplyCode,
    pub(crate) accepted: bool,
    /// The stage of the command that it answers.
    pub(crate) stage: Stage,
    /// Whether that was sent by the library's own decision.
    pub(crate) automatic: bool,
}

impl ReplyHead {
    #[inline]
    pub(super) fn new(FramedReply { code, end }: FramedReply, due: &Due, accepted: bool) -> Self {
        let (stage, automatic) = (due.expected.stage, due.automatic);
        Self { end, code, accepted, stage, automatic }
    }

    /// The code of the reply.
    #[inline]
    pub(crate) fn code(&self) -> ReplyCode {
        self.code
    }

    #[inline]
    pub(crate) fn framed(&self) -> FramedReply {
        FramedReply { code: self.code, end: self.end }
    }
}
