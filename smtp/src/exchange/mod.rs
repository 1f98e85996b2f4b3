//! What is said and what a reply means: state machines over the engine, without I/O.
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
//! | [`reset`] | RSET, where the server may still have a transaction open |
//! | [`plan`] | what the server takes, and how a message is sent to it |
//! | [`recipients`] | who gets the message, over all of its transactions |
//! | [`transaction`] | one mail transaction: what is written next, what a reply means, what a loss means |
//! | [`content`] | the body after DATA, or in chunks |
//! | [`message`] | the message of a typed transaction |
//! | [`delivery`] | messages from a source, as many at once as the server allows |
//! | [`feed`] | messages of many callers |
//! | [`watch`] | a connection that waits |
//! | [`pipeline`] | groups of commands whose order was checked by the compiler |

pub(crate) mod command;
pub(crate) mod content;
pub(crate) mod delivery;
pub(crate) mod dialog;
pub(crate) mod feed;
pub(crate) mod hello;
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

/// Bytes that may wait to be written before an exchange queues more.
pub(crate) const MAX_QUEUED_BYTES: usize = 256 * 1024;

/// What the server said to a command: yes, or no.
pub(crate) type CommandResult<T> = Result<T, Refusal>;

/// A protocol exchange.
pub(crate) trait Exchange {
    /// What the exchange comes to, also when the connection is lost.
    type Output;

    /// Goes on as far as what has arrived and what may be queued allow.
    ///
    /// # Errors
    ///
    /// When the connection cannot be used any more. [`lost`](Self::lost) then says what the
    /// exchange came to.
    fn advance(&mut self, engine: &mut Engine) -> Result<Need<Self::Output>, Fault>;

    /// Polls the one body, message or token that [`Need::Source`] waits for, and keeps what came,
    /// errors too. Ready when [`advance`](Self::advance) can do something about it.
    fn poll_source(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }

    /// The stage in which the server waits for the source, while [`Need::Source`] is what the
    /// exchange needs: its deadline runs, and when it passes the source was too slow.
    /// [`Stage::Source`] has no deadline. None where the server waits for nothing of the caller's.
    fn source_stage(&self) -> Option<Stage> {
        None
    }

    /// The connection is lost: what became of everything under way.
    fn lost(&mut self, engine: &Engine, lost: Lost) -> Self::Output;
}

/// What must happen before an exchange can go on. In each case bytes go on to be written and read,
/// and the exchange is asked again after either.
#[derive(Debug)]
pub(crate) enum Need<T> {
    /// A reply.
    Reply,
    /// Fewer bytes that wait to be written.
    Room,
    /// What [`Exchange::poll_source`] polls for.
    Source,
    /// Nothing: this is what it came to.
    Done(T),
}
