//! Extensions: one file each, with its EHLO keyword, its parameters and what they mean.
//!
//! A keyword's parameters are read with
//! [`Capabilities::get`](smtp_grammar::Capabilities::get): `capabilities.get::<Size>()`. An
//! extension that is not here needs no change here: implement
//! [`Capability`](smtp_grammar::Capability), [`MailParameter`] or [`RcptParameter`] for a type of
//! your own.
//!
//! A parameter that the server does not offer makes its command unsendable; [`Optional`] leaves it
//! out instead.

mod atrn;
mod auth;
mod auth_identity;
mod binarymime;
mod burl;
mod checkpoint;
mod chunking;
mod conneg;
mod conperm;
mod date_time;
mod deliver_by;
mod dsn;
mod eight_bit_mime;
mod enhanced_status_codes;
mod etrn;
mod expn;
mod future_release;
mod help;
mod ignore_quota;
mod limits;
mod message_tracking;
mod mt_priority;
mod names;
mod no_soliciting;
mod onex;
mod optional;
mod parameter;
mod pipe_connect;
mod pipelining;
mod prdr;
mod require_tls;
mod rrvs;
mod saml;
mod saved;
mod send;
pub(crate) mod size;
mod smtputf8;
mod soml;
mod starttls;
mod submitter;
mod turn;
mod unmet;
mod utf8smtp;
mod verb;
mod vrfy;
mod well_known;
mod x_rcpt_forward;
mod x_rcpt_limit;
mod xclient;
mod xforward;
mod xverp;

pub use atrn::AtrnExtension;
pub use auth::{AuthMechanisms, ExchangeMechanisms};
pub use auth_identity::AuthIdentity;
pub use binarymime::BinaryMimeExtension;
pub use burl::BurlExtension;
pub use checkpoint::{Checkpoint, TransactionId};
pub use chunking::Chunking;
pub use conneg::{AskFeatures, ContentNegotiation};
pub use conperm::{ConversionPermission, MayConvert};
pub use date_time::{DateTime, DateTimeError};
pub use deliver_by::{DeliverBy, DeliverByExtension, NotifyBy};
pub use dsn::{Dsn, EnvelopeId, Notify, OriginalRecipient, Ret};
pub use eight_bit_mime::{BodyKind, EightBitMime};
pub use enhanced_status_codes::EnhancedStatusCodes;
pub use etrn::EtrnExtension;
pub use expn::ExpnExtension;
pub use future_release::{FutureRelease, HoldFor, HoldUntil};
pub use help::HelpExtension;
pub use ignore_quota::{IgnoreQuota, IgnoreQuotaExtension};
pub use limits::ServerLimits;
pub use message_tracking::{MessageTracking, Tracking};
pub use mt_priority::{MtPriority, Priority};
pub use no_soliciting::{NoSoliciting, Solicitation};
pub use onex::OnexExtension;
pub use optional::{MayBeLeftOut, Optional};
pub use parameter::{Condition, Conditions, MailParameter, Parameter, Parameters, RcptParameter};
pub use pipe_connect::PipeConnect;
pub use pipelining::Pipelining;
pub use prdr::Prdr;
pub use require_tls::{RequireTls, RequireTlsExtension};
pub use rrvs::{RecipientValidSince, ValidSince};
pub use saml::SamlExtension;
pub use saved::SavedParameter;
pub use send::SendExtension;
pub use size::Size;
pub use smtputf8::SmtpUtf8;
pub use soml::SomlExtension;
pub use starttls::StartTlsExtension;
pub use submitter::{Submitter, SubmitterExtension};
pub use turn::TurnExtension;
pub use unmet::Unmet;
pub use utf8smtp::Utf8Smtp;
pub use verb::VerbExtension;
pub use vrfy::VrfyExtension;
pub use well_known::WellKnownExtension;
pub use x_rcpt_forward::XRcptForward;
pub use x_rcpt_limit::XRcptLimit;
pub use xclient::XClientExtension;
pub use xforward::XForwardExtension;
pub use xverp::{Verp, XVerpExtension};
