//! The same connections for programs without a runtime: each call blocks until it is done.
//!
//! It comes with the feature `blocking`. Names, states, order of calls and errors are those of the
//! [asynchronous calls](crate); commands, mechanisms, envelopes, bodies and receipts are the very
//! same types.
//!
//! ```no_run
//! use smtp::blocking::Submission;
//! use smtp::{Body, Envelope, Plain};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let mut mail = Submission::new("mail.example.com")
//!         .auth(Plain::new("me@example.com", "secret"))
//!         .connect()?; // Connection<Authed>
//!     let envelope = Envelope::new("me@example.com", ["you@example.org"])?;
//!     let receipt = mail.deliver(&envelope, Body::blocking_file("mail.eml")?)?;
//!     println!("{}", receipt.reply());
//!     mail.quit()?;
//!     Ok(())
//! }
//! ```
//!
//! | asynchronous | blocking |
//! |---|---|
//! | `call(..).await` | `call(..)` |
//! | `connection.pipeline().mail(..).data(..).await` | [`connection.pipeline`](Connection::pipeline)`(\|group\| group.mail(..).data(..))` |
//! | [`Body::reader`](crate::Body::reader), [`Body::file`](crate::Body::file) | [`Body::blocking_reader`](crate::Body::blocking_reader), [`Body::blocking_file`](crate::Body::blocking_file) |
//! | `feed_mut` | [`feed`](Connection::feed), whose [`Feeding::wait`] gives the connection back |
//! | `deliver_stream` | [`deliver_all`](Connection::deliver_all), or a [`Feed`] |
//! | a task that awaits [`connection::Feeding`](crate::connection::Feeding) | nothing: the threads that wait in a [`Feed`] run it |
//! | a future that is dropped | [timeouts](crate::connect::Timeouts), [`total`](crate::connect::Timeouts::total) above all |
//!
//! # Threads
//!
//! A connection keeps a runtime of tokio that runs on the calling thread, during the call. There is
//! no other thread, but one while the system resolves a name. Between calls nothing runs and no
//! timeout is kept; what has arrived meanwhile is seen by the next call.
//!
//! # Inside a runtime
//!
//! A call that blocks stops the tasks of the thread it is made on. So on each thread that belongs to
//! a tokio runtime, and within another blocking call, a call does nothing and gives
//! [`Fault::InsideRuntime`](crate::error::Fault::InsideRuntime). Call the asynchronous connection
//! there. A thread of [`spawn_blocking`](tokio::task::spawn_blocking) is one of them, because
//! nothing tells it from the others: there, use
//! [`Handle::block_on`](tokio::runtime::Handle::block_on) with the asynchronous connection.
//!
//! Dropping a connection is right on every thread.

mod any;
mod body;
mod convert;
mod dangerous;
mod error;
mod feed;
mod greeted;
mod idle;
mod in_transaction;
mod lmtp;
mod raw_stream;
mod reactor;
mod send;
mod socket;
mod submission;
mod tls;
mod typed;

pub use any::{AnyConnection, AnyFeeding};
pub use convert::IntoBlocking;
pub use dangerous::{Dangerous, DangerousMut};
pub use error::{DataError, DataRefused, Refused, TransitionError};
pub use feed::{Feed, FeedDelivery, Feeding};
pub use raw_stream::RawStream;
pub use socket::Socket;
pub use submission::Submission;
pub use typed::Connection;
