//! Commands in flight, matched to their replies by counting.
//!
//! Any number of commands may be under way. Each reply answers the oldest of them, no matter what
//! its text says, and a reply that no command asked for ends the connection: from then on every
//! later one would be given to the wrong command.
//!
//! The queue of replies that are due is the only one: exchanges read from it which command a reply
//! answers. The engine also keeps the facts that must outlive an exchange: which bytes have left,
//! whether RSET is due, how the server behaves.

mod ending;
mod expected;
mod facts;
mod replies;
#[cfg(test)]
mod secrets;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use smtp_grammar::Capabilities;

use super::command::{self, CodePattern, Command, CommandSpec};
use super::fault::{Fault, ProtocolError};
use super::framer::{Framer, ReplyLimits};
use super::left_out::LeftOutList;
use super::limits::Limits;
use super::line::{Audience, Declared, EncodeError, Line};
use super::output::Output;
use super::security::Security;
use super::stage::Stage;
use super::trace::{Observer, Trace};
use super::unread::UnreadLine;
use expected::Due;

pub(crate) use expected::{Expected, Outcome, ReplyHead};
pub(crate) use facts::SessionFacts;

/// The reply to a RSET.
const RESET: Expected =
    Expected { stage: Stage::Reset, accepts: &[CodePattern::Class(2)], reply_lines: None };

