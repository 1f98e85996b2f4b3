//! Extensions: one file each, with its EHLO keyword, its parameters and what they mean.
//!
//! A keyword's parameters are read with
//! [`Capabilities::get`](smtp_grammar::Capabilities::get): `capabilities.get::<Size>()`. An
//! extension that is not here needs no change here: implement
//! [`Capability`](smtp_grammar::Capability), [`MailParameter`] or [`RcptParameter`] for a type of
//! your own.

mod auth;
mod binarymime;
mod chunking;
mod dsn;
mod eight_bit_mime;
mod enhanced_status_codes;
mod limits;
mod parameter;
mod pipelining;
pub(crate) mod size;
mod smtputf8;
mod starttls;

pub use auth::{AuthMechanisms, ExchangeMechanisms};
pub use binarymime::BinaryMimeExtension;
pub use chunking::Chunking;
pub use dsn::{Dsn, EnvelopeId, Notify, OriginalRecipient, Ret};
pub use eight_bit_mime::{BodyKind, EightBitMime};
pub use enhanced_status_codes::EnhancedStatusCodes;
pub use limits::ServerLimits;
pub use parameter::{MailParameter, Parameter, Parameters, RcptParameter};
pub use pipelining::Pipelining;
pub use size::Size;
pub use smtputf8::SmtpUtf8;
pub use starttls::StartTlsExtension;
