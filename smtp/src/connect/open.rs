//! Connections to a server: over TCP or a stream that is open, in clear or inside TLS.

use std::sync::Arc;
use std::time::Duration;

use super::capability_cache::Policy;
use super::server::{Begins, Server};
use crate::any_error::Error;
use crate::connection::Connection;
use crate::connection::session::Session;
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::net::{Approach, Reached, TlsConfig, Transport};
use crate::proto::attempt::Attempt;
use crate::proto::fault::Fault;
use crate::proto::stage::Stage;
use crate::state::{Greeted, State, Tls};

impl Connection<Greeted> {
    /// Connects to a server and says EHLO (or HELO, to a server that does not know EHLO).
    ///
    /// # Errors
    ///
    /// [`Error::Lost`] when no address answers or the server closes, also with a 421;
    /// [`Error::Refused`] when it refuses the session with its greeting, or EHLO: after QUIT the
    /// connection is then closed. A server that speaks TLS from the first byte is one
    /// of the first kind, for which
    /// [`Lost::suggests_implicit_tls`](crate::Lost::suggests_implicit_tls) holds.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn connect(server: &Server) -> Result<Self, Error> {
        let begins = Begins::InClear;
        remembering(server, begins, Policy::Clear, |session, early| {
            Self::open(session, false, early)
        })
        .await
    }

    /// As [`connect`](Self::connect), for a session that goes on with STARTTLS or not at all: a
    /// server that does not know EHLO is not asked with HELO.
    pub(super) async fn connect_extended(server: &Server, tls: &TlsConfig) -> Result<Self, Error> {
        let policy = Policy::StartTls(tls.config());
        remembering(server, Begins::InClear, policy, |session, early| {
            Self::open(session, true, early)
        })
        .await
    }

    /// As [`connect`](Self::connect), by addresses that were found otherwise. `extended` is as in
    /// `connect_extended`. Nothing is remembered of it: the records decide who the server is.
    pub(super) async fn connect_by(
        server: &Server,
        approach: Approach<'_>,
        extended: bool,
    ) -> Result<Self, Error> {
        let open = |session| Self::open(session, extended, false);
        to_first_of(server, approach, Begins::InClear, open).await
    }

    /// As [`connect`](Self::connect), over a stream that is already open. Its greeting is not read
    /// yet.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Cancellation
    ///
    /// As [`connect`](Self::connect).
    pub async fn from_stream(stream: impl Transport, server: &Server) -> Result<Self, Error> {
        Self::open(server.session_over(stream, Begins::InClear), false, false).await
    }
}

impl Connection<Tls> {
    /// Connects to a server that speaks TLS from the first byte (RFC 8314 §3), usually at port
    /// 465, and says EHLO.
    ///
    /// # Errors
    ///
    /// [`Error::Lost`] when no address answers, the handshake fails, or the server closes, also
    /// with a 421; [`Error::Refused`] when it refuses the session with its greeting, or EHLO: after
    /// QUIT the connection is then closed. A server that speaks clear text makes the
    /// handshake fail with
    /// [`HandshakeErrorKind::ClearText`](crate::error::HandshakeErrorKind::ClearText).
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn connect_tls(server: &Server, tls: &TlsConfig) -> Result<Self, Error> {
        let policy = Policy::Implicit(tls.config());
        remembering(server, Begins::InTls, policy, |session, early| {
            Self::open_tls(session, tls, early)
        })
        .await
    }

    /// As [`connect_tls`](Self::connect_tls), by addresses that were found otherwise. Nothing is
    /// remembered of it.
    pub(super) async fn connect_tls_by(
        server: &Server,
        approach: Approach<'_>,
        tls: &TlsConfig,
    ) -> Result<Self, Error> {
        let open = |session| Self::open_tls(session, tls, false);
        to_first_of(server, approach, Begins::InTls, open).await
    }

    /// As [`connect_tls`](Self::connect_tls), over a stream that is already open.
    ///
    /// # Errors
    ///
    /// As [`connect_tls`](Self::connect_tls).
    ///
    /// # Cancellation
    ///
    /// As [`connect_tls`](Self::connect_tls).
    pub async fn from_tls_stream(
        stream: impl Transport,
        server: &Server,
        tls: &TlsConfig,
    ) -> Result<Self, Error> {
        Self::open_tls(server.session_over(stream, Begins::InTls), tls, false).await
    }
}

/// Opens a session with the first address that takes one; EHLO leaves before the greeting where the
/// last session allows it.
async fn remembering<S: State, F>(
    server: &Server,
    begins: Begins,
    policy: Policy,
    open: impl Fn(Box<Session>, bool) -> F,
) -> Result<Connection<S>, Error>
where
    F: Future<Output = Result<Connection<S>, Error>>,
{
    let Some(memory) = server.memory(policy) else {
        return to_first(server, begins, |session| open(session, false)).await;
    };
    let early = memory.recall().is_some();
    let mut opened = to_first(server, begins, |session| open(session, early)).await;
    if early && let Err(error) = &opened {
        memory.forget();
        if may_follow_from_early(error) {
            opened = to_first(server, begins, |session| open(session, false)).await;
            if opened.is_ok() {
                memory.wait_from_now_on();
            }
        }
    }
    if let Ok(connection) = &opened {
        memory.keep(connection.capabilities());
    }
    opened
}

