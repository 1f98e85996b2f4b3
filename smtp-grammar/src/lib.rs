//! The grammar of SMTP as types: replies, EHLO keywords, addresses, paths and parameters.
//!
//! Each type refuses a value that the protocol does not allow, so that a client checks its input
//! once. Text goes in through `FromStr` or `TryFrom`, and comes out through `Display` in its
//! canonical form. There is no I/O here, no state and no clock.
//!
//! | part of the protocol | types |
//! |---|---|
//! | replies (RFC 5321 §4.2) | [`Reply`], [`ReplyLine`], [`ReplyCode`], [`EnhancedStatusCode`] |
//! | the reply to EHLO (§4.1.1.1) | [`Capabilities`], [`Capability`] |
//! | addresses (§4.1.2, RFC 6531) | [`Mailbox`], [`LocalPart`], [`Domain`], [`AddressLiteral`], [`Host`] |
//! | paths (§4.1.2) | [`ReversePath`], [`ForwardPath`] |
//! | parameters (§4.1.2) | [`EsmtpKeyword`], [`EsmtpValue`], [`EsmtpParam`] |
//! | text | [`SmtpString`], [`Xtext`], [`xtext`] |
//! | parsers of your own | [`parser`] |

mod atom;
mod capabilities;
mod domain;
mod enhanced;
mod error;
mod escape;
mod host;
mod literal;
mod local_part;
mod mailbox;
mod param;
pub mod parser;
mod path;
mod reply;
mod reply_code;
mod reply_line;
mod string;
pub mod xtext;

pub use capabilities::{Capabilities, Capability, Params};
pub use domain::Domain;
pub use enhanced::EnhancedStatusCode;
pub use error::{ControlCharacter, SyntaxError};
pub use escape::Escaped;
pub use host::Host;
pub use literal::AddressLiteral;
pub use local_part::LocalPart;
pub use mailbox::Mailbox;
pub use param::{EsmtpKeyword, EsmtpParam, EsmtpValue};
pub use path::{ForwardPath, ReversePath};
pub use reply::{Lines, Reply};
pub use reply_code::{ReplyCode, Severity};
pub use reply_line::{ReplyLine, ReplyLineError};
pub use string::SmtpString;
pub use xtext::Xtext;
