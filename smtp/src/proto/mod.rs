//! The protocol without I/O: bytes in, bytes and replies out.
//!
//! It exists so that everything SMTP promises can be tested, and reused on any transport, without
//! a socket, a runtime or a clock. Nothing below this module imports tokio or rustls; time is a
//! [`Stage`] that the driver measures.
//!
//! | module | what it holds |
//! |---|---|
//! | [`code`] | which replies are meant: a code, or a class of codes |
//! | [`command`] | what a command is: its facts, its line, its reply |
//! | [`line`] | the one encoder through which every command reaches the wire |
//! | [`attempt`] | an address that was tried in vain |
//! | [`audience`], [`declared`] | who would see a secret; what a transaction has agreed on |
//! | [`encode_error`] | why a command cannot be sent |
//! | [`scan`] | whether a line is plain text, and where it ends |
//! | [`wrappers`] | values that write other values differently |
//! | [`reply`] | how a reply becomes a value |
//! | [`parts`] | the parts of a reply that are no text |
//! | [`engine`] | commands in flight, matched to replies by counting |
//! | [`framer`] | bytes cut into replies, under limits |
//! | [`output`] | what waits to be written, in the order in which it must leave |
//! | [`content`] | message content made safe for DATA and BDAT |
//! | [`stage`], [`limits`] | how long each step may take, and how large each answer may be |
//! | [`fault`], [`handshake`], [`discovery`] | why a connection can no longer be used |
//! | [`unread`] | a line that is no whole reply, as it may be shown |
//! | [`security`] | the facts of TLS |
//! | [`trace`] | each line that is sent or received, without its secrets |

pub(crate) mod attempt;
mod audience;
mod code;
pub(crate) mod command;
pub(crate) mod content;
pub(crate) mod decimal;
mod declared;
pub(crate) mod discovery;
mod encode_error;
pub(crate) mod engine;
pub(crate) mod fault;
pub(crate) mod framer;
pub(crate) mod handshake;
pub(crate) mod left_out;
pub(crate) mod limits;
pub(crate) mod line;
pub(crate) mod output;
pub(crate) mod parts;
pub(crate) mod reply;
pub(crate) mod scan;
pub(crate) mod security;
pub(crate) mod stage;
pub(crate) mod trace;
pub(crate) mod unread;
pub(crate) mod wrappers;
