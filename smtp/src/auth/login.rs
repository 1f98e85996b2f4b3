//! LOGIN: name and password, one at a time (draft-murchison-sasl-login, obsolete and everywhere).

use smtp_derive::SmtpCommand;

use crate::secret::Secret;

/// The mechanism LOGIN.
///
/// The server's prompts are ignored, as their text differs from server to server: the first is
/// answered with the name, the second with the password. No initial response is sent, which some
/// servers refuse.
#[derive(Debug, SmtpCommand)]
#[smtp(mechanism = "LOGIN", respond("{user}", "{password}"), reveals_secret)]
pub struct Login {
    #[smtp(nonempty)]
    user: String,
    #[smtp(nonempty)]
    password: Secret,
}

impl Login {
    /// Authenticates as `user`.
    pub fn new(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self { user: user.into(), password: password.into() }
    }
}
