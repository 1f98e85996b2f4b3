//! The replies that arrive, each matched to the command that it answers.

use smtp_grammar::{Reply, ReplyCode};

use super::Engine;
use super::expected::{Expected, Outcome, ReplyHead};
use crate::proto::command::{CodePattern, Verdict, judge};
use crate::proto::fault::{Fault, ProtocolError};
use crate::proto::framer::{FramedReply, ReplyLimits};
use crate::proto::limits::Limits;
use crate::proto::stage::Stage;

/// The server has a part of the message already, and says how much (RFC 1845 §4).
const CHECKPOINT: u16 = 355;

impl Engine {
    /// The next reply, if it is as nearly all are: one line, which has come whole and says yes.
    #[expect(clippy::inline_always, reason = "a call would cost a quarter of what it does")]
    #[inline(always)]
    pub(crate) fn next_plain(&mut self) -> Option<ReplyHead> {
        let due = self.in_flight.front()?;
        let Expected { stage, accepts, reply_lines } = due.expected;
        if reply_lines.is_some() || has_own_limits(stage) || !self.has_left(due.after) {
            return None;
        }
        let framed = self.framer.find_line(self.usual_line)?;
        let usual = framed.code == ReplyCode::OK || framed.code == ReplyCode::START_MAIL_INPUT;
        if !usual || !accepts.first()?.matches(framed.code) {
            return None;
        }
        let head = ReplyHead::new(framed, due, true);
        self.in_flight.pop_front();
        self.replies += 1;
        Some(head)
    }

    /// Whether nothing has come since the last look, and more may come.
    #[inline]
    pub(crate) fn is_waiting(&self) -> bool {
        self.framer.is_waiting() && !self.ended && self.ending.is_none()
    }

    /// The next reply, once it has arrived whole. Of a connection that has ended, every reply that
    /// had come is given out before the error.
    pub(crate) fn next_reply(&mut self) -> Result<Option<ReplyHead>, Fault> {
        if self.ended {
            return Err(Fault::Ended);
        }
        if !self.framer.is_waiting()
            && let Some(head) = self.match_oldest()?
        {
            return Ok(Some(head));
        }
        self.take_ending().map_or(Ok(None), Err)
    }

    /// Matches the received bytes to the oldest command.
    fn match_oldest(&mut self) -> Result<Option<ReplyHead>, Fault> {
        let Some(&due) = self.in_flight.front() else {
            return self.check_unasked().map(|()| None);
        };
        let Expected { stage, accepts, reply_lines } = due.expected;
        let limits = if has_own_limits(stage) || reply_lines.is_some() {
            if stage == Stage::Greeting && is_tls(self.framer.received()) {
                return Err(self.end(Fault::ImplicitTls));
            }
            &self.limits.of_reply(stage, reply_lines)
        } else {
            &self.usual
        };
        let framed = match self.framer.find(limits) {
            Ok(Some(framed)) => framed,
            Ok(None) => return Ok(None),
            Err(error) => return Err(self.end(error.into())),
        };
        let code = framed.code;
        // A message that is counted may be refused before the server has all of it.
        let in_turn = self.has_left(due.after) || (due.counted && code.value() >= 400);
        let verdict = if due.checkpoint && code.value() == CHECKPOINT {
            // The server keeps its transaction, with the recipients of its first session, and would
            // take the next message for the rest of that one.
            self.facts.leave_transaction(true);
            Verdict::Refused
        } else {
            judge(accepts, code)
        };
        if closes(stage, accepts, code) || !in_turn || verdict == Verdict::Violation {
            return Err(self.out_of_step(stage, in_turn, framed));
        }
        self.in_flight.pop_front();
        self.replies += 1;
        Ok(Some(ReplyHead::new(framed, &due, verdict == Verdict::Accepted)))
    }

    /// Takes a reply that has arrived.
    #[inline]
    pub(crate) fn take(&mut self, head: &ReplyHead) -> Outcome {
        let reply = self.cut(head.framed());
        if head.accepted { Outcome::Accepted(reply) } else { Outcome::Refused(reply) }
    }

