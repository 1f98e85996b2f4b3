//! How a stream to a host is opened: its addresses, and which of them is connected to.
//!
//! | module | what it holds |
//! |---|---|
//! | [`resolve`] | a resolver: a name becomes addresses |
//! | [`srv`] | a resolver of services: a domain becomes hosts |
//! | [`discovery`] | the hosts of a domain that offer mail submission |
//! | [`finder`] | look-ups under way |
//! | `hickory` | a resolver of both kinds that speaks DNS itself |
//! | [`addresses`] | which addresses are tried, and in which order |
//! | [`target`] | one address, or a name that goes to a proxy, and the stream to it |
//! | [`connector`] | a connector: opens the stream to one target |
//! | [`tcp`], `unix` | the connectors of TCP and of Unix sockets |
//! | [`race`] | several targets at a time: the first stream wins |
//! | [`cause`] | whose fault it is where no stream comes about |
//! | [`failed`] | what was tried in vain |
//! | [`reach`], [`approach`] | the settings of a server, and all of that as they ask for it |

mod addresses;
mod approach;
mod cause;
mod connector;
mod discovery;
mod failed;
mod finder;
#[cfg(feature = "hickory")]
mod hickory;
mod race;
mod reach;
mod resolve;
mod srv;
mod target;
mod tcp;
#[cfg(unix)]
mod unix;

pub(crate) use addresses::Local;
pub use addresses::{Families, Family};
pub(crate) use approach::{Approach, Reached};
pub use connector::Connect;
pub(crate) use discovery::{Discovery, Service};
#[cfg(feature = "hickory")]
pub use hickory::HickoryResolver;
pub(crate) use reach::Reach;
#[cfg(feature = "proxy")]
pub(super) use resolve::NoRuntime;
pub use resolve::{Resolve, SystemResolver};
pub use srv::{ResolveSrv, SrvAnswer, SrvRecord};
pub use target::{Connected, Target};
pub use tcp::Tcp;
#[cfg(unix)]
pub use unix::Unix;