/// One side of an SMTP connection, without the connection.
#[derive(Debug)]
pub(crate) struct Engine {
    limits: Limits,
    /// The limits of replies that have none of their own.
    usual: ReplyLimits,
    /// Bytes that a reply of one line may have by them.
    usual_line: usize,
    framer: Framer,
    output: Output,
    in_flight: VecDeque<Due>,
    /// A part of the content is queued and its final dot is not.
    content: bool,
    ended: bool,
    /// Why nothing more will be received: it is told once every reply that has come was given out.
    ending: Option<Fault>,
    /// Why nothing more can be written.
    write_error: Option<io::Error>,
    /// Bytes that had not left when the connection ended.
    unsent: u64,
    /// The line at which reading replies ended.
    unread: Option<UnreadLine>,
    /// How often MAIL was sent.
    transactions: u64,
    /// Replies that were given out.
    replies: u64,
    trace: Trace,
    /// The facts of TLS; none in clear.
    security: Option<Arc<Security>>,
    /// Those of them that each command asks for: who sees it, and whether the server has proved its
    /// name.
    audience: Audience,
    proven: bool,
    pub(crate) facts: SessionFacts,
    /// The optional parameters that the latest command went without.
    left_out: LeftOutList,
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
            ending: None,
            write_error: None,
            unsent: 0,
            unread: None,
            transactions: 0,
            replies: 0,
            trace: Trace::new(observer),
            security: None,
            audience: Audience::Unverified,
            proven: false,
            facts: SessionFacts::new(),
            left_out: LeftOutList::default(),
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
        self.submit_to(self.audience(), command, capabilities, utf8)
    }

    /// As [`submit`](Self::submit), where the caller says who may see a secret of the command.
    #[inline]
    pub(crate) fn submit_to<C: Command>(
        &mut self,
        audience: Audience,
        command: &C,
        capabilities: &Capabilities,
        utf8: bool,
    ) -> Result<Declared, EncodeError> {
        self.submit_line_of(audience, command, C::SPEC.stage, capabilities, utf8)
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
        self.submit_line_of(self.audience(), command, stage, capabilities, utf8)
    }

    #[inline]
    fn submit_line_of<C: Command>(
        &mut self,
        audience: Audience,
        command: &C,
        stage: Stage,
        capabilities: &Capabilities,
        utf8: bool,
    ) -> Result<Declared, EncodeError> {
        self.left_out = LeftOutList::default();
        let buffer = self.output.open();
        let start = buffer.len();
        let mut line = Line::new(buffer, capabilities, utf8, audience)
            .noting(&mut self.left_out)
            .proven(self.proven)
            .tracked(self.facts.tracked && stage == Stage::Rcpt);
        if let Err(error) = command::encode(command, &mut line) {
            self.left_out = LeftOutList::default();
            return Err(error);
        }
        let (declared, secret) = (line.declared(), line.secret_range());
        self.output.close(start);
        if secret.is_some() {
            self.output.mark_secret();
        }
        if self.trace.listens() {
            self.trace.sent(&self.output.encoded()[start..], secret);
        }
        if stage == Stage::Mail {
            self.transactions += 1;
            self.facts.tracked = declared.has(Declared::TRACKED);
        }
        let CommandSpec { accepts, reply_lines, .. } = C::SPEC;
        let due = self.due(Expected { stage, accepts, reply_lines });
        self.in_flight.push_back(Due { checkpoint: declared.has(Declared::CHECKPOINT), ..due });
        Ok(declared)
    }

    /// Takes the optional parameters that the latest command went without.
    pub(crate) fn take_left_out(&mut self) -> LeftOutList {
        std::mem::take(&mut self.left_out)
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

    /// Queues RSET by the library's own decision: the server may still have a
    /// transaction open that is over for this side (RFC 5321 §4.1.1.5).
    #[inline]
    pub(crate) fn submit_reset(&mut self) {
        let start = self.output.encoded().len();
        self.output.encode(|buffer| buffer.extend_from_slice(b"RSET\r\n"));
        if self.trace.listens() {
            self.trace.sent(&self.output.encoded()[start..], None);
        }
        self.expect(RESET);
        if let Some(due) = self.in_flight.back_mut() {
            due.automatic = true;
        }
    }

    /// Queues HELP, as a command whose reply can be taken for that of no other.
    pub(crate) fn submit_fence(&mut self, expected: Expected) {
        self.output.copy(b"HELP\r\n");
        self.trace.sent(b"HELP\r\n", None);
        self.expect(expected);
        if let Some(due) = self.in_flight.back_mut() {
            due.automatic = true;
        }
    }

    /// Queues a line of an AUTH exchange, in base64 (RFC 4954 §4). No response is empty: that one
    /// is an empty line.
    pub(crate) fn submit_response(&mut self, response: &[u8], expected: Expected) {
        self.output.mark_secret();
        self.output.encode(|buffer| {
            let start = buffer.len();
            // Reserved exactly, so that no half of a secret is left in a smaller buffer.
            let length = response.len().div_ceil(3) * 4;
            buffer.reserve(length + 2);
            buffer.resize(start + length, 0);
            let _ = STANDARD.encode_slice(response, &mut buffer[start..]);
            buffer.extend_from_slice(b"\r\n");
        });
        self.trace.sent(b"\r\n", Some(0..0));
        self.expect(expected);
    }

    /// Queues a line of a command exchange that is no secret, and must hold no CR, LF or NUL.
    pub(crate) fn submit_text(&mut self, text: &str, expected: Expected) {
        let start = self.output.encoded().len();
        self.output.encode(|buffer| {
            buffer.extend_from_slice(text.as_bytes());
            buffer.extend_from_slice(b"\r\n");
        });
        if self.trace.listens() {
            self.trace.sent(&self.output.encoded()[start..], None);
        }
        self.expect(expected);
    }

    /// Queues a line of a command exchange, which must hold no CR, LF or NUL.
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
        let due = self.due(expected);
        self.in_flight.push_back(due);
    }

    /// The reply to what was queued last.
    #[inline]
    fn due(&self, expected: Expected) -> Due {
        let after = self.output.queued();
        Due { expected, after, counted: false, automatic: false, checkpoint: false }
    }

    /// Message content follows; a reply before [`end_content`](Self::end_content) is out of turn.
    #[inline]
    pub(crate) fn begin_content(&mut self) {
        self.content = true;
    }

    /// The final dot is queued.
    #[inline]
    pub(crate) fn end_content(&mut self, bytes: u64, expected: Expected) {
        self.content = false;
        self.trace.content(bytes);
        self.expect(expected);
    }

    /// The bytes of a chunk, whose command was submitted, are queued.
    #[inline]
    pub(crate) fn end_chunk(&mut self, bytes: u64) {
        let after = self.output.queued();
        if let Some(due) = self.in_flight.back_mut() {
            (due.after, due.counted) = (after, true);
        }
        self.trace.content(bytes);
    }

    /// The reply that is due last comes this many times more: one for each further recipient of a
    /// message.
    #[cold]
    pub(crate) fn expect_again(&mut self, times: u32) {
        if let Some(&due) = self.in_flight.back() {
            self.in_flight.extend((0..times).map(|_| due));
        }
    }

    /// The reply that is due last may also have these codes.
    #[cold]
    pub(crate) fn expect_also(&mut self, accepts: &'static [CodePattern]) {
        if let Some(due) = self.in_flight.back_mut() {
            due.expected.accepts = accepts;
        }
    }

    /// Before all replies that are due, the server sends this many of one kind: it has announced
    /// them.
    #[cold]
    pub(crate) fn expect_first(&mut self, times: u32, expected: Expected) {
        for _ in 0..times {
            let due =
                Due { expected, after: 0, counted: false, automatic: false, checkpoint: false };
            self.in_flight.push_front(due);
        }
    }

    /// The bytes that wait to be written.
    #[inline]
    pub(crate) fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    /// Takes bytes that were received.
    #[inline]
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.framer.receive(bytes);
    }

    /// Takes what was received and is no part of a reply.
    pub(crate) fn take_unread(&mut self) -> Bytes {
        self.framer.take()
    }

    /// The stage that the connection waits for.
    #[inline]
    pub(crate) fn stage(&self) -> Option<Stage> {
        // Also what had not left when the connection ended.
        let sends = !self.output.is_empty() || self.unsent > 0;
        match self.in_flight.front().map(|due| due.expected.stage) {
            // The server cannot answer a message before it has it: until then it is content.
            None | Some(Stage::EndOfData | Stage::Bdat) if sends => Some(Stage::DataBlock),
            stage => stage,
        }
    }

    /// Whether a command may be queued now: no reply is due, or the server lets commands follow.
    #[inline]
    pub(crate) fn may_submit(&self) -> bool {
        self.facts.pipelining || self.in_flight.is_empty()
    }

    /// Whether a reply is due.
    #[inline]
    pub(crate) fn awaits_reply(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Whether a fault has ended the connection.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether TLS may begin: nothing but the reply to STARTTLS has arrived (RFC 3207 §4.2, and
    /// "everything learned before is discarded" §4.2).
    pub(crate) fn check_before_tls(&mut self) -> Result<(), Fault> {
        if self.framer.is_empty() {
            return Ok(());
        }
        Err(self.end(Fault::Protocol(ProtocolError::InjectedBeforeTls)))
    }

    /// Who sees what is sent.
    #[inline]
    pub(crate) fn audience(&self) -> Audience {
        self.audience
    }

    /// The facts of TLS; none in clear.
    #[inline]
    pub(crate) fn security(&self) -> Option<&Arc<Security>> {
        self.security.as_ref()
    }

    /// The stream is now inside TLS. Everything from before is forgotten (RFC 3207 §4.2).
    pub(crate) fn secured(&mut self, security: Security) {
        self.audience = if security.verified { Audience::Trusted } else { Audience::Unverified };
        self.proven = security.verification.proves_name();
        self.security = Some(Arc::new(security));
        // The protocol is the caller's choice, and no word of the server's.
        self.facts = SessionFacts { lmtp: self.facts.lmtp, ..SessionFacts::new() };
        self.trace.secured();
    }

    /// Forgets what has not left: it never will.
    pub(crate) fn abandon_output(&mut self) {
        self.unsent += self.output.remaining() as u64;
        self.output.clear();
    }

    /// Bytes that had been queued when the last one was: the offset of the next one.
    #[inline]
    pub(crate) fn queued(&self) -> u64 {
        self.output.queued()
    }

    /// Whether, of what was queued, the bytes up to this offset have left.
    #[inline]
    pub(crate) fn has_left(&self, offset: u64) -> bool {
        offset <= self.sent()
    }

    /// How many bytes have left.
    #[inline]
    pub(crate) fn sent(&self) -> u64 {
        self.output.queued() - self.unsent - self.output.remaining() as u64
    }

    /// How often MAIL was sent.
    #[inline]
    pub(crate) fn transactions(&self) -> u64 {
        self.transactions
    }

    /// How many replies were given out.
    #[inline]
    pub(crate) fn replies(&self) -> u64 {
        self.replies
    }

    /// The limits on what the server may send.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }
}
