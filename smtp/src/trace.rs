//! The lines of a session as they may be shown: an observer sees each one, without its secrets.
//!
//! The same lines go to `tracing`, with the target `smtp::wire` and the level TRACE.

pub use crate::proto::trace::{Event, Observer, RedactedLine};
