//! Groups of commands that go out in one flight, each with a reply of its own type, at the index of
//! its command.
//!
//! ```no_run
//! use smtp::Connection;
//! use smtp::command::{Mail, Rcpt};
//! use smtp::state::Authed;
//!
//! async fn send(
//!     authed: Connection<Authed>,
//!     sender: smtp::Mailbox,
//!     recipients: Vec<smtp::Mailbox>,
//!     body: &[u8],
//! ) -> Result<Connection<Authed>, smtp::Error> {
//!     let (authed, (_, rcpts, message)) = authed
//!         .pipeline()
//!         .mail(Mail::from(sender))
//!         .each(recipients.iter().cloned().map(Rcpt::to))
//!         .data(body)
//!         .await;
//!     for (recipient, outcome) in recipients.iter().zip(&rcpts) {
//!         println!("{recipient}: {outcome}");
//!     }
//!     println!("the message: {}", message.end);
//!     Ok(authed?)
//! }
//! ```
//!
//! A group is built command by command, and the compiler checks each one in the state that the
//! earlier ones lead to, as [`Connection`](crate::Connection) does: RCPT before MAIL, a message
//! without DATA, a command after NOOP do not compile. It is sent when it is awaited, and gives
//! the connection and the outcomes, one for each entry, in the order of the group.
//!
//! | you add | others may follow | the outcome |
//! |---|---|---|
//! | [`mail`](Pipeline::mail), [`rcpt`](Pipeline::rcpt), [`reset`](Pipeline::reset), [`send`](Pipeline::send), [`transition`](Pipeline::transition) | yes | [`Outcome`] of the reply |
//! | [`each`](Pipeline::each) | yes | a `Vec` of those |
//! | [`data`](Pipeline::data), [`content`](Pipeline::content) | yes, in the next flight | [`Message`] |
//! | [`last`](Pipeline::last), [`last_transition`](Pipeline::last_transition), [`quit`](Pipeline::quit) | no (RFC 2920 §3.1) | [`Outcome`] of the reply |
//!
//! Commands of yours join by what they declare: `valid_in(..)` or `transition(..)` says where, and
//! `pipelining` that others may follow.
//!
//! # Flights
//!
//! Everything up to DATA leaves in one flight. Once every reply to it was read, the content, its
//! final dot and the commands up to the next DATA are the next flight. A RSET is put between a
//! message and what follows it, so that recipients of the next one can never join a transaction
//! that a server kept. A server without PIPELINING gets one command at a time, and the outcomes are
//! the same, except that commands which mean nothing after a refused one are then not even sent.
//!
//! # Refusals
//!
//! No reply is lost, also when the connection is: each entry has its [`Outcome`]. No
//! content leaves unless MAIL, a recipient and DATA were accepted. A server that asks for content
//! although it has accepted no recipient gets a lone dot; one that asks for it for a recipient that
//! it has accepted without a sender would deliver an empty message, so the connection is closed
//! ([`Fault::Abandoned`](crate::error::Fault::Abandoned)). A command that cannot be written counts
//! as refused, and is left out. Where a transaction may still be open, RSET goes before the first
//! command of the next call.
//!
//! The result depends on the state in which the group ends: [`PipelineEnd`].
//!
//! # Cancellation
//!
//! Dropping a group, or its future, closes the connection. Before a final dot has left, the server
//! then drops the message; after that, the server may have delivered it.
//!
//! # Files
//!
//! | file | the question it answers |
//! |---|---|
//! | `builder` | how is a group built? |
//! | `rules` | which command may stand where? |
//! | `running` | what does awaiting a group do? |
//! | `end` | what is handed back? |
//! | `exchange/pipeline` | how does a group go out, and what if something is refused? |

mod builder;
mod end;
mod rules;
mod running;

pub use crate::exchange::pipeline::{Append, Entries, Message, NotSent, Outcome, OutcomeEntry};
pub use builder::{Closed, Pipeline};
pub use end::{AfterQuit, AfterTransition, PipelineEnd};
pub use rules::{PipelinedIn, PipelinedTransition, StartsData, StartsTransaction};
pub use running::RunPipeline;
