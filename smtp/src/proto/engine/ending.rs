//! How a connection ends: what was received before is given out first.
//!
//! The driver reports what happened to the stream or the clock, and nothing more. The consequences
//! are decided here: after a failed write there is a moment to read why, and an end of the stream
//! is reported only after every reply that had come was given out, because these replies decide.

use std::io;

use super::Engine;
use crate::proto::fault::Fault;
use crate::proto::stage::Stage;
use crate::proto::unread::UnreadLine;

/// A command that got no reply.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unanswered {
    /// The library sent it by its own decision.
    pub(crate) automatic: bool,
    /// It had left whole.
    pub(crate) left: bool,
    /// The stage that its reply would have answered.
    pub(crate) stage: Stage,
}

impl Engine {
    /// Ends the connection: nothing more is written or read.
    pub(crate) fn end(&mut self, fault: Fault) -> Fault {
        if !self.ended && fault.leaves_unread() {
            self.keep_unread(&fault);
        }
        self.ended = true;
        self.ending = None;
        self.abandon_output();
        fault
    }

    /// Shows what has come of a reply that is none, or not whole: it is the server's own word on
    /// what went wrong.
    #[cold]
    fn keep_unread(&mut self, fault: &Fault) {
        let lines = self.framer.unread();
        self.trace.received_lines(lines);
        self.unread = UnreadLine::of(lines, fault);
    }

    /// The line at which reading replies ended.
    pub(crate) fn take_unread_line(&mut self) -> Option<UnreadLine> {
        self.unread.take()
    }

    /// Writing has failed: nothing more leaves, and what the server said before it closed may still
    /// be read.
    pub(crate) fn write_failed(&mut self, error: io::Error) {
        self.abandon_output();
        self.write_error = Some(error);
    }

    /// Whether writing has failed.
    #[inline]
    pub(crate) fn has_write_failed(&self) -> bool {
        self.write_error.is_some()
    }

    /// Nothing more will be received: the stream ended, failed, or took too long.
    pub(crate) fn receive_failed(&mut self, fault: Fault) {
        // Why writing failed is nearer to the cause than the end that followed.
        let fault = self.write_error.take().map_or(fault, Fault::Io);
        self.ending.get_or_insert(fault);
    }

    /// Whether the greeting is due: nothing was said in this session.
    pub(crate) fn awaits_greeting(&self) -> bool {
        self.in_flight.front().is_some_and(|due| due.expected.stage == Stage::Greeting)
    }

    /// Whether the greeting is due, and not a byte of it has come.
    pub(crate) fn is_ungreeted(&self) -> bool {
        self.awaits_greeting() && self.framer.is_untouched()
    }

    /// The replies that were due when the connection ended, the oldest first.
    pub(crate) fn unanswered(&self) -> impl Iterator<Item = Unanswered> + Clone {
        self.in_flight.iter().map(|due| Unanswered {
            automatic: due.automatic,
            left: self.has_left(due.after),
            stage: due.expected.stage,
        })
    }

    /// Why the connection is over, once nothing is left to be given out.
    #[inline]
    pub(crate) fn take_ending(&mut self) -> Option<Fault> {
        if self.ending.is_none() { None } else { self.take_ended() }
    }

    #[cold]
    fn take_ended(&mut self) -> Option<Fault> {
        let fault = self.ending.take()?;
        Some(self.end(fault))
    }
}
