//! Why an authentication mechanism could not go on.

use std::error::Error;
use std::fmt::{self, Display};

use super::token::TokenError;

/// Why a mechanism could not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MechanismError(Box<Kind>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Reason(Box<str>),
    Untrusted(Box<str>),
    Token(TokenError),
}

impl MechanismError {
    /// An error with a reason, which must not hold a secret.
    pub fn new(reason: impl Into<Box<str>>) -> Self {
        Self(Box::new(Kind::Reason(reason.into())))
    }

    /// As [`new`](Self::new), of a server that has not proved who it is, or that an attacker may
    /// speak for. The exchange is not cancelled: the connection ends, with
    /// [`ProtocolError::Untrusted`](crate::error::ProtocolError::Untrusted), and nothing more is
    /// sent over it.
    pub fn untrusted(reason: impl Into<Box<str>>) -> Self {
        Self(Box::new(Kind::Untrusted(reason.into())))
    }

    /// Whether the connection ends.
    pub fn is_untrusted(&self) -> bool {
        matches!(*self.0, Kind::Untrusted(_))
    }

    /// Why there is no token, where that is the reason.
    pub fn token_error(&self) -> Option<&TokenError> {
        match &*self.0 {
            Kind::Token(error) => Some(error),
            Kind::Reason(_) | Kind::Untrusted(_) => None,
        }
    }
}

impl From<TokenError> for MechanismError {
    fn from(error: TokenError) -> Self {
        Self(Box::new(Kind::Token(error)))
    }
}

impl Display for MechanismError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Reason(reason) | Kind::Untrusted(reason) => f.write_str(reason),
            Kind::Token(error) => Display::fmt(error, f),
        }
    }
}

impl Error for MechanismError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.token_error()?.source()
    }
}
