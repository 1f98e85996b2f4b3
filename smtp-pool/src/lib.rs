//! Connections of SMTP that are kept open, and shared by all callers.
//!
//! A [`Pool`] takes messages from any number of tasks and sends them over few connections, each of
//! which it keeps full: the messages of all callers are in one pipeline. It opens connections when
//! they are needed and within bounds, sees when one is gone, and closes those that have nothing to
//! do. [`Pools`] does so for many destinations under one bound.
//!
//! | you want | you use |
//! |---|---|
//! | to send a message | [`Pool::send`] |
//! | to send it again until it is delivered | [`Pool::retry`] |
//! | to send all messages of a stream | `Pool::send_all` (feature `stream`) |
//! | a queue that outlives the program | [`Message`], [`Pending`], [`Retry::attempt`] (feature `serde`) |
//! | to know whether the server can be used | [`Pool::check`] |
//! | an application that is tested without a server | [`SendMail`], `testing::Outbox` (feature `testing`) |
//! | layers of tower before it | [`Pool`] as a `Service` (feature `tower`) |
//! | a connection for yourself: commands, typed sessions | [`Pool::check_out`] |
//! | many destinations | [`Pools::to`] |
//! | bounds, times and rates | [`Settings`], [`Rate`], [`Breaker`] |
//! | to see and to end connections | [`Pool::connections`], [`Pool::abort`], [`Pool::close`], and those of [`Pools`] |
//!
//! # A refused login
//!
//! Each attempt with a wrong password counts at the server, which may lock the account. So one
//! connection logs in at a time as long as none has logged in; when the server refuses the
//! credentials, every caller that waits gets [`Reason::Credentials`], and so does every one that
//! comes in the next 60 seconds. Then one attempt is made, and each refusal doubles the pause, up to
//! an hour.
//!
//! # A server that is gone
//!
//! A server may close a connection at any time. The pool sees it at once; a message that was given
//! to it meanwhile, and of which nothing was sent, goes over another one. A server that cannot be
//! reached at all is left alone for a while: [`Breaker`].
//!
//! # Any way to a server
//!
//! A pool takes every [opener](smtp::connect::OpenSession) of `smtp`: a [`Submission`](smtp::Submission) with a
//! password, with tokens that are refreshed or with a client certificate, a
//! [`Server`](smtp::Server) in clear, any of them through a proxy or over a Unix socket, or a function
//! that opens a connection, such as one of [LMTP](smtp::guide::lmtp). The chapters on
//! [connecting](smtp::guide::connecting) and [authentication](smtp::guide::authentication) show each.
//!
//! A pool works inside a runtime of tokio. A program without `async` makes one that has a thread of
//! its own, and waits for each result with
//! [`Handle::block_on`](tokio::runtime::Handle::block_on): the connections are then kept open, and
//! watched, while the program does something else.
//!
//! # Looking into a pool
//!
//! [`Pool::connections`] says what each connection does: the step it is at, the message it is at by
//! its number, and how far it is. [`Settings::stalled`] ends those that make no progress.
//!
//! Spans and events go to `tracing`, with the target `smtp_pool`. None has an address of a person, a
//! secret, or the text of a reply.
//!
//! | span (DEBUG) | from | until |
//! |---|---|---|
//! | `connection` | the attempt to open it | its end |
//! | `send` | the call | the result of the message |
//!
//! | attribute | value |
//! |---|---|
//! | `server.address`, `server.port` | the host and the port that the caller named |
//! | `network.peer.address` | the IP address at the other end |
//! | `error.type` | the kind of the error, in one word |
//! | `smtp.status_code` | the code of the reply that decided |
//! | `smtp_pool.connection.id` | [`ConnectionInfo::id`] |
//! | `smtp_pool.message.number` | the number of the message on its connection, from 1: [`ConnectionInfo::current`] |
//! | `smtp_pool.recipients` | how many recipients the message has |
//!
//! With the feature `metrics`, the instruments of this table go to the facade of that name. Each
//! has the labels `server.address` and `server.port`. Install the recorder before the pool is made.
//!
//! | name | kind | label of its own | counts |
//! |---|---|---|---|
//! | `smtp_pool.connections.open` | gauge | | connections that are open |
//! | `smtp_pool.connections.opened` | counter | | connections that were opened |
//! | `smtp_pool.connections.failed` | counter | | attempts to open one that failed |
//! | `smtp_pool.connections.ended` | counter | `reason`: `idle`, `age`, `limit`, `room`, `server`, `lost`, `stalled`, `aborted`, `closed`, `lent` | connections that ended |
//! | `smtp_pool.messages` | counter | `outcome`: `delivered`, `refused`, `lost`, `unknown`, `not_sent`, `cancelled` | messages that callers gave |
//! | `smtp_pool.place.duration` | histogram | | seconds that a message waited for a place on a connection |
//! | `smtp_pool.send.duration` | histogram | | seconds until a message had its result |
//! | `smtp_pool.callers.waiting` | gauge | | callers that wait for a place, or for a connection |
//! | `smtp_pool.suspended` | gauge | | 1 while the server is left alone ([`Breaker`]) |
//! | `smtp_pool.logins.refused` | counter | | credentials that the server refused |

mod bound;
mod breaker;
mod check;
mod closing;
mod destination;
mod ending;
mod error;
mod facade;
mod gate;
mod lane;
mod learned;
mod line;
mod loan;
mod message;
mod meters;
mod observed;
mod opening;
mod outcome;
mod pool;
mod pools;
mod rate;
mod report;
mod retry;
mod runner;
#[cfg(feature = "stream")]
mod send_all;
mod send_mail;
#[cfg(feature = "tower")]
mod service;
mod session;
mod settings;
mod snapshot;
mod stale;
#[cfg(feature = "testing")]
pub mod testing;
mod wait;

pub use breaker::Breaker;
pub use error::{NotSent, Reason, SendError};
pub use loan::Ticket;
pub use message::{Content, Message, Repeatable};
pub use pool::Pool;
pub use pools::Pools;
pub use rate::Rate;
pub use report::{Attempt, AttemptResult, Outcome, RecipientReport, Report};
pub use retry::{Attempted, Pending, Retry, RetryError, RetryErrorKind, Retrying, Schedule};
pub use send_mail::{SendMail, Sending};
pub use session::Session;
pub use settings::Settings;
pub use snapshot::{Activity, ConnectionInfo};

/// The README's program is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
