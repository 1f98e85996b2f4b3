//! The facts that the engine keeps, as a connection reads them.

use std::net::SocketAddr;
use std::sync::Arc;

use super::Driver;
use crate::proto::left_out::LeftOutList;
use crate::proto::limits::Limits;
use crate::proto::security::Security;
use crate::proto::stage::Stage;

impl Driver {
    /// The facts of TLS; none in clear.
    pub(crate) fn security(&self) -> Option<&Arc<Security>> {
        self.engine.security()
    }

    /// The address at the other end of a socket of TCP.
    pub(crate) fn peer_address(&self) -> Option<SocketAddr> {
        self.stream.peer_address()
    }

    /// The step whose reply is waited for, or that content is being sent.
    #[inline]
    pub(crate) fn stage(&self) -> Option<Stage> {
        self.engine.stage()
    }

    /// How many bytes have left since the connection began, as they stand inside TLS.
    #[inline]
    pub(crate) fn sent(&self) -> u64 {
        self.engine.sent()
    }

    /// How many replies the server has given.
    #[inline]
    pub(crate) fn replies(&self) -> u64 {
        self.engine.replies()
    }

    /// The session ends: a RSET that is due is not worth saying.
    pub(crate) fn forget_reset(&mut self) {
        self.engine.facts.end_transaction();
    }

    /// The limits on what the server may send.
    pub(crate) fn limits(&self) -> &Limits {
        self.engine.limits()
    }

    /// How often MAIL was sent.
    pub(crate) fn transactions(&self) -> u64 {
        self.engine.transactions()
    }

    /// Takes the optional parameters that the latest command went without.
    pub(crate) fn take_left_out(&mut self) -> LeftOutList {
        self.engine.take_left_out()
    }
}
