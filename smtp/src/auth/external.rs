//! EXTERNAL: the server already knows who the client is, from its certificate (RFC 4422 App. A).

use smtp_derive::SmtpCommand;

/// The mechanism EXTERNAL.
///
/// ```text
/// extern-message = [authzid]      ; RFC 4422 App. A.1
/// ```
///
/// It reveals nothing: what authenticates is outside of SMTP, as a TLS client certificate is.
#[derive(Debug, Default, SmtpCommand)]
#[smtp(mechanism = "EXTERNAL", initial = "{authzid}")]
pub struct External {
    authzid: String,
}

impl External {
    /// Authenticates as the identity that the server has already established for this client.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks to act as this user.
    #[must_use]
    pub fn acting_as(mut self, authzid: impl Into<String>) -> Self {
        self.authzid = authzid.into();
        self
    }
}
