//! The door of a submission to a login at a server that is not verified.

use super::kind::{NoMechanism, WithMechanism, WithMechanismFrom};
use super::submission::Submission;
use crate::auth::Mechanism;

impl Submission<NoMechanism> {
    /// Opens the door to credentials for a server that is not verified, because the [TLS
    /// configuration](Self::tls) [accepts any
    /// certificate](crate::transport::DangerousTlsConfig::accept_any_certificate). Each host on the way to
    /// the server can take its place, and gets the password and the mail.
    ///
    /// ```no_run
    /// use smtp::{Plain, Submission, TlsConfig};
    ///
    /// # async fn send() -> Result<(), Box<dyn std::error::Error>> {
    /// // A test server in a network of its own. To trust one server whose certificate no root
    /// // vouches for, pin it instead.
    /// let tls = TlsConfig::builder().dangerous().accept_any_certificate().build()?;
    /// let mail = Submission::new("mail.test.example")
    ///     .tls(tls)
    ///     .dangerous()
    ///     .auth(Plain::new("me", "secret"))
    ///     .connect()
    ///     .await?;
    /// assert!(mail.security().is_some_and(|security| !security.verified));
    /// # Ok(())
    /// # }
    /// ```
    pub fn dangerous(mut self) -> DangerousSubmission {
        self.unverified_login = true;
        DangerousSubmission(self)
    }
}

/// A submission for credentials that a server gets which is not verified.
#[derive(Clone, Debug)]
#[must_use]
pub struct DangerousSubmission(Submission<NoMechanism>);

impl DangerousSubmission {
    /// As [`Submission::auth`], also at a server that is not verified.
    pub fn auth<M: Mechanism>(self, mechanism: M) -> Submission<WithMechanism<M>> {
        self.0.auth(mechanism)
    }

    /// As [`Submission::auth_with`], also at a server that is not verified.
    pub fn auth_with<M, F>(self, make: F) -> Submission<WithMechanismFrom<F>>
    where
        M: Mechanism,
        F: Fn() -> M,
    {
        self.0.auth_with(make)
    }
}
