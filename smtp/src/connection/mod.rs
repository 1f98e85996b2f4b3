//! The session as a type: a [`Connection`] in one of its states, and what can be done there.
//!
//! | file | the question it answers |
//! |---|---|
//! | `greeted.rs`, `tls.rs`, `authed.rs`, `in_transaction.rs` | what can I do in this state? |
//! | `lmtp.rs` | what is another call over LMTP? |
//! | `idle.rs` | what can I do between transactions? |
//! | `send.rs` | what can I do in every state? |
//! | `deliver.rs` | how does a message go out, and how do many? |
//! | `first_message.rs` | how does a message go out with AUTH in one flight? |
//! | `feed.rs` | how do many callers share a connection? |
//! | `feed_progress.rs` | how far is such a connection? |
//! | `watch.rs` | is the connection still open? |
//! | [`pipeline`] | how do many commands go out in one flight, each with a reply of its own type? |
//! | `dangerous.rs` | how do I send a secret to a server that is not verified? |
//! | `exchange.rs` | what if the server answers with questions, or the command ends SMTP? |
//! | `any.rs` | how do I keep a connection whose state is known at run time? |

mod any;
mod authed;
mod authenticate;
mod call;
mod dangerous;
mod deliver;
pub(crate) mod error;
mod exchange;
mod feed;
mod feed_progress;
pub(crate) mod first_message;
mod greeted;
mod idle;
mod in_transaction;
mod lmtp;
pub mod pipeline;
mod send;
pub(crate) mod session;
mod tls;
pub(crate) mod typed;
mod watch;

pub use any::{AnyCall, AnyConnection, AnyFeeding, AnyUntilClosed};
pub use call::{Call, Pending};
pub use dangerous::{Dangerous, DangerousMut};
#[cfg(feature = "stream")]
pub use deliver::DeliverStream;
pub use deliver::{Deliver, DeliverAll};
pub use error::{DataError, DataRefused, Refused, TransitionError};
pub use exchange::RawStream;
pub use feed::{
    Feed, FeedAbandoned, FeedClosed, FeedDelivery, FeedSubmission, Feeding, FeedingMut,
};
pub use feed_progress::FeedProgress;
pub use in_transaction::SendData;
pub use typed::Connection;
pub use watch::UntilClosed;

pub use crate::exchange::delivery::Stopped;