/// Whether a server that has not taken what left early may be the reason. One that takes too long
/// may have lost it; but its time is used up.
pub(super) fn may_follow_from_early(error: &Error) -> bool {
    match error {
        Error::Refused(refusal) => {
            refusal.reply().is_some() && [Refusal::GREETING, "EHLO"].contains(&refusal.command())
        }
        Error::Lost(lost) => match lost.fault() {
            Fault::Closed | Fault::Closing(_) | Fault::Io(_) => true,
            Fault::Protocol(error) => !error.is_attack(),
            _ => false,
        },
        _ => false,
    }
}

/// Opens a session with the first address that takes one.
pub(super) async fn to_first<C, F>(
    server: &Server,
    begins: Begins,
    open: impl Fn(Box<Session>) -> F,
) -> Result<C, Error>
where
    F: Future<Output = Result<C, Error>>,
{
    to_first_of(server, server.approach().map_err(unreached)?, begins, open).await
}

/// As [`to_first`], by addresses that were found otherwise.
async fn to_first_of<C, F>(
    server: &Server,
    mut approach: Approach<'_>,
    begins: Begins,
    open: impl Fn(Box<Session>) -> F,
) -> Result<C, Error>
where
    F: Future<Output = Result<C, Error>>,
{
    // Of the addresses that took no session: the error that says most.
    let mut decisive: Option<Ended> = None;
    loop {
        let (connected, reached) = match approach.next().await {
            Ok(next) => next,
            Err(fault) => {
                let error = decisive.map_or_else(|| unreached(fault).into(), |ended| ended.error);
                return Err(with_attempts(error, approach.into_tried()));
            }
        };
        let error = match open(server.session_to(&reached, connected, begins)).await {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        let tries_next = tries_next(&error);
        let took = approach.since(&reached);
        let mut ended = Ended { error, reached, took };
        if let Some(mut before) = decisive.take() {
            if tries_next && has_spoken(&before.error) && !has_spoken(&ended.error) {
                std::mem::swap(&mut before, &mut ended);
            }
            approach.record(before.attempt());
        }
        if !tries_next || !approach.has_more() {
            return Err(with_attempts(ended.error, approach.into_tried()));
        }
        decisive = Some(ended);
    }
}

/// The error of a call that has no stream.
pub(super) fn unreached(fault: Fault) -> Lost {
    Lost::new(fault, Some(Stage::Connect))
}

/// A session that did not begin.
struct Ended {
    error: Error,
    reached: Reached,
    took: Duration,
}

impl Ended {
    fn attempt(self) -> Attempt {
        Attempt::new(self.reached.address, Arc::new(self.error), self.took)
    }
}

/// Whether another address of the same server may take the session: this one has ended it before it
/// greeted, or greeted with 4yz. All else would come from each of them, or would have the client
/// go on as if it had not been said.
fn tries_next(error: &Error) -> bool {
    match error {
        Error::Refused(refusal) => refusal.command() == Refusal::GREETING && refusal.is_transient(),
        Error::Lost(lost) if before_greeting(lost) => match lost.fault() {
            Fault::Closed | Fault::Io(_) => true,
            Fault::Closing(reply) => reply.code().is_transient(),
            _ => false,
        },
        _ => false,
    }
}

/// Whether the server has not greeted: TLS from the first byte comes before that.
fn before_greeting(lost: &Lost) -> bool {
    matches!(lost.stage(), Some(Stage::Greeting | Stage::Handshake))
}

/// Whether the server has said why: that says more than an address that did not.
fn has_spoken(error: &Error) -> bool {
    error.reply().is_some()
}

fn with_attempts(error: Error, tried: Vec<Attempt>) -> Error {
    match error {
        Error::Lost(lost) => Error::Lost(lost.with_attempts(tried)),
        Error::Refused(refusal) => Error::Refused(refusal.with_attempts(tried)),
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::fault::ProtocolError;

    /// A session that shows a third side is no reason to try once more.
    #[test]
    fn an_attack_is_not_followed_by_another_connection() {
        let lost = |error: ProtocolError| Lost::new(error.into(), None);
        let attacks =
            [ProtocolError::InjectedBeforeTls, ProtocolError::Untrusted("no proof".into())];
        for error in attacks {
            assert!(!may_follow_from_early(&lost(error).into()));
        }
        let error = ProtocolError::Surplus;
        assert!(may_follow_from_early(&lost(error).into()), "a server that is out of step may be");
    }
}
