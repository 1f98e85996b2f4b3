//! Commands in flight, matched to their replies by counting.
//!
//! Any number of commands may be under way. Each reply answers the oldest of them, whatever its
//! text says, and a reply that no command asked for ends the connection: from then on every later
//! one would be given to the wrong command.

use std::collections::VecDeque;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use smtp_grammar::{Capabilities, Reply, ReplyCode};

use super::command::{self, CodePattern, Command, CommandSpec, Verdict, judge};
use super::fault::{Fault, ProtocolError};
use super::framer::{Complete, Framer, ReplyLimits};
use super::limits::Limits;
use super::line::{Declared, EncodeError, Line};
use super::output::Output;
use super::stage::Stage;
use super::trace::{Observer, Trace};

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

/// A reply that is due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub(crate) stage: Stage,
    pub(crate) accepts: &'static [CodePattern],
    pub(crate) reply_lines: Option<usize>,
}

/// A reply in flight, and how many octets must have left before the server can know of its command.
#[derive(Clone, Copy, Debug)]
struct Due {
    expected: Expected,
    behind: u64,
    /// The server knows how many octets follow, and reads them also when it has refused them.
    counted: bool,
}

/// One side of an SMTP connection, without the connection.
#[derive(Debug)]
pub(crate) struct Engine {
    limits: Limits,
    /// The limits of replies that have none of their own.
    usual: ReplyLimits,
    /// Octets that a reply of one line may have by them.
    usual_line: usize,
    framer: Framer,
    output: Output,
    in_flight: VecDeque<Due>,
    /// Message content is on its way out and its final dot is not.
    content: bool,
    ended: bool,
    /// Octets that had not left when the connection ended.
    unsent: u64,
    /// How often MAIL was sent.
    transactions: u64,
    /// Where the last content ends in all that is queued.
    content_end: u64,
    trace: Trace,
}

impl Engine {
    /// An engine that waits for the server's greeting.
    pub(crate) fn new(limits: Limits, observer: Option<Arc<dyn Observer>>) -> Self {
        let usual = limits.of_reply(Stage::Other, None);
        let mut engine = Self {
            usual_line: usual.lone_line(),
            usual,
            limits,
            framer: Framer::default(),
            output: Output::default(),
            in_flight: VecDeque::new(),
            content: false,
            ended: false,
            unsent: 0,
            transactions: 0,
            content_end: 0,
            trace: Trace::new(observer),
        };
        engine.expect(Expected {
            stage: Stage::Greeting,
            accepts: &[CodePattern::Exactly(220)],
            reply_lines: None,
        });
        engine
    }

    /// Queues a command. Nothing is queued when it cannot be encoded.
    #[inline]
    pub(crate) fn submit<C: Command>(
        &mut self,
        command: &C,
        capabilities: &Capabilities,
        utf8: bool,
    ) -> Result<Declared, EncodeError> {
        self.submit_as(command, C::SPEC.stage, capabilities, utf8)
    }

    /// As [`submit`](Self::submit), for a command whose reply may take as long as another stage.
    #[inline]
    pub(crate) fn submit_as<C: Command>(
        &mut self,
        command: &C,
        stage: Stage,
        capabilities: &Capabilities,
        utf8: bool,
    ) -> Result<Declared, EncodeError> {
        let buffer = self.output.open();
        let start = buffer.len();
        let mut line = Line::new(buffer, capabilities, utf8);
        command::encode(command, &mut line)?;
        let (declared, secret) = (line.declared(), line.secret_place());
        self.output.close(start);
        if secret.is_some() {
            self.output.mark_secret();
        }
        if self.trace.listens() {
            self.trace.sent(&self.output.encoded()[start..], secret);
        }
        self.transactions += u64::from(stage == Stage::Mail);
        self.expect(Expected { stage, accepts: C::SPEC.accepts, reply_lines: C::SPEC.reply_lines });
        Ok(declared)
    }

    /// Queues a command that is nothing but its verb.
    #[inline]
    pub(crate) fn submit_verb<C: Command>(&mut self) {
        let CommandSpec { verb, stage, accepts, reply_lines, .. } = C::SPEC;
        let start = self.output.encoded().len();
        self.output.encode(|buffer| {
            buffer.extend_from_slice(verb.as_bytes());
            buffer.extend_from_slice(b"\r\n");
        });
        if self.trace.listens() {
            self.trace.sent(&self.output.encoded()[start..], None);
        }
        self.expect(Expected { stage, accepts, reply_lines });
    }

    /// Queues a line of an AUTH exchange, in base64 (RFC 4954 §4). No response is empty: that one
    /// is an empty line.
    pub(crate) fn submit_response(&mut self, response: &[u8], expected: Expected) {
        self.output.mark_secret();
        self.output.encode(|buffer| {
            let start = buffer.len();
            // Reserved exactly, so that no half of a secret stays behind in a smaller buffer.
            let length = response.len().div_ceil(3) * 4;
            buffer.reserve(length + 2);
            buffer.resize(start + length, 0);
            let _ = STANDARD.encode_slice(response, &mut buffer[start..]);
            buffer.extend_from_slice(b"\r\n");
        });
        self.trace.sent(b"\r\n", Some(0..0));
        self.expect(expected);
    }

