//! The states of a session, and the edges between them.
//!
//! ```text
//!              starttls / upgrade(your command)
//!  connect ──► Greeted ─────────────────────────► Tls ◄── connect with implicit TLS
//!                │                                │  authenticate(mechanism) / transition(your command)
//!                │  (only through a door           ▼
//!                │   named `dangerous`)  ──────► Authed
//!                │                                │
//!                └── mail ──┬──── mail ───────────┘        (from Greeted, Tls or Authed: `Idle`)
//!                           ▼
//!                  InTransaction<Idle> ── data / bdat / reset ──► Idle
//! ```
//!
//! In a session of LMTP each of these states is inside [`Lmtp`], and the edges are the same.
//!
//! A command that ends the authentication, as XCLIENT does, leads from `Authed` to [`BeforeAuth`],
//! which becomes `Greeted` or `Tls`.
//!
//! States are closed: a caller cannot add one, or make one out of nothing. Edges are open: a
//! command of yours may declare that it keeps a state ([`ValidIn`]) or leads to another
//! ([`Transition`]). The one exception is the edge into [`Tls`], which only this library's own
//! handshake can walk.
//!
//! Each state carries the facts that belong to it, so a reply from before TLS cannot be used
//! after it.

mod before_auth;
pub(crate) mod certificate;
mod exporter;
mod lmtp;

use std::fmt::Debug;

use smtp_grammar::{Capabilities, ForwardPath, Reply};

use crate::error::refusal::Refusal;
use crate::message::named::NamedRecipients;
use crate::proto::command::{Command, CommandSpec};
use crate::proto::left_out::LeftOutList;
use crate::proto::line::Declared;
use crate::proto::stage::Stage;

pub use crate::proto::security::{PeerCertificates, Security, Verification};
pub use before_auth::BeforeAuth;
pub use certificate::CertificateFields;
pub use exporter::Exporter;
pub use lmtp::Lmtp;

/// Greeting read and EHLO (or HELO) accepted, without TLS.
#[derive(Debug)]
pub struct Greeted {
    pub(crate) capabilities: Capabilities,
}

// Facts of TLS are boxed: a connection moves from call to call.
/// As [`Greeted`], inside TLS.
#[derive(Debug)]
pub struct Tls {
    pub(crate) capabilities: Capabilities,
    pub(crate) exporter: Box<Exporter>,
}

/// Authenticated.
#[derive(Debug)]
pub struct Authed {
    pub(crate) capabilities: Capabilities,
    /// That of the state before AUTH; none where it was `Greeted`. It is for the state after a
    /// command that ends the authentication: there is no second AUTH before it.
    pub(crate) exporter: Option<Box<Exporter>>,
}

/// MAIL was accepted: the transaction takes recipients, then the message, then ends at `H`.
#[derive(Debug)]
pub struct InTransaction<H: Idle> {
    pub(crate) idle: H,
    /// Recipients that the server has accepted, also those that a command of the caller's has
    /// named.
    pub(crate) accepted: usize,
    pub(crate) declared: Declared,
    /// The recipients that the library's RCPT has named.
    pub(crate) named: NamedRecipients,
}

/// A state of a session.
///
/// Sealed: the states are [`Greeted`], [`Tls`], [`Authed`] and [`InTransaction`], [`Lmtp`] of the
/// first three, and [`BeforeAuth`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a state of an SMTP session",
    label = "not a session state",
    note = "the states are `Greeted`, `Tls`, `Authed` and `InTransaction<Idle>`"
)]
pub trait State: sealed::Sealed + Debug + Send + Sync + Sized + 'static {
    /// The capabilities that the server offers in this state.
    fn capabilities(&self) -> &Capabilities;

    /// Whether the transaction has agreed on SMTPUTF8.
    #[doc(hidden)]
    fn utf8(&self) -> bool {
        false
    }

    /// Takes note of a command that was accepted in this state.
    #[doc(hidden)]
    fn record_accepted(&mut self, _: &CommandSpec, _: Declared) {}

    /// Takes note of the parameters that the command into this state went without.
    #[doc(hidden)]
    fn record_left_out(&mut self, _: LeftOutList) {}

    /// Takes note of a recipient that was named in this state, what the server said to it, and the
    /// parameters that its command went without, unless there are so many already.
    #[doc(hidden)]
    fn record_recipient(
        &mut self,
        _: ForwardPath,
        _: Result<Reply, Refusal>,
        _: LeftOutList,
        _: usize,
    ) {
    }

    /// Replaces what EHLO said.
    #[doc(hidden)]
    fn set_capabilities(&mut self, capabilities: Capabilities);
}

