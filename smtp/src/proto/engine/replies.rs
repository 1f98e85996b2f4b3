//! Replies as they arrive, and what they say to the commands that they answer.

use smtp_grammar::{Reply, ReplyCode};

use super::{Engine, Expected};
use crate::proto::command::{Verdict, judge};
use crate::proto::fault::{Fault, ProtocolError};
use crate::proto::framer::{Complete, ReplyLimits};
use crate::proto::limits::Limits;
use crate::proto::stage::Stage;

/// What a reply said to the command that it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The command succeeded.
    Accepted(Reply),
    /// The server said no.
    Refused(Reply),
}

/// A reply that has arrived whole, and what it says to the command that it answers. It must be
/// taken before the next one is looked for.
#[must_use]
#[derive(Debug)]
pub(crate) struct Arrived {
    // Short enough to be handed over in registers.
    end: usize,
    code: ReplyCode,
    pub(crate) accepted: bool,
}

impl Arrived {
    #[inline]
    fn new(Complete { code, end }: Complete, accepted: bool) -> Self {
        Self { end, code, accepted }
    }

    #[inline]
    fn found(&self) -> Complete {
        Complete { code: self.code, end: self.end }
    }
}

impl Engine {
    /// The next reply, if it is as nearly all are: one line, which has come whole and says yes.
    #[expect(clippy::inline_always, reason = "a call would cost a quarter of what it does")]
    #[inline(always)]
    pub(crate) fn next_plain(&mut self) -> Option<Arrived> {
        let due = self.in_flight.front()?;
        let Expected { stage, accepts, reply_lines } = due.expected;
        if reply_lines.is_some() || has_own_limits(stage) || !self.has_left(due.behind) {
            return None;
        }
        let found = self.framer.find_line(self.usual_line)?;
        if found.code.value() >= 400 || !accepts.first()?.matches(found.code) {
            return None;
        }
        self.in_flight.pop_front();
        Some(Arrived::new(found, true))
    }

    /// Whether nothing has come since the last look.
    #[inline]
    pub(crate) fn is_waiting(&self) -> bool {
        self.framer.is_waiting() && !self.ended
    }

    /// The next reply, once it has arrived whole.
    pub(crate) fn next_arrived(&mut self) -> Result<Option<Arrived>, Fault> {
        if self.ended {
            return Err(Fault::Ended);
        }
        if self.is_waiting() {
            return Ok(None);
        }
        let Some(due) = self.in_flight.front() else {
            return self.check_unasked().map(|()| None);
        };
        let Expected { stage, accepts, reply_lines } = due.expected;
        let limits = if has_own_limits(stage) || reply_lines.is_some() {
            &self.limits.of_reply(stage, reply_lines)
        } else {
            &self.usual
        };
        let found = match self.framer.find(limits) {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(None),
            Err(error) => return Err(self.end(error.into())),
        };
        let code = found.code;
        // A message that is counted may be refused before the server has all of it.
        let in_turn = self.has_left(due.behind) || (due.counted && code.value() >= 400);
        let verdict = judge(accepts, code);
        self.in_flight.pop_front();
        if code == ReplyCode::SERVICE_NOT_AVAILABLE || !in_turn || verdict == Verdict::Violation {
            return Err(self.out_of_step(stage, in_turn, found));
        }
        Ok(Some(Arrived::new(found, verdict == Verdict::Accepted)))
    }

    /// Takes a reply that has arrived.
    #[inline]
    pub(crate) fn take(&mut self, arrived: &Arrived) -> Outcome {
        let reply = self.cut(arrived.found());
        if arrived.accepted { Outcome::Accepted(reply) } else { Outcome::Refused(reply) }
    }

    /// Takes a reply whose text is of no interest.
    #[expect(clippy::inline_always, reason = "a call would cost as much as what it does")]
    #[inline(always)]
    pub(crate) fn skip(&mut self, arrived: &Arrived) {
        if self.trace.listens() {
            self.trace_skipped(arrived);
        } else {
            self.framer.skip(arrived.found());
        }
    }

    #[cold]
    fn trace_skipped(&mut self, arrived: &Arrived) {
        self.cut(arrived.found());
    }

    /// Takes a reply, which is of interest only where it says no.
    pub(crate) fn take_refusal(&mut self, arrived: &Arrived) -> Option<Reply> {
        if arrived.accepted {
            self.skip(arrived);
            return None;
        }
        Some(self.cut(arrived.found()))
    }

    #[inline]
    fn cut(&mut self, found: Complete) -> Reply {
        let reply = self.framer.cut(found);
        self.trace.received(&reply);
        reply
    }

    /// Ends the connection for a reply that does not answer its command.
    #[cold]
    fn out_of_step(&mut self, stage: Stage, in_turn: bool, found: Complete) -> Fault {
        let reply = self.cut(found);
        self.end(if reply.code() == ReplyCode::SERVICE_NOT_AVAILABLE {
            Fault::Closing(reply)
        } else if in_turn {
            Fault::Protocol(ProtocolError::Unexpected(reply))
        } else {
            premature(stage, reply)
        })
    }

    /// Looks at what came although no reply is due. The server may close at any time, and may
    /// refuse a message before it has all of it, but must not say anything else.
    pub(crate) fn check_unasked(&mut self) -> Result<(), Fault> {
        if self.ended {
            return Err(Fault::Ended);
        }
        if !self.in_flight.is_empty() || self.framer.is_empty() {
            return Ok(());
        }
        let fault = match self.framer.find(&self.usual) {
            Ok(None) => return Ok(()),
            Ok(Some(found)) => {
                let reply = self.cut(found);
                match (reply.code().value(), self.content) {
                    (421 | 221, _) | (400.., true) => Fault::Closing(reply),
                    (_, true) => Fault::Protocol(ProtocolError::EarlyReply(reply)),
                    (_, false) => Fault::Protocol(ProtocolError::Surplus),
                }
            }
            Err(error) => Fault::Protocol(error),
        };
        Err(self.end(fault))
    }

    /// Whether a command may be sent: no reply is due and none has come unasked, not even in part.
    pub(crate) fn check_idle(&mut self) -> Result<(), Fault> {
        self.check_unasked()?;
        if !self.framer.is_empty() {
            return Err(self.end(Fault::Protocol(ProtocolError::Surplus)));
        }
        Ok(())
    }
}

/// Whether the reply to a stage has other limits than most.
#[inline]
fn has_own_limits(stage: Stage) -> bool {
    matches!(stage, Stage::Auth | Stage::StartTls | Stage::Greeting)
}

impl Limits {
    /// Those of a reply, most of which have the same: they are put together once for a connection.
    pub(super) fn of_reply(&self, stage: Stage, lines: Option<usize>) -> ReplyLimits {
        let auth = stage == Stage::Auth;
        ReplyLimits {
            line: if auth { self.auth_line } else { self.reply_line },
            lines: lines.unwrap_or(self.reply_lines),
            octets: self.reply_octets.max(if auth { self.auth_line } else { 0 }),
            leniency: self.leniency.at(stage),
        }
    }
}

/// What it means that the server answers what it has not got yet. It may refuse a message before it
/// has all of it; whatever else it says is out of step.
fn premature(stage: Stage, reply: Reply) -> Fault {
    match (stage, reply.code().value()) {
        (Stage::EndOfData, 400..) => Fault::Closing(reply),
        (Stage::EndOfData | Stage::Bdat, _) => Fault::Protocol(ProtocolError::EarlyReply(reply)),
        _ => Fault::Protocol(ProtocolError::Surplus),
    }
}
