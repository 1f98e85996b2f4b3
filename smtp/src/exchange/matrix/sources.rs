//! Sources under the control of a cell: bodies, messages, and the answers of mechanisms and
//! exchanges that come when the bench lets them, or fail.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use smtp_grammar::{Capabilities, Reply};

use super::messages::{BROKEN, content, envelope};
use crate::auth::{Challenge, Facts, Mechanism, MechanismError, Step};
use crate::command_exchange::{CommandExchange, Response};
use crate::exchange::delivery::{Delivered, Messages};
use crate::exchange::feed::{FeedQueue, FeedSlot, OwnedMessage};
use crate::message::body::{Body, BodySource};
use crate::message::envelope::Envelope;
use crate::secret::Secret;

/// The source that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    /// A piece of a body that has given so many.
    Body {
        given: usize,
    },
    Message,
    /// The response of a mechanism; none was given before the first.
    Response {
        given: usize,
    },
}

/// Lets one source go on at a time, or fail.
#[derive(Debug, Default)]
pub(super) struct Gate {
    passes: AtomicUsize,
    failing: AtomicBool,
    /// The source that waits, as a number: 0 is none.
    waiting: AtomicUsize,
}

impl Gate {
    /// Whether the source may go on.
    fn pass(&self, waits: Waits) -> bool {
        if self.failing.load(Ordering::Relaxed) {
            return true;
        }
        let less = |passes: usize| passes.checked_sub(1);
        if self.passes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok() {
            return true;
        }
        self.waiting.store(
            match waits {
                Waits::Message => 1,
                Waits::Body { given } => 2 + 2 * given,
                Waits::Response { given } => 3 + 2 * given,
            },
            Ordering::Relaxed,
        );
        false
    }

    /// Whether it fails, once.
    fn fails(&self) -> bool {
        self.failing.swap(false, Ordering::Relaxed)
    }

    pub(super) fn take_waiting(&self) -> Option<Waits> {
        match self.waiting.swap(0, Ordering::Relaxed) {
            0 => None,
            1 => Some(Waits::Message),
            number if number % 2 == 0 => Some(Waits::Body { given: number / 2 - 1 }),
            number => Some(Waits::Response { given: number / 2 - 1 }),
        }
    }

    pub(super) fn let_one_pass(&self) {
        self.passes.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn fail(&self) {
        self.failing.store(true, Ordering::Relaxed);
    }
}

/// A body in pieces, each of which is waited for.
#[derive(Debug)]
pub(super) struct Segments {
    gate: Arc<Gate>,
    left: VecDeque<Bytes>,
    given: usize,
}

impl Segments {
    pub(super) fn body(gate: &Arc<Gate>, pieces: impl IntoIterator<Item = Bytes>) -> Body<'static> {
        let left = pieces.into_iter().collect();
        Body::stream(Self { gate: Arc::clone(gate), left, given: 0 })
    }
}

impl BodySource for Segments {
    fn poll_piece(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let this = self.get_mut();
        if !this.gate.pass(Waits::Body { given: this.given }) {
            return Poll::Pending;
        }
        if this.gate.fails() {
            return Poll::Ready(Some(Err(io::Error::other("the source of the body broke"))));
        }
        this.given += 1;
        Poll::Ready(this.left.pop_front().map(Ok))
    }
}

/// Messages, and what was told of each.
pub(super) struct Queue<'b> {
    pub(super) messages: VecDeque<(usize, Envelope, Body<'b>)>,
    /// Each message is waited for; none where all are there at once.
    pub(super) gate: Option<Arc<Gate>>,
    pub(super) reports: Vec<(usize, Delivered)>,
}

impl<'b> Messages<'b> for Queue<'b> {
    type Envelope = Envelope;
    type Ticket = usize;

    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<(usize, Envelope, Body<'b>)>> {
        if let Some(gate) = &self.gate {
            if !gate.pass(Waits::Message) {
                return Poll::Pending;
            }
            if gate.fails() {
                return Poll::Ready(Some((BROKEN, envelope(BROKEN), content(BROKEN).into())));
            }
        }
        Poll::Ready(self.messages.pop_front())
    }

    fn next_at_once(&mut self) -> Poll<Option<(usize, Envelope, Body<'b>)>> {
        match self.gate {
            Some(_) => Poll::Pending,
            None => Poll::Ready(self.messages.pop_front()),
        }
    }

    fn is_empty(&self) -> bool {
        self.gate.is_none() && self.messages.is_empty()
    }

    fn report(&mut self, ticket: usize, result: Delivered) {
        self.reports.push((ticket, result));
    }
}

/// The feeder of a connection: the messages that were not pushed yet.
#[derive(Debug)]
pub(super) struct Feeder {
    pub(super) queue: Arc<FeedQueue>,
    pub(super) waiting: VecDeque<(usize, OwnedMessage)>,
    pub(super) slots: Vec<(usize, Arc<FeedSlot>)>,
}

impl Feeder {
    /// Pushes the first message, and then all others; after the last one the handle goes.
    pub(super) fn push(&mut self) {
        if self.waiting.is_empty() {
            return self.queue.remove_handle();
        }
        let count = if self.slots.is_empty() { 1 } else { self.waiting.len() };
        for (number, message) in self.waiting.drain(..count) {
            self.slots.push((number, enqueue(&self.queue, message)));
        }
    }

    pub(super) fn push_broken(&mut self) {
        let message = (envelope(BROKEN), content(BROKEN).into());
        self.slots.push((BROKEN, enqueue(&self.queue, message)));
    }
}

fn enqueue(queue: &FeedQueue, (envelope, body): OwnedMessage) -> Arc<FeedSlot> {
    let slot = FeedSlot::new(envelope, body);
    queue.push(Arc::clone(&slot));
    slot
}

/// A mechanism of two challenges that is waited for before each response.
#[derive(Debug)]
pub(super) struct Slow {
    pub(super) gate: Arc<Gate>,
    pub(super) given: usize,
}

impl Mechanism for Slow {
    fn name(&self) -> &'static str {
        "X-SLOW"
    }

    fn reveals_secret(&self) -> bool {
        false
    }

    fn begin(&mut self, _: &Facts<'_>) -> Result<(), MechanismError> {
        self.given = 0;
        Ok(())
    }

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), MechanismError>> {
        if !self.gate.pass(Waits::Response { given: self.given }) {
            return Poll::Pending;
        }
        if self.gate.fails() {
            return Poll::Ready(Err(MechanismError::new("there is no token")));
        }
        Poll::Ready(Ok(()))
    }

    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        self.given = 1;
        Ok(None)
    }

    fn respond(&mut self, _: Challenge<'_>) -> Result<Step, MechanismError> {
        self.given += 1;
        Ok(Step::Respond(Secret::from("pencil")))
    }

    fn is_complete(&self) -> bool {
        self.given == 3
    }
}

/// Answers a question, or has no answer from this round on.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) until: usize,
}

impl CommandExchange for Answers {
    fn answer(&mut self, round: usize, _: &Reply) -> Result<Response, MechanismError> {
        if round >= self.until {
            return Err(MechanismError::new("there is no answer"));
        }
        Ok(Response::Line(Secret::from("blue")))
    }
}

/// The facts of a connection to a server that offers this much.
pub(super) fn facts(capabilities: &Capabilities) -> Facts<'static> {
    Facts::new("mail.server.test", capabilities).dangerous()
}
