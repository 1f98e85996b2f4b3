//! The commands of SMTP: one file each, made with the derive that is yours to use; and what a
//! command is made of.

mod atrn;
mod attributes;
mod auth;
mod bdat;
mod burl;
mod data;
mod ehlo;
mod etrn;
mod expn;
mod helo;
mod help;
mod lhlo;
mod mail;
mod member;
mod noop;
mod path;
mod quit;
mod rcpt;
mod rset;
mod starttls;
mod vrfy;
mod wellknown;
mod xclient;
mod xforward;

pub use atrn::Atrn;
pub use auth::Auth;
pub(crate) use auth::ExchangeAuth;
pub use bdat::Bdat;
pub use burl::{Burl, BurlLast};
pub use data::Data;
pub use ehlo::Ehlo;
pub use etrn::{Etrn, QueueStart};
pub use expn::{Expansion, Expn};
pub use helo::Helo;
pub use help::Help;
pub use lhlo::Lhlo;
pub use mail::Mail;
pub use member::Member;
pub use noop::Noop;
pub use path::{IntoForwardPath, IntoReversePath};
pub use quit::Quit;
pub use rcpt::Rcpt;
pub use rset::Rset;
pub use starttls::StartTls;
pub use vrfy::{Verification, Vrfy};
pub use wellknown::{Document, WellKnown};
pub use xclient::XClient;
pub use xforward::{ForwardSource, XForward};

pub use crate::command_exchange::{CommandExchange, Response};
pub use crate::proto::command::{
    CodePattern, Command, CommandSpec, Position, encode_into, encode_line as encode,
};
pub use crate::proto::line::{Argument, Arguments, Line};
pub use crate::proto::reply::FromReply;
pub use crate::proto::stage::Stage;
