//! Groups of commands in flight (RFC 2920 §3.1): which commands may leave, and which entry of the
//! group each reply answers.

mod body;
pub(crate) mod entry;
pub(crate) mod many;
pub(crate) mod outcome;
pub(crate) mod predicted;
mod replies;
pub(crate) mod run;
pub(crate) mod tuple;

pub use outcome::{Message, NotSent, Outcome};
pub use tuple::{Append, Entries, OutcomeEntry};
