//! Where access tokens come from.

use std::fmt::{self, Debug};
use std::pin::Pin;
use std::time::Duration;

use crate::error::TokenError;
use crate::secret::Secret;

/// A source of OAuth 2.0 access tokens, which [`Credentials::token_source`] asks once for each
/// connection, and once more where the server refuses the token.
///
/// A function that takes a [`Need`] and gives a future is one. No OAuth client is part of this
/// library: the guide shows [two sources](crate::guide::authentication) of other crates.
/// [`Cached`](crate::connect::Cached) keeps the token of a source for all connections.
///
/// [`Credentials::token_source`]: super::Credentials::token_source
///
/// ```
/// use std::time::Duration;
///
/// use smtp::auth::{AccessToken, Credentials, Need};
///
/// let source = |_: Need| async {
///     // Asks the provider.
///     Ok(AccessToken::new("ya29.a0AfH6SMB").expires_in(Duration::from_secs(3600)))
/// };
/// let credentials = Credentials::token_source("me@example.com", source);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of access tokens",
    note = "a function that takes a `Need` is one: `|need: Need| async move {{ Ok(AccessToken::new(\"...\")) }}`"
)]
pub trait TokenSource: Send + Sync {
    /// Gets a token. A panic reaches the caller of `authenticate`; [`Cached`](crate::connect::Cached)
    /// makes an error of it.
    ///
    /// # Errors
    ///
    /// [`TokenError`], when there is none.
    ///
    /// # Cancellation
    ///
    /// The future may be dropped at any await, when the caller of the connection goes away.
    fn token(&self, need: Need) -> TokenFuture;
}

/// The wait for a token. It borrows nothing: a source clones what it needs.
pub type TokenFuture = Pin<Box<dyn Future<Output = Result<AccessToken, TokenError>> + Send>>;

impl<F, R> TokenSource for F
where
    F: Fn(Need) -> R + Send + Sync,
    R: Future<Output = Result<AccessToken, TokenError>> + Send + 'static,
{
    fn token(&self, need: Need) -> TokenFuture {
        Box::pin(self(need))
    }
}

/// Why a token is asked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Need {
    /// A connection authenticates.
    Authentication,
    /// A server has refused this token: another is needed, although this one may not have expired.
    Refused(Secret),
}

#[cfg(feature = "tokens")]
impl Need {
    /// Whether this token is the one that was refused.
    pub(crate) fn refuses(&self, token: &AccessToken) -> bool {
        matches!(self, Self::Refused(refused) if refused.expose() == token.secret.expose())
    }

    /// Whether both are for the same refusal, or the other one is for none.
    pub(crate) fn refuses_as(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Authentication) => true,
            (Self::Refused(one), Self::Refused(other)) => one.expose() == other.expose(),
            (Self::Authentication, Self::Refused(_)) => false,
        }
    }
}

/// An access token, and how long it is valid.
#[derive(Clone)]
pub struct AccessToken {
    secret: Secret,
    expires_in: Option<Duration>,
}

impl AccessToken {
    /// A token, valid until a server refuses it.
    pub fn new(token: impl Into<Secret>) -> Self {
        Self { secret: token.into(), expires_in: None }
    }

    /// The same, valid for this time from now: `expires_in` of RFC 6749 §5.1.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.expires_in = Some(lifetime);
        self
    }

    /// The token.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// How long it is valid, counted from when the source gave it.
    pub fn lifetime(&self) -> Option<Duration> {
        self.expires_in
    }
}

impl Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("secret", &self.secret)
            .field("expires_in", &self.expires_in)
            .finish()
    }
}
