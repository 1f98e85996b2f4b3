//! The states of a session of LMTP (RFC 2033).

use smtp_grammar::Capabilities;

use super::{Authed, Exporter, Idle, Reachable, State, Tls, sealed};

/// The state `S` in a session of LMTP (RFC 2033), which begins with LHLO: `Lmtp<Greeted>`,
/// `Lmtp<Tls>` or `Lmtp<Authed>`.
///
/// A session goes through these states as one of SMTP does, and offers the same calls, but for
/// those of EHLO: a server of LMTP must not be asked with EHLO or HELO (§4.1). The server answers a
/// message for each recipient that it has accepted (§4.2).
///
/// A command that says `valid_in(any)`, `valid_in(Idle)` or `transition(Idle => ..)` may be sent in
/// these states too. One that names `Greeted`, `Tls` or `Authed` is of SMTP alone.
#[derive(Debug)]
pub struct Lmtp<S: Idle>(pub(crate) S);

impl<S: Idle> State for Lmtp<S> {
    fn capabilities(&self) -> &Capabilities {
        self.0.capabilities()
    }
    fn set_capabilities(&mut self, capabilities: Capabilities) {
        self.0.set_capabilities(capabilities);
    }
}

impl<S: Idle> Idle for Lmtp<S> {
    fn exporter(&self) -> &Exporter {
        self.0.exporter()
    }
    fn into_authed(self) -> Authed {
        self.0.into_authed()
    }
}

impl<S: Idle> Reachable<Self> for Lmtp<S> {
    fn enter(from: Self) -> Self {
        from
    }
}

impl Reachable<Lmtp<Tls>> for Lmtp<Authed> {
    fn enter(from: Lmtp<Tls>) -> Self {
        Self(Authed::enter(from.0))
    }
}

impl<S: Idle> sealed::Sealed for Lmtp<S> {}
