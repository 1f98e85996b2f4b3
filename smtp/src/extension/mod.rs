//! Extensions: one file each, with its EHLO keyword, its parameters and what they mean.
//!
//! A keyword's parameters are read with
//! [`Capabilities::get`](smtp_grammar::Capabilities::get): `capabilities.get::<Size>()`. An
//! extension that is not here needs no change here: implement
//! [`Capability`](smtp_grammar::Capability), [`MailParameter`] or [`RcptParameter`] for a type of
//! your own.

mod auth;
mod dsn;
mod eight_bit_mime;
mod limits;
mod marker;
mod parameter;
pub(crate) mod size;

pub use auth::AuthMechanisms;
pub use dsn::{Dsn, EnvelopeId, Notify, OriginalRecipient, Ret};
pub use eight_bit_mime::{BodyKind, EightBitMime};
pub use limits::ServerLimits;
pub use marker::{BinaryMime, Chunking, EnhancedStatusCodes, Pipelining, SmtpUtf8, StartTls};
pub use parameter::{MailParameter, Parameter, Parameters, RcptParameter};
pub use size::Size;
