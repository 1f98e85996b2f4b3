//! Message content made safe for the wire: line ends, leading dots, the end of the message.
//!
//! A message that holds a bare CR, a bare LF or a NUL may be cut in two by the next server ("SMTP
//! smuggling"), so none of them is ever sent, except in a message that is declared as binary. Dots
//! are doubled and line ends completed while the message is sent, however it is split into
//! segments, and a segment that needs no change is not copied.
//!
//! | module | what it holds |
//! |---|---|
//! | [`line_ends`] | what the caller wants done to line ends |
//! | [`error`] | why a message cannot be sent as it is |
//! | [`header`] | whether the header of a message holds UTF-8 |
//! | [`scan`] | one pass over bytes for everything that matters here |
//! | [`lines`] | line ends counted, and the first one that `Strict` refuses |
//! | [`summary`] | what is known of a message before any of it is sent |
//! | [`encoder`] | the message as it is sent, segment by segment |

mod encoder;
mod error;
mod header;
mod line_ends;
mod lines;
mod scan;
mod summary;
#[cfg(test)]
mod tests;

pub(crate) use encoder::{Encoder, PIECE, Sink};
pub use error::ContentError;
pub use line_ends::LineEnds;
#[allow(
    unused_imports,
    reason = "a limit of the format, for the other modules that cut lines"
)]
pub(crate) use line_ends::TEXT_LINE;
pub(crate) use lines::find_long_line;
pub(crate) use summary::ContentSummary;
