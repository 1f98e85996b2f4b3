//! An SMTP client in which a command is a type that you can define, and the session is a type
//! that makes wrong order impossible.
//!
//! It speaks SMTP and nothing else: mails come in encoded, and go out to the recipients that the
//! server accepts; the caller can read every reply.
//!
//! # Three levels
//!
//! | level | you say | you touch |
//! |---|---|---|
//! | deliver | "I have this mail; send it with this credential" | [`Submission`], [`Connection::deliver`], [`Connection::feed`] |
//! | session | "STARTTLS, then AUTH, then these commands, in one flight" | [`Connection<S>`](Connection), [`pipeline`], [`command`], [`auth`] |
//! | protocol | "send exactly this command of mine, and read its reply into this type" | [`SmtpCommand`](derive@SmtpCommand), [`Command`], [`Mechanism`] |
//!
//! # The session
//!
//! ```text
//!              starttls / upgrade(your command)
//!  connect ──► Greeted ─────────────────────────► Tls ◄── connect_tls
//!                │                                │  authenticate(mechanism) / transition(your command)
//!                │  dangerous().authenticate      ▼
//!                └──────────────────────────►  Authed
//!
//!  Greeted, Tls or Authed (a Idle) ── mail ──► InTransaction<Idle> ── data / bdat / reset ──► Idle
//! ```
//!
//! A [`Connection`] is in one of these [states](state). A command that keeps the state borrows it,
//! one that moves takes it, and a command in the wrong state does not compile. A session of LMTP
//! goes through the same states, each inside [`Lmtp`](state::Lmtp).
//!
//! # Commands in one flight
//!
//! Commands that need not wait for each other go out together where the server offers PIPELINING,
//! and one at a time where it does not. The order is checked by the compiler, and each reply has
//! its own type and stands at the index of its command:
//!
//! ```no_run
//! # #[cfg(feature = "tokio")]
//! # async fn send(authed: smtp::Connection<smtp::state::Authed>, sender: smtp::Mailbox,
//! #     rcpts: Vec<smtp::command::Rcpt>, body: &[u8]) -> Result<(), smtp::Error> {
//! use smtp::command::Mail;
//!
//! let group = authed.pipeline().mail(Mail::from(sender)).each(rcpts).data(body);
//! let (authed, (mail, rcpts, message)) = group.await;
//! if let Some(receipt) = message.end.accepted() {
//!     let accepted = rcpts.iter().filter(|rcpt| rcpt.is_accepted()).count();
//!     println!("for {accepted} recipients, queued as {:?}", receipt.queue_id());
//! } else {
//!     println!("MAIL: {mail}. The message: {}", message.end);
//! }
//! authed?.quit().await?;
//! # Ok(())
//! # }
//! ```
//!
//! [`pipeline`] says which command may stand where, and what becomes of one that is refused.
//!
//! # A connection of many callers
//!
//! [`Connection::feed`] turns a connection into a [`Feed`](connection::Feed), which can be cloned
//! and takes messages, and a future that sends them. A message that the connection did not send is
//! handed back ([`Unsent::into_message`](error::Unsent::into_message)). [`Connection::deliver_all`]
//! and [`Connection::deliver_stream`] send the messages of one caller, and say why they
//! [stopped](connection::Stopped).
//!
//! # A command of your own
//!
//! ```
//! use std::net::IpAddr;
//!
//! use smtp::SmtpCommand;
//!
//! /// Tells a server that trusts us which client we speak for.
//! #[derive(SmtpCommand)]
//! #[smtp(verb = "XCLIENT", requires = "XCLIENT", accepts(220), transition(Tls => Tls), resets)]
//! struct XClient {
//!     #[smtp(param = "ADDR", xtext)]
//!     addr: IpAddr,
//!     #[smtp(param = "NAME", xtext)]
//!     name: Option<String>,
//! }
//! ```
//!
//! The chapters of the guide go on from here: [connecting](guide::connecting), [in fewer round
//! trips](guide::round_trips), [over LMTP](guide::lmtp),
//! [authentication](guide::authentication), [the content of a message](guide::content), [a
//! command](guide::command), [one by hand](guide::by_hand), [one that asks](guide::exchanges),
//! [a mechanism](guide::mechanism),
//! [parameters of MAIL and RCPT](guide::parameters), [keywords of EHLO](guide::capabilities),
//! [every attribute](guide::attributes), [every error](guide::errors).
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `tokio` | yes | connections on tokio; without it, what commands and mechanisms are made of |
//! | `aws-lc-rs`, `ring` | `aws-lc-rs` | the cryptography of rustls |
//! | `platform-verifier`, `native-roots`, `webpki-roots` | `platform-verifier` | whom to trust by default: [`TlsConfig::new`] |
//! | `idn` | yes | internationalised domain names |
//! | `gssapi` | no | the mechanisms GSSAPI, GS2-KRB5, GS2-KRB5-PLUS and GSS-SPNEGO, with a Kerberos ticket |
//! | `legacy-auth` | no | the mechanisms CRAM-MD5, DIGEST-MD5, NTLM and OTP, for servers that have nothing better |
//! | `scram` | yes | the mechanisms SCRAM-SHA-1, -224, -256, -384, -512 and their -PLUS forms |
//! | `stream` | yes | messages from a `Stream` of futures-core |
//! | `tokens` | yes | access tokens that many connections share: [`connect::Cached`] |
//! | `fs` | yes | messages from files, read on threads of tokio |
//! | `proxy` | no | connections through SOCKS5, SOCKS4A and HTTP CONNECT: `transport::proxy` |
//! | `proxy-protocol` | no | the PROXY protocol: `transport::ProxyProtocol` |
//! | `hickory` | no | a resolver that speaks DNS itself, and finds the servers of a domain: `transport::HickoryResolver` |
//! | `blocking` | no | the same connections for programs without a runtime: [`blocking`] |
//! | `testing` | no | a scripted peer and a capture server for tests |

