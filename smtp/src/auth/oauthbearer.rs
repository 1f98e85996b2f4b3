//! OAUTHBEARER: an OAuth 2.0 bearer token, in the form of the standard (RFC 7628).

use std::fmt::{self, Debug};

use super::bearer::{self, ServerError};
use super::facts::Facts;
use super::mechanism::{Challenge, Mechanism, Step};
use super::refused::{AfterRefusal, RefusedAuth};
use super::template::{TemplatePart, message, saslname};
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// The mechanism OAUTHBEARER.
///
/// ```text
/// client-resp = gs2-header kvsep *kvpair kvsep        ; RFC 7628 §3.1
/// gs2-header  = "n," [ "a=" saslname ] ","
/// kvpair      = key "=" value kvsep
/// kvsep       = %x01
/// ```
///
/// A server that refuses the token first says why, in JSON: [`server_error`](Self::server_error).
///
/// ```
/// use smtp::auth::OAuthBearer;
///
/// let bearer = OAuthBearer::new("me@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")
///     .server("mail.example.com", 587);
/// ```
pub struct OAuthBearer {
    user: String,
    host: String,
    port: Option<u16>,
    /// None where only the server's reason is wanted.
    token: Option<Secret>,
    server_error: ServerError,
}

impl OAuthBearer {
    /// Authenticates with an access token, as `user`; an empty name leaves that to the token.
    pub fn new(user: impl Into<String>, token: impl Into<Secret>) -> Self {
        Self { token: Some(token.into()), ..Self::discovery(user) }
    }

    /// Sends no token, so that the server refuses and says in its reason who gives tokens for it
    /// (RFC 7628 §4.3).
    pub fn discovery(user: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            host: String::new(),
            port: None,
            token: None,
            server_error: ServerError::default(),
        }
    }

    /// Names the server that the token is for, as some servers demand.
    #[must_use]
    pub fn server(mut self, host: impl Into<String>, port: u16) -> Self {
        self.host = host.into();
        self.port = Some(port);
        self
    }

    /// The reason that the server gave for refusing the token in the last exchange, a JSON object
    /// with `status` and, where the server knows them, `scope` and `openid-configuration`
    /// (RFC 7628 §3.2.2). At most 1024 characters of it, as they came: escape them before they are
    /// shown.
    pub fn server_error(&self) -> Option<&str> {
        self.server_error.get()
    }
}

impl Mechanism for OAuthBearer {
    fn name(&self) -> &'static str {
        "OAUTHBEARER"
    }

    fn reveals_secret(&self) -> bool {
        self.token.is_some()
    }

    fn begin(&mut self, _: &Facts<'_>) -> Result<(), MechanismError> {
        self.server_error = ServerError::default();
        Ok(())
    }

    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        use TemplatePart::{Field, Required, Text};
        if let Some(token) = &self.token {
            bearer::check(&self.user, token)?;
        }
        let user = saslname(&self.user);
        let port = self.port.map(|port| port.to_string());
        let mut parts = vec![Text(b"n,")];
        if !self.user.is_empty() {
            parts.extend([Text(b"a="), Field("user", &user)]);
        }
        parts.push(Text(b",\x01"));
        if let Some(port) = &port {
            parts.extend([Text(b"host="), Required("host", &self.host)]);
            parts.extend([Text(b"\x01port="), Field("port", port), Text(b"\x01")]);
        }
        match &self.token {
            Some(token) => parts.extend([Text(b"auth=Bearer "), Required("token", token)]),
            None => parts.push(Text(b"auth=")),
        }
        parts.push(Text(b"\x01\x01"));
        message(&parts).map(Some)
    }

    /// The server waits for one byte before its final reply (RFC 7628 §3.2.3).
    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        if challenge.index() > 0 {
            return Err(challenge.unexpected());
        }
        self.server_error = ServerError::read(challenge);
        Ok(Secret::from("\x01").into())
    }

    fn refused(&mut self, _: &RefusedAuth<'_>) -> AfterRefusal {
        self.server_error.explain()
    }

    /// Without a token the server's reason is the aim, which comes in a challenge.
    fn is_one_round(&self) -> bool {
        self.token.is_some()
    }
}

impl Debug for OAuthBearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthBearer")
            .field("user", &self.user)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}