/// A state between transactions: [`Greeted`], [`Tls`] or [`Authed`], and in a session of LMTP
/// [`Lmtp`] of one of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a state that a transaction can begin in",
    label = "a transaction begins in `Greeted`, `Tls` or `Authed`"
)]
pub trait Idle: State {
    /// The channel binding that an authentication in this state may use.
    #[doc(hidden)]
    fn exporter(&self) -> &Exporter;

    /// The state after AUTH was accepted in this one.
    #[doc(hidden)]
    fn into_authed(self) -> Authed;
}

/// A command that may be sent in the state `S` and leaves the session in it.
///
/// Derived from `#[smtp(valid_in(..))]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent in the state `{S}`",
    label = "not valid in `{S}`",
    note = "a command says where it is valid: `#[smtp(valid_in(..))]`; one that leads to another state is sent with `transition`, one that asks questions with `exchange`; a mechanism is for `authenticate`"
)]
pub trait ValidIn<S: State>: Command {}

/// A command that leads from the state `S` to another, once the server accepts it.
///
/// Derived from `#[smtp(transition(S => Next))]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not lead out of the state `{S}`",
    label = "no transition from `{S}`",
    note = "a command says where it leads: `#[smtp(transition({S} => ..))]`; one that stays is sent with `send`, one that asks questions with `exchange_into`"
)]
pub trait Transition<S: State>: Command {
    /// The state after the command.
    type Next: Reachable<S>;
}

/// A command whose acceptance is followed by a TLS handshake, as STARTTLS is.
///
/// Derived from `#[smtp(upgrade)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not begin a TLS handshake",
    label = "not an upgrade to TLS",
    note = "a command that the server answers by waiting for a handshake says `#[smtp(upgrade)]`"
)]
pub trait Upgrade: Command {}

/// A command that others may follow before its reply has come (RFC 2920 §3.1).
///
/// Derived from `#[smtp(pipelining)]`; a command without it is the last of its group.
#[diagnostic::on_unimplemented(
    message = "nothing can follow `{Self}` before its reply has come",
    label = "must be the last of its group (RFC 2920 §3.1)",
    note = "a command that others may follow says `#[smtp(pipelining)]`"
)]
pub trait Pipelined: Command {}

/// A command whose intermediate reply (354) opens the message content, as DATA is.
///
/// Derived from `#[smtp(content)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not open message content",
    label = "the server would not wait for content after this command",
    note = "a command that the server answers with 354 says `#[smtp(content)]`"
)]
pub trait OpensContent: Command {}

/// A command that a server answers by taking the connection over: after it there is no SMTP
/// session any more, or one with the roles turned, as after ATRN (RFC 2645).
///
/// Derived from `#[smtp(consumes(S))]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not take the connection over in the state `{S}`",
    label = "the session goes on after this command",
    note = "a command after which the session ends says `#[smtp(consumes(..))]`"
)]
pub trait TakesOver<S: State>: Command {}

/// A command whose intermediate reply (3yz) opens an exchange of its own, as AUTH does. It may be
/// sent in the state `S` and leaves the session in it, and is never sent without its exchange:
/// the server would take the next command for the answer.
///
/// Derived from `#[smtp(converses, valid_in(..))]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not open an exchange in the state `{S}`",
    label = "the server would not wait for an answer after this command",
    note = "a command that the server answers with 3yz, and then waits, says `#[smtp(converses, valid_in(..))]`; one that asks nothing is sent with `send`"
)]
pub trait ExchangeIn<S: State>: Command {}

