//! Groups of commands on their way: what may leave is queued, and each reply goes to the command
//! that it answers.

pub(crate) mod entry;
pub(crate) mod many;
pub(crate) mod outcome;
pub(crate) mod predicted;
mod replies;
pub(crate) mod run;
pub(crate) mod tuple;

pub use outcome::{Message, NotSent, Outcome};
pub use tuple::{Append, Member, Members};
