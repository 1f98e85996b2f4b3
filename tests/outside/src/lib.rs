//! Commands and mechanisms that `smtp` does not have, defined with its derive alone.

mod etrn;
mod token;
mod vault;
mod xclient;

pub use etrn::{Etrn, Queue};
pub use token::TokenLogin;
pub use vault::Vault;
pub use xclient::XClient;