/// As [`ExchangeIn`], of a command that leads from the state `S` to another.
///
/// Derived from `#[smtp(converses, transition(S => Next))]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not open an exchange that leads out of the state `{S}`",
    label = "no exchange leads out of `{S}` by this command",
    note = "a command that the server answers with 3yz, and that leads to another state, says `#[smtp(converses, transition({S} => ..))]`"
)]
pub trait ExchangeInto<S: State>: Command {
    /// The state after the exchange.
    type Next: Reachable<S>;
}

/// A state that a command can lead to from the state `From`.
#[diagnostic::on_unimplemented(
    message = "no command leads from the state `{From}` to the state `{Self}`",
    label = "there is no such edge",
    note = "the edges are `Greeted => Greeted`, `Tls => Tls`, `Tls => Authed`, `Authed => Authed`, `Authed => BeforeAuth`, `Idle => InTransaction<Idle>` and `InTransaction<Idle> => Idle`; only a TLS handshake leads into `Tls`: `#[smtp(upgrade)]`"
)]
pub trait Reachable<From: State>: State {
    /// Enters this state with the facts of the state before.
    #[doc(hidden)]
    fn enter(from: From) -> Self;
}

macro_rules! idle_states {
    ($($state:ident, $exporter:expr, $authed:expr;)*) => {$(
        impl State for $state {
            fn capabilities(&self) -> &Capabilities {
                &self.capabilities
            }
            fn set_capabilities(&mut self, capabilities: Capabilities) {
                self.capabilities = capabilities;
            }
        }

        impl Idle for $state {
            fn exporter(&self) -> &Exporter {
                let exporter: fn(&Self) -> &Exporter = $exporter;
                exporter(self)
            }
            fn into_authed(self) -> Authed {
                let authed: fn(Self) -> Authed = $authed;
                authed(self)
            }
        }

        impl Reachable<$state> for $state {
            fn enter(from: $state) -> Self {
                from
            }
        }
    )*};
}

idle_states! {
    Greeted, |_| Exporter::none(),
        |state| Authed { capabilities: state.capabilities, exporter: None };
    Tls, |state| &state.exporter,
        |state| Authed { capabilities: state.capabilities, exporter: Some(state.exporter) };
    Authed, |_| Exporter::none(), |state| state;
}

impl<H: Idle> State for InTransaction<H> {
    fn capabilities(&self) -> &Capabilities {
        self.idle.capabilities()
    }
    fn utf8(&self) -> bool {
        self.declared.has(Declared::UTF8)
    }
    fn record_accepted(&mut self, spec: &CommandSpec, declared: Declared) {
        if spec.stage == Stage::Rcpt {
            self.accepted += 1;
        }
        self.declared.add(declared);
    }
    fn record_left_out(&mut self, left_out: LeftOutList) {
        self.named = NamedRecipients::opened_without(left_out);
    }
    fn record_recipient(
        &mut self,
        path: ForwardPath,
        answer: Result<Reply, Refusal>,
        without: LeftOutList,
        most: usize,
    ) {
        if self.named.list.len() < most {
            self.named.add(path, answer, without, self.accepted);
        }
    }
    fn set_capabilities(&mut self, capabilities: Capabilities) {
        self.idle.set_capabilities(capabilities);
    }
}

impl Reachable<Tls> for Authed {
    fn enter(from: Tls) -> Self {
        from.into_authed()
    }
}

impl<H: Idle> Reachable<H> for InTransaction<H> {
    fn enter(from: H) -> Self {
        Self {
            idle: from,
            accepted: 0,
            declared: Declared::default(),
            named: NamedRecipients::default(),
        }
    }
}

impl<H: Idle> Reachable<InTransaction<H>> for H {
    fn enter(from: InTransaction<H>) -> Self {
        from.idle
    }
}

mod sealed {
    use super::{Authed, Greeted, Idle, InTransaction, Tls};

    pub trait Sealed {}
    impl Sealed for Greeted {}
    impl Sealed for Tls {}
    impl Sealed for Authed {}
    impl<H: Idle> Sealed for InTransaction<H> {}
}
