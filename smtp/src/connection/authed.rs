//! The calls of the state `Authed`: everything that can be done between transactions, with an
//! identity.
//!
//! There is no second AUTH: after a success the server must refuse it (RFC 4954 §4).

use super::typed::Connection;
use crate::state::Authed;

impl Connection<Authed> {
    /// Whether the session is inside verified TLS. It is not when authentication went through a
    /// door named `dangerous`.
    pub fn is_verified(&self) -> bool {
        self.security().is_some_and(|security| security.verified)
    }
}