    /// Takes a reply whose text is of no interest.
    #[expect(clippy::inline_always, reason = "a call would cost as much as what it does")]
    #[inline(always)]
    pub(crate) fn skip(&mut self, head: &ReplyHead) {
        if self.trace.listens() {
            self.trace_skipped(head);
        } else {
            self.framer.skip(head.framed());
        }
    }

    #[cold]
    fn trace_skipped(&mut self, head: &ReplyHead) {
        self.cut(head.framed());
    }

    /// Takes a reply, which is of interest only where it says no.
    pub(crate) fn take_refusal(&mut self, head: &ReplyHead) -> Option<Reply> {
        if head.accepted {
            self.skip(head);
            return None;
        }
        Some(self.cut(head.framed()))
    }

    #[inline]
    pub(crate) fn cut(&mut self, framed: FramedReply) -> Reply {
        let reply = self.framer.cut(framed);
        self.trace.received(&reply);
        reply
    }

    /// Ends the connection for a reply that does not answer its command. A server may refuse a
    /// message before it has all of it; anything else that it says before its turn is out of step.
    #[cold]
    fn out_of_step(&mut self, stage: Stage, in_turn: bool, framed: FramedReply) -> Fault {
        let refuses_early = !in_turn && stage == Stage::EndOfData && framed.code.value() >= 400;
        let fault = if is_closing(framed.code) || refuses_early {
            Fault::Closing(self.cut(framed))
        } else if in_turn {
            Fault::Protocol(ProtocolError::Unexpected { stage, reply: self.cut(framed) })
        } else if matches!(stage, Stage::EndOfData | Stage::Bdat) {
            Fault::Protocol(ProtocolError::EarlyReply(self.cut(framed)))
        } else {
            Fault::Protocol(ProtocolError::Surplus)
        };
        self.end(fault)
    }

    /// Checks the bytes that came although no reply is due. The server may close at any time, and
    /// may refuse a message before it has all of it, but must not say anything else.
    pub(crate) fn check_unasked(&mut self) -> Result<(), Fault> {
        if self.ended {
            return Err(Fault::Ended);
        }
        if !self.in_flight.is_empty() || self.framer.is_empty() {
            return Ok(());
        }
        let fault = match self.framer.find(&self.usual) {
            Ok(None) => return Ok(()),
            Ok(Some(framed)) => match (framed.code.value(), self.content) {
                (421 | 221, _) | (400.., true) => Fault::Closing(self.cut(framed)),
                (_, true) => Fault::Protocol(ProtocolError::EarlyReply(self.cut(framed))),
                (_, false) => Fault::Protocol(ProtocolError::Surplus),
            },
            Err(error) => Fault::Protocol(error),
        };
        Err(self.end(fault))
    }

    /// Checks the bytes that came between two calls. A part of a line may still become any reply.
    pub(crate) fn check_watched(&mut self) -> Result<(), Fault> {
        self.check_unasked()?;
        self.take_ending().map_or(Ok(()), Err)
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

/// Whether a server that says this closes the session: 421 at any time (RFC 5321 §3.8), and 221,
/// the answer to QUIT.
fn is_closing(code: ReplyCode) -> bool {
    matches!(code.value(), 421 | 221)
}

/// Whether the reply to a command closes the session instead of answering.
fn closes(stage: Stage, accepts: &[CodePattern], code: ReplyCode) -> bool {
    let asked_for = || stage == Stage::Quit || accepts.contains(&CodePattern::Exactly(221));
    is_closing(code) && !(code.value() == 221 && asked_for())
}

/// Whether bytes begin as a record of TLS does (RFC 8446 §5.1): a content type, then version 3.x.
/// The first byte is that of no reply.
fn is_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [0x14..=0x17, 3, ..])
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
            bytes: self.reply_bytes.max(if auth { self.auth_line } else { 0 }),
            leniency: self.leniency.at(stage),
        }
    }
}
