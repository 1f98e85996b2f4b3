//! Protocol exchanges: state machines over the engine that choose the next command and interpret
//! each reply, without I/O.
//!
//! An exchange queues commands and content as far as the server and the memory allow, takes the
//! replies that have come, and says what it needs before it can go on. The driver in `net` is the
//! only loop: it moves bytes, polls the source that the exchange waits for, watches the deadline,
//! and knows nothing else. So everything that SMTP means can be tested without a socket and without
//! time.
//!
//! | file | what it holds |
//! |---|---|
//! | [`hello`] | greeting, EHLO, HELO |
//! | [`command`], [`dialog`] | one command, and one that the server answers with questions |
//! | [`sasl`] | AUTH |
//! | [`hello_flight`] | EHLO, and the first commands of a message in one flight |
//! | [`auth_flight`] | AUTH, and the first commands of a message in one flight |
//! | [`reset`] | RSET, where the server may still have a transaction open |
//! | [`plan`] | how a message is sent to this server |
//! | [`recipients`] | the recipients of a message, over all of its transactions |
//! | [`transaction`] | one mail transaction: its next command, its replies, its loss |
//! | [`content`] | the body after DATA, or in chunks |
//! | [`message`] | the message of a typed transaction |
//! | [`delivery`] | messages from a source, as many at once as the server allows |
//! | [`feed`] | messages of many callers |
//! | [`watch`] | a connection that waits |
//! | [`pipeline`] | groups of commands whose order was checked by the compiler |

pub(crate) mod auth_flight;
pub(crate) mod command;
pub(crate) mod content;
pub(crate) mod delivery;
pub(crate) mod dialog;
pub(crate) mod feed;
pub(crate) mod hello;
pub(crate) mod hello_flight;
#[cfg(test)]
mod matrix;
pub(crate) mod message;
pub(crate) mod pipeline;
pub(crate) mod plan;
pub(crate) mod recipients;
pub(crate) mod reset;
pub(crate) mod sasl;
pub(crate) mod transaction;
pub(crate) mod watch;

use std::task::{Context, Poll};

use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::proto::engine::Engine;
use crate::proto::fault::Fault;
use crate::proto::stage::Stage;

/// The number of bytes that may wait to be written before an exchange queues more.
// A message of any size is to take less than 1 MiB of memory beyond itself.
pub(crate) const MAX_QUEUED_BYTES: usize = 256 * 1024;

/// The server's answer to a command: accepted, or refused.
pub(crate) type CommandResult<T> = Result<T, Refusal>;

/// A protocol exchange.
pub(crate) trait Exchange {
    /// The result of the exchange, also when the connection is lost.
    type Output;

    /// Goes on as far as what has arrived and what may be queued allow.
    ///
    /// # Errors
    ///
    /// When the connection cannot be used any more. [`lost`](Self::lost) then gives the result.
    fn advance(&mut self, engine: &mut Engine) -> Result<Need<Self::Output>, Fault>;

    /// Polls the one body, message or token that [`Need::Source`] waits for, and keeps the item or
    /// the error. Ready when [`advance`](Self::advance) can go on.
    fn poll_source(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }

    /// The stage in which the server waits for the source while the exchange needs
    /// [`Need::Source`]: its deadline runs, and when it passes, the source was too slow.
    /// [`Stage::Source`] has no deadline. None where the server does not wait for the caller.
    fn source_stage(&self) -> Option<Stage> {
        None
    }

    /// Ends the exchange of a connection that is lost: the result of everything in flight.
    fn lost(&mut self, engine: &Engine, lost: Lost) -> Self::Output;
}

/// The event that an exchange waits for. Meanwhile the driver goes on to write and to read, and
/// asks the exchange again after either.
#[derive(Debug)]
pub(crate) enum Need<T> {
    /// A reply.
    Reply,
    /// Fewer bytes that wait to be written.
    Room,
    /// The source that [`Exchange::poll_source`] polls.
    Source,
    /// Nothing: this is the result.
    Done(T),
}
