//! How a stream to a host is opened: its addresses, and which of them is connected to.
//!
//! | module | what it holds |
//! |---|---|
//! | [`resolve`] | a resolver: a name becomes addresses |
//! | [`addresses`] | which addresses are tried, and in which order |
//! | [`target`] | one address, or a name that goes to a proxy, and the stream to it |
//! | [`connector`] | a connector: opens the stream to one target |
//! | [`tcp`] | the connector of TCP |
//! | [`race`] | several targets at a time: the first stream wins |
//! | [`cause`] | whose fault it is where no stream comes about |
//! | [`reach`] | all of that, as a server's settings ask for it |

mod addresses;
mod cause;
mod connector;
mod race;
mod reach;
mod resolve;
mod target;
mod tcp;

pub use addresses::Families;
pub use connector::Connect;
pub(crate) use reach::{Approach, Reach, Reached};
#[cfg(feature = "proxy")]
pub(super) use resolve::NoRuntime;
pub use resolve::{Resolve, SystemResolver};
pub use target::{Connected, Target};
pub use tcp::Tcp;
