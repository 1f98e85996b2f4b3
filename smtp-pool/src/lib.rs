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
//! | a message that a queue can keep | [`Message`] |
//! | to know whether the server can be used | [`Pool::check`] |
//! | an application that is tested without a server | [`SendMail`], `testing::Outbox` (feature `testing`) |
//! | layers of tower before it | [`Pool`] as a `Service` (feature `tower`) |
//! | a connection for yourself: commands, typed sessions | [`Pool::check_out`] |
//! | many destinations | [`Pools::to`] |
//! | to see and to end connections | [`Pool::connections`], [`Pool::abort`], [`Pool::close`] |
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

mod bound;
mod breaker;
mod check;
mod destination;
mod error;
mod gate;
mod line;
mod loan;
mod message;
mod opening;
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
pub use retry::{Retry, RetryError, RetryErrorKind, Retrying, Schedule};
pub use send_mail::{SendMail, Sending};
pub use session::Session;
pub use settings::Settings;
pub use snapshot::{Activity, ConnectionInfo};

/// The README's program is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
