//! Why there is no token.

use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::sync::Arc;

#[cfg(feature = "tokens")]
use crate::proto::fault::NoTimer;

/// Why a [`TokenSource`](crate::auth::TokenSource) has no token. A clone is the same error.
#[derive(Clone)]
pub struct TokenError {
    kind: TokenErrorKind,
    cause: Arc<dyn Error + Send + Sync>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenErrorKind {
    Permanent,
    Temporary,
    TimedOut,
}

impl TokenError {
    /// There will be none until something is changed: the user has withdrawn the consent, or the
    /// client's own secret is wrong. The error, or the text, must not hold a secret.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::of(TokenErrorKind::Permanent, cause)
    }

    /// There may be one later: the network has failed, or the service is overloaded. The error, or
    /// the text, must not hold a secret.
    pub fn temporary(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::of(TokenErrorKind::Temporary, cause)
    }

    /// The source was told that a token was refused, and gave it again.
    pub(crate) fn same_again() -> Self {
        Self::of(TokenErrorKind::Permanent, "it gave the refused token again")
    }

    /// The source did not answer in this time.
    #[cfg(feature = "tokens")]
    pub(crate) fn timed_out(seconds: f32) -> Self {
        Self::of(TokenErrorKind::TimedOut, format!("it did not answer within {seconds} s"))
    }

    #[cfg(feature = "tokens")]
    pub(crate) fn no_timer(error: &NoTimer) -> Self {
        let text = format!("its deadline cannot be kept: {error}; `Cached::clock` sets a clock");
        Self::of(TokenErrorKind::Permanent, text)
    }

    fn of(kind: TokenErrorKind, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, cause: cause.into().into() }
    }

    /// Whether there may be a token later.
    pub fn is_transient(&self) -> bool {
        self.kind != TokenErrorKind::Permanent
    }

    /// Whether the source did not answer before its deadline.
    pub fn is_timed_out(&self) -> bool {
        self.kind == TokenErrorKind::TimedOut
    }
}

impl Debug for TokenError {
    /// The cause by its text: an OAuth client may keep an answer with a token in its error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenError")
            .field("kind", &self.kind)
            .field("cause", &self.cause.to_string())
            .finish()
    }
}

impl PartialEq for TokenError {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && Arc::ptr_eq(&self.cause, &other.cause)
    }
}

impl Eq for TokenError {}

impl Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the source of tokens has failed: {}", self.cause)
    }
}

impl Error for TokenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.cause.as_ref())
    }
}
