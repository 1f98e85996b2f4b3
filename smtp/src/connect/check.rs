//! A look at a submission server: everything up to the first message, and no message.

use std::fmt::{self, Display};

use smtp_grammar::Capabilities;

use super::kind::{NoMechanism, WithMechanism, WithMechanismFrom, WithoutTls};
use super::submission::Submission;
use super::url::UrlCredentials;
use crate::any_error::Error;
use crate::auth::Mechanism;
use crate::connection::Connection;
use crate::state::{Idle, Security};

/// The facts of a session that [`Submission::check`] has opened and ended.
///
/// As text it has one line for each of them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckReport {
    /// The capabilities that the server offers a client who is about to send mail.
    pub capabilities: Capabilities,
    /// The security that TLS gave to the session; `None` in clear.
    pub security: Option<Security>,
    /// The mechanism that the server has accepted; `None` without credentials.
    pub mechanism: Option<String>,
}

impl CheckReport {
    /// Takes the facts, and ends the session. The answer to QUIT decides nothing.
    async fn of<H: Idle>(connection: Connection<H>, mechanism: Option<String>) -> Self {
        let capabilities = connection.capabilities().clone();
        let security = connection.security().cloned();
        let _ = connection.quit().await;
        Self { capabilities, security, mechanism }
    }
}

impl Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.security {
            None => writeln!(f, "TLS: none")?,
            Some(Security { protocol, cipher_suite, verified, .. }) => {
                let verified = if *verified { "verified" } else { "not verified" };
                writeln!(f, "TLS: {protocol}, {cipher_suite}, the server is {verified}")?;
            }
        }
        match &self.mechanism {
            None => writeln!(f, "login: none")?,
            Some(name) => writeln!(f, "login: {}", name.escape_default())?,
        }
        f.write_str("offers:")?;
        let mut separator = " ";
        for (keyword, _) in self.capabilities.iter() {
            write!(f, "{separator}{keyword}")?;
            separator = ", ";
        }
        Ok(())
    }
}

impl Submission<NoMechanism> {
    /// Connects, ends the session, and reports what was found: for a settings dialog, or a look
    /// before the first message.
    ///
    /// ```no_run
    /// use smtp::{Plain, Submission};
    ///
    /// # async fn look() -> Result<(), smtp::Error> {
    /// let submission = Submission::new("mail.example.com");
    /// println!("{}", submission.auth(Plain::new("me@example.com", "secret")).check().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn check(&self) -> Result<CheckReport, Error> {
        Ok(CheckReport::of(self.connect().await?, None).await)
    }
}

impl Submission<WithoutTls> {
    /// Connects, ends the session, and reports what was found.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn check(&self) -> Result<CheckReport, Error> {
        Ok(CheckReport::of(self.connect().await?, None).await)
    }
}

impl<M: Mechanism> Submission<WithMechanism<M>> {
    /// Connects, authenticates, ends the session, and reports what was found.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn check(self) -> Result<CheckReport, Error> {
        let (submission, mut mechanism) = self.into_parts();
        submission.check_with(&mut mechanism).await
    }
}

impl<M: Mechanism, F: Fn() -> M> Submission<WithMechanismFrom<F>> {
    /// Connects, authenticates, ends the session, and reports what was found.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn check(&self) -> Result<CheckReport, Error> {
        self.check_with(&mut self.mechanism()).await
    }
}

impl Submission<UrlCredentials> {
    /// Connects, authenticates where the URL has a user and a password, ends the session, and
    /// reports what was found.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection.
    pub async fn check(&self) -> Result<CheckReport, Error> {
        match self.mechanism() {
            Some(mut mechanism) => self.check_with(&mut mechanism).await,
            None => Ok(CheckReport::of(self.secure().await?, None).await),
        }
    }
}

impl<A> Submission<A> {
    async fn check_with<M: Mechanism>(&self, mechanism: &mut M) -> Result<CheckReport, Error> {
        let connection = self.log_in(mechanism).await?;
        Ok(CheckReport::of(connection, Some(mechanism.name().to_owned())).await)
    }
}
