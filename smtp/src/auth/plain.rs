//! PLAIN: name and password in one message (RFC 4616).

use smtp_derive::SmtpCommand;

use crate::secret::Secret;

/// The mechanism PLAIN.
///
/// ```text
/// message = [authzid] UTF8NUL authcid UTF8NUL passwd      ; RFC 4616 §2
/// ```
///
/// The password reaches the server as it is, so it is only sent inside verified TLS.
#[derive(Debug, SmtpCommand)]
#[smtp(mechanism = "PLAIN", initial = "{authzid}\0{authcid}\0{password}", reveals_secret)]
pub struct Plain {
    authzid: String,
    #[smtp(nonempty)]
    authcid: String,
    #[smtp(nonempty)]
    password: Secret,
}

impl Plain {
    /// Authenticates as `user`.
    pub fn new(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self { authzid: String::new(), authcid: user.into(), password: password.into() }
    }

    /// Asks to act as another user than the one who authenticates.
    #[must_use]
    pub fn acting_as(mut self, authzid: impl Into<String>) -> Self {
        self.authzid = authzid.into();
        self
    }
}
