//! The events of a destination, as `tracing` and the counters get them. None names a person, and
//! none has a secret or content: replies and errors go out as codes and kinds alone.
//!
//! No lock of a destination is held in a call from here: a subscriber may come back to the pool.

use smtp::connect::SessionKey;
use smtp::{Error, Receipt};
use tracing::field::Empty;
use tracing::{Span, debug, debug_span, warn};

use crate::ending::Ending;
use crate::error::SendError;
use crate::facade::Stopwatch;
use crate::line::Facts;
use crate::meters::Meters;
use crate::outcome::{Outcome, kind_of_open, kind_of_send, status_code};

/// A destination as observers see it.
#[derive(Debug)]
pub(crate) struct Observed {
    address: String,
    port: u16,
    pub(crate) meters: Meters,
}

impl Observed {
    pub(crate) fn new(key: Option<&SessionKey>) -> Self {
        let port = key.map_or(0, SessionKey::port);
        // A URL in place of a host may hold a password: the key shows the host without it.
        let mut address = key.map(SessionKey::to_string).unwrap_or_default();
        address.truncate(address.rfind(':').unwrap_or_default());
        let meters = Meters::new(&address, port);
        Self { address, port, meters }
    }

    /// The span of a connection, from the attempt to open it until its end.
    pub(crate) fn connection(&self) -> Span {
        debug_span!(
            target: "smtp_pool",
            parent: None,
            "connection",
            otel.kind = "client",
            server.address = self.address.as_str(),
            server.port = self.port,
            network.peer.address = Empty,
            smtp_pool.connection.id = Empty,
            "error.type" = Empty,
            smtp.status_code = Empty,
        )
    }

    /// A connection is open.
    pub(crate) fn opened(&self, facts: &Facts) {
        self.meters.opened();
        facts.span.record("smtp_pool.connection.id", facts.id);
        if let Some(peer) = facts.peer.filter(|_| !facts.span.is_disabled()) {
            facts.span.record("network.peer.address", peer.ip().to_string());
        }
        debug!(target: "smtp_pool", parent: &facts.span, "connection opened");
    }

    /// A connection could not be opened.
    pub(crate) fn failed(&self, span: &Span, error: &Error) {
        self.meters.failed();
        span.record("error.type", kind_of_open(error));
        if let Some(reply) = error.reply() {
            span.record("smtp.status_code", reply.code().value());
        }
        debug!(target: "smtp_pool", parent: span, "connection not opened");
    }

    /// A connection has ended.
    pub(crate) fn ended(&self, facts: &Facts) {
        let reason = facts.ending();
        self.meters.ended(reason);
        if matches!(reason, Ending::Lost | Ending::Server | Ending::Stalled) {
            facts.span.record("error.type", reason.name());
        }
        debug!(
            target: "smtp_pool",
            parent: &facts.span,
            reason = reason.name(),
            messages = facts.given(),
            "connection ended"
        );
    }

    /// The server is left alone from now on, or no longer is.
    #[cold]
    pub(crate) fn suspended(&self, suspended: bool) {
        self.meters.suspended(suspended);
        let (address, port) = (self.address.as_str(), self.port);
        if suspended {
            warn!(
                target: "smtp_pool",
                { server.address = address, server.port = port },
                "the server cannot be reached, and is left alone for a while"
            );
        } else {
            debug!(
                target: "smtp_pool",
                { server.address = address, server.port = port },
                "the server can be reached again"
            );
        }
    }

    /// The server has refused the credentials.
    #[cold]
    pub(crate) fn login_refused(&self) {
        self.meters.login_refused();
        warn!(
            target: "smtp_pool",
            { server.address = self.address.as_str(), server.port = self.port },
            "the server refused the credentials, which are not tried again for a while"
        );
    }

    /// A message begins.
    pub(crate) fn send(&self, recipients: usize) -> Sending<'_> {
        let span = debug_span!(
            target: "smtp_pool",
            "send",
            otel.kind = "client",
            server.address = self.address.as_str(),
            server.port = self.port,
            network.peer.address = Empty,
            smtp_pool.recipients = recipients,
            smtp_pool.connection.id = Empty,
            smtp_pool.message.number = Empty,
            "error.type" = Empty,
            smtp.status_code = Empty,
        );
        Sending { observed: self, span, since: Stopwatch::start(), outcome: Outcome::Cancelled }
    }
}

/// A message of a caller, until it has its result or the caller has gone.
pub(crate) struct Sending<'a> {
    observed: &'a Observed,
    pub(crate) span: Span,
    since: Stopwatch,
    outcome: Outcome,
}

impl Sending<'_> {
    /// This connection gets it, as its message of this number.
    #[inline]
    pub(crate) fn placed(&self, facts: &Facts, number: u64) {
        if !self.span.is_disabled() {
            self.record_place(facts, number);
        }
    }

    #[cold]
    fn record_place(&self, facts: &Facts, number: u64) {
        self.span.record("smtp_pool.connection.id", facts.id);
        self.span.record("smtp_pool.message.number", number);
        if let Some(peer) = facts.peer {
            self.span.record("network.peer.address", peer.ip().to_string());
        }
    }

    /// It has its result.
    #[inline]
    pub(crate) fn finish(&mut self, result: &Result<Receipt, SendError>) {
        self.outcome = Outcome::of(result);
        if !self.span.is_disabled() {
            self.record_result(result);
        }
    }

    #[cold]
    fn record_result(&self, result: &Result<Receipt, SendError>) {
        if let Err(error) = result {
            self.span.record("error.type", kind_of_send(error));
        }
        if let Some(code) = status_code(result) {
            self.span.record("smtp.status_code", code);
        }
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        self.observed.meters.sent(self.outcome, self.since);
    }
}
