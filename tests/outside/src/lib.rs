//! Commands and mechanisms defined from outside, with the derive of `smtp` and its public traits.
//!
//! Some are new, some stand for built-in ones: both read alike.

mod atrn;
mod bdat;
mod bound;
mod burl;
mod cram_md5;
mod etrn;
mod exps;
mod fetched;
pub mod hygiene;
mod ledger;
mod lhlo;
mod otp;
mod simple;
mod stretched;
mod survey;
mod token;
mod users;
mod vault;
mod wellknown;
mod xclient;
mod xforward;

pub use atrn::Atrn;
pub use bdat::Bdat;
pub use bound::Bound;
pub use burl::Burl;
pub use cram_md5::CramMd5;
pub use etrn::{Etrn, Queue};
pub use exps::{Exps, Ticket};
pub use fetched::{Fetch, Fetched};
pub use ledger::{Account, AskBalance, Balance, Free, Ledger};
pub use lhlo::Lhlo;
pub use otp::Otp;
pub use simple::{Login, Plain, XOauth2};
pub use stretched::Stretched;
pub use survey::{Answers, Survey, Thanks};
pub use token::TokenLogin;
pub use users::{Expn, Member, Members, Verdict, Vrfy};
pub use vault::Vault;
pub use wellknown::{Document, WellKnown};
pub use xclient::XClient;
pub use xforward::XForward;