// Without the driver some of the values that the rest is about are never built, or have no public
// path.
#![cfg_attr(not(feature = "tokio"), allow(dead_code, unreachable_pub, unused_imports))]

// The derive names `::smtp`, here as in any other crate.
extern crate self as smtp;

mod any_error;
pub mod auth;
#[cfg(feature = "blocking")]
pub mod blocking;
pub mod command;
mod command_exchange;
#[cfg(feature = "tokio")]
pub mod connect;
#[cfg(feature = "tokio")]
pub mod connection;
pub mod error;
mod exchange;
mod exclusive;
pub mod extension;
#[cfg(any(doc, feature = "testing"))]
pub mod guide;
pub mod message;
#[cfg(feature = "tokio")]
mod net;
#[cfg(feature = "gssapi")]
mod off_thread;
mod proto;
mod secret;
pub mod state;
#[cfg(feature = "testing")]
pub mod testing;
pub mod trace;
#[cfg(feature = "tokio")]
pub mod transport;

/// The crate whose `Bytes` bodies and replies are made of, in the version that this one uses.
#[doc(no_inline)]
pub use bytes;
pub use smtp_derive::{SmtpCommand, SmtpReply};
pub use smtp_grammar as grammar;
pub use smtp_grammar::{Mailbox, Reply};
/// The crate whose `ClientConfig` [`TlsConfig::from_rustls`] takes, in the version that this one
/// uses.
#[cfg(feature = "tokio")]
#[doc(no_inline)]
pub use tokio_rustls::rustls;

pub use auth::{Login, Mechanism, Plain};
pub use command::Command;
#[cfg(feature = "tokio")]
pub use connect::{Server, Submission};
#[cfg(feature = "tokio")]
pub use connection::{Connection, pipeline};
pub use error::{DeliverError, Error, Lost, Refusal};
pub use message::{Body, Envelope, Policy, Receipt, Transfer};
#[cfg(feature = "tokio")]
pub use net::TlsConfig;
pub use secret::Secret;

/// The README's programs are compiled with the tests.
#[cfg(all(doctest, feature = "tokio"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// The items that derived code uses. They are no part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use core::option::Option::{self, None, Some};
    pub use core::result::Result::{self, Err, Ok};

    pub use crate::auth::template::{TemplatePart, any_secret, message, saslname};
    pub use crate::proto::command::reads;
    pub use crate::proto::parts::{code, enhanced, reply};
    pub use crate::proto::reply::{
        key, keys, lines, lines_from_str, optional_text, optional_word, required_key, text,
        text_from_str, word,
    };
    pub use crate::proto::wrappers::{is_default, is_empty, join, prefixed, xtext};
    pub use crate::secret::{base64, encoded, hidden};
}
