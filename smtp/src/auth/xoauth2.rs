//! XOAUTH2: an OAuth 2.0 bearer token, as Google and Microsoft take it.

use super::bearer::{self, ServerError};
use super::facts::Facts;
use super::mechanism::{Challenge, Mechanism, Step};
use super::refused::{AfterRefusal, RefusedAuth};
use super::template::{TemplatePart, message};
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// The mechanism XOAUTH2.
///
/// ```text
/// "user=" {user} ^A "auth=Bearer " {token} ^A ^A
/// ```
///
/// A server that refuses the token may first say why, in JSON:
/// [`server_error`](Self::server_error).
#[derive(Debug)]
pub struct XOauth2 {
    user: String,
    token: Secret,
    server_error: ServerError,
}

impl XOauth2 {
    /// Authenticates as `user` with an access token.
    pub fn new(user: impl Into<String>, token: impl Into<Secret>) -> Self {
        let server_error = ServerError::default();
        Self { user: user.into(), token: token.into(), server_error }
    }

    /// The reason that the server gave for refusing the token in the last exchange, a JSON object
    /// with `status`. At most 1024 characters of it, as they came: escape them before they are
    /// shown.
    pub fn server_error(&self) -> Option<&str> {
        self.server_error.get()
    }
}

impl Mechanism for XOauth2 {
    fn name(&self) -> &'static str {
        "XOAUTH2"
    }

    fn reveals_secret(&self) -> bool {
        true
    }

    fn begin(&mut self, _: &Facts<'_>) -> Result<(), MechanismError> {
        self.server_error = ServerError::default();
        Ok(())
    }

    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        use TemplatePart::{Required, Text};
        bearer::check(&self.user, &self.token)?;
        let (user, token) = (Required("user", &self.user), Required("token", &self.token));
        let parts = [Text(b"user="), user, Text(b"\x01auth=Bearer "), token, Text(b"\x01\x01")];
        message(&parts).map(Some)
    }

    /// The server waits for an empty line before its final reply.
    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        if challenge.index() > 0 {
            return Err(challenge.unexpected());
        }
        self.server_error = ServerError::read(challenge);
        Ok(Secret::default().into())
    }

    fn refused(&mut self, _: &RefusedAuth<'_>) -> AfterRefusal {
        self.server_error.explain()
    }

    fn is_one_round(&self) -> bool {
        true
    }
}
