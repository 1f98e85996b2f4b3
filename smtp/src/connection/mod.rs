//! The session as a type: a [`Connection`] in one of its states, and what can be done there.
//!
//! | file | the question it answers |
//! |---|---|
//! | [`greeted`], [`tls`], [`authed`], [`in_transaction`] | what can I do in this state? |
//! | [`idle`] | what can I do between transactions? |
//! | [`send`] | what can I do in every state? |
//! | [`deliver`] | how does a message go out, and how do many? |
//! | [`pipeline`] | how do many commands go out in one flight, each with a reply of its own type? |
//! | [`converse`] | what if a command takes several rounds, or ends SMTP? |
//! | [`any`] | how do I keep a connection whose state is known at run time? |

mod any;
mod authed;
mod authenticate;
mod call;
mod converse;
mod deliver;
mod error;
mod greeted;
mod idle;
mod in_transaction;
pub mod pipeline;
mod send;
pub(crate) mod session;
mod tls;
mod typed;

pub use any::AnyConnection;
pub use call::{Call, Pending};
pub use converse::HandOver;
pub use deliver::{Deliver, DeliverAll};
pub use error::{DataError, DataRefused, Refused, TransitionError};
pub use greeted::Dangerous;
pub use in_transaction::SendData;
pub use typed::Connection;
