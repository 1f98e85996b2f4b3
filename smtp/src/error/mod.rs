//! Errors, sorted by what is left of the session.
//!
//! | type | what happened | the session |
//! |---|---|---|
//! | [`Refusal`] | the server refused the command, or it was never sent | intact |
//! | [`EnvelopeError`] | an address is none: nothing was sent | intact |
//! | [`ReplyError`] | the command was accepted, its reply has an unexpected form | intact |
//! | [`Lost`] | network, TLS, time, protocol, 421, a dropped future | gone |
//! | [`DeliveryUnknown`] | as [`Lost`], but the message had been sent whole | gone |
//!
//! The result of a message that failed is a [`DeliverError`], which has an outcome for each
//! recipient. A call that moves the session answers with a
//! [`TransitionError`](crate::connection::TransitionError), which hands the connection back when it
//! is intact. `?` turns every one of them into [`Error`].

mod auth_problem;
pub(crate) mod blame;
pub(crate) mod checkpoint;
pub(crate) mod lmtp;
pub(crate) mod lost;
pub(crate) mod mechanism;
pub(crate) mod proxy;
pub(crate) mod refusal;
mod token;

pub use auth_problem::AuthProblem;
pub use blame::Blame;
pub use checkpoint::CheckpointError;
pub use lmtp::LmtpError;
pub use lost::Lost;
pub use mechanism::MechanismError;
pub use proxy::{ProxyError, ProxyErrorKind, ProxyReply};
pub use refusal::Refusal;
pub use token::TokenError;

pub use crate::any_error::Error;
pub use crate::message::body::LengthError;
pub use crate::message::envelope::EnvelopeError;
pub use crate::message::error::{DeliverError, DeliveryLost, DeliveryUnknown, Undelivered, Unsent};
pub use crate::proto::attempt::Attempt;
pub use crate::proto::content::ContentError;
pub use crate::proto::discovery::{DiscoveryError, DiscoveryErrorKind};
pub use crate::proto::fault::{Fault, NoTimer, ProtocolError};
pub use crate::proto::handshake::{HandshakeError, HandshakeErrorKind};
pub use crate::proto::line::EncodeError;
pub use crate::proto::reply::ReplyError;
