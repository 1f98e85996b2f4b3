//! The trace of a session: an observer sees each line, without its secrets.
//!
//! The same lines go to `tracing`, with the target `smtp::wire` and the level TRACE.

pub use crate::proto::trace::{Event, Observer, RedactedLine};