    /// Queues a line of a conversation, which must hold no CR, LF or NUL.
    pub(crate) fn submit_line(&mut self, line: &[u8], expected: Expected) {
        self.output.mark_secret();
        self.output.encode(|buffer| {
            buffer.reserve(line.len() + 2);
            buffer.extend_from_slice(line);
            buffer.extend_from_slice(b"\r\n");
        });
        self.trace.sent(b"\r\n", Some(0..0));
        self.expect(expected);
    }

    /// Queues the line that cancels an AUTH exchange (RFC 4954 §4).
    pub(crate) fn submit_cancel(&mut self, expected: Expected) {
        self.output.copy(b"*\r\n");
        self.trace.sent(b"*\r\n", None);
        self.expect(expected);
    }

    /// One more reply is due.
    #[inline]
    pub(crate) fn expect(&mut self, expected: Expected) {
        let behind = self.output.queued();
        self.in_flight.push_back(Due { expected, behind, counted: false });
    }

    /// Message content follows; a reply before [`end_content`](Self::end_content) is out of turn.
    #[inline]
    pub(crate) fn begin_content(&mut self) {
        self.content = true;
    }

    /// The final dot is queued.
    #[inline]
    pub(crate) fn end_content(&mut self, octets: u64, expected: Expected) {
        self.content = false;
        self.content_end = self.output.queued();
        self.trace.content(octets);
        self.expect(expected);
    }

    /// The octets of a chunk, whose command was submitted, are queued.
    #[inline]
    pub(crate) fn end_chunk(&mut self, octets: u64) {
        self.content_end = self.output.queued();
        if let Some(due) = self.in_flight.back_mut() {
            (due.behind, due.counted) = (self.content_end, true);
        }
        self.trace.content(octets);
    }

    /// What waits to be written.
    #[inline]
    pub(crate) fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    /// Takes octets that were received.
    #[inline]
    pub(crate) fn receive(&mut self, octets: &[u8]) {
        self.framer.receive(octets);
    }

    /// Takes what was received and is no part of a reply.
    pub(crate) fn take_unread(&mut self) -> Bytes {
        self.framer.take()
    }

    /// What the connection waits for.
    #[inline]
    pub(crate) fn stage(&self) -> Option<Stage> {
        match self.in_flight.front().map(|due| due.expected.stage) {
            // The server cannot answer a message before it has it: until then it is content.
            None | Some(Stage::EndOfData | Stage::Bdat) if !self.output.is_empty() => {
                Some(Stage::DataBlock)
            }
            stage => stage,
        }
    }

    /// Whether a fault has ended the connection.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

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

    /// Whether TLS may begin: nothing but the reply to STARTTLS has arrived (RFC 3207 §4.2, and
    /// "everything learned before is discarded" §4.2).
    pub(crate) fn check_before_tls(&mut self) -> Result<(), Fault> {
        if self.framer.is_empty() {
            return Ok(());
        }
        Err(self.end(Fault::Protocol(ProtocolError::InjectedBeforeTls)))
    }

    /// The stream is now inside TLS.
    pub(crate) fn secured(&self) {
        self.trace.secured();
    }

    /// Ends the connection: nothing more is written or read.
    pub(crate) fn end(&mut self, fault: Fault) -> Fault {
        self.ended = true;
        self.abandon_output();
        self.in_flight.clear();
        fault
    }

    /// Forgets what has not left: it never will.
    pub(crate) fn abandon_output(&mut self) {
        self.unsent += self.output.remaining() as u64;
        self.output.clear();
    }

    /// Octets that had been queued when the last one was: the place of what follows.
    #[inline]
    pub(crate) fn queued(&self) -> u64 {
        self.output.queued()
    }

    /// Whether, of what was queued, the octets up to this place have left.
    pub(crate) fn has_left(&self, place: u64) -> bool {
        place <= self.output.queued() - self.unsent - self.output.remaining() as u64
    }

    /// Whether the last content has left whole.
    pub(crate) fn content_has_left(&self) -> bool {
        self.has_left(self.content_end)
    }

    /// How often MAIL was sent.
    #[inline]
    pub(crate) fn transactions(&self) -> u64 {
        self.transactions
    }

    /// The limits on what the server may send.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }
}

/// Whether the reply to a stage has other limits than most.
#[inline]
fn has_own_limits(stage: Stage) -> bool {
    matches!(stage, Stage::Auth | Stage::StartTls | Stage::Greeting)
}

impl Limits {
    /// Those of a reply, most of which have the same: they are put together once for a connection.
    fn of_reply(&self, stage: Stage, lines: Option<usize>) -> ReplyLimits {
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
