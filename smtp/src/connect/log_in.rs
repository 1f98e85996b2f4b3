//! The way of a submission into TLS, and through its login.

use super::open::unreached;
use super::submission::Submission;
use crate::any_error::Error;
use crate::auth::Mechanism;
use crate::connection::{Connection, TransitionError};
use crate::error::lost::Lost;
use crate::net::{Service, TlsConfig, TlsConfigError};
use crate::proto::fault::Fault;
use crate::proto::stage::Stage;
use crate::state::{Authed, State, Tls};

impl<A> Submission<A> {
    /// Connects and authenticates.
    pub(super) async fn log_in<M: Mechanism + ?Sized>(
        &self,
        mechanism: &mut M,
    ) -> Result<Connection<Authed>, Error> {
        let connection = self.secure().await?;
        let mut connection = or_quit(if self.unverified_login {
            connection.dangerous().authenticate(mechanism).await
        } else {
            connection.authenticate(mechanism).await
        })
        .await?;
        if self.hello_after_auth
            && let Err(error) = connection.ehlo().await
        {
            let _ = connection.quit().await;
            return Err(error);
        }
        Ok(connection)
    }

    /// Connects, and goes on inside TLS.
    pub(super) async fn secure(&self) -> Result<Connection<Tls>, Error> {
        let tls = self.tls_config().map_err(unusable)?;
        let greeted = match self.discovery() {
            None if self.implicit => return Connection::connect_tls(&self.server, &tls).await,
            None => Connection::connect_extended(&self.server, &tls).await?,
            Some(discovery) => {
                let all = [Service::Submissions, Service::Submission];
                let services = if self.implicit { &all[..1] } else { &all };
                let found = self.server.discover(discovery, services, self.own_port).await;
                match found.map_err(unreached)? {
                    (Service::Submissions, approach) => {
                        return Connection::connect_tls_by(&self.server, approach, &tls).await;
                    }
                    (Service::Submission, approach) => {
                        Connection::connect_by(&self.server, approach, true).await?
                    }
                }
            }
        };
        or_quit(greeted.starttls(&tls).await).await
    }

    pub(super) fn tls_config(&self) -> Result<TlsConfig, TlsConfigError> {
        self.tls.clone().map_or_else(default_tls, Ok)
    }
}

/// Says QUIT to a server that has refused what the session cannot go on without: the caller does
/// not get the connection.
pub(super) async fn or_quit<T, S: State>(moved: Result<T, TransitionError<S>>) -> Result<T, Error> {
    match moved {
        Ok(moved) => Ok(moved),
        Err(TransitionError::Lost(lost)) => Err(lost.into()),
        Err(TransitionError::Refused(refused)) => {
            // The refusal decides, whether QUIT arrives or not.
            let _ = refused.connection.quit().await;
            Err(refused.refusal.into())
        }
    }
}

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub(super) fn default_tls() -> Result<TlsConfig, TlsConfigError> {
    TlsConfig::shared()
}

#[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
pub(super) fn default_tls() -> Result<TlsConfig, TlsConfigError> {
    Err(TlsConfigError::no_provider())
}

/// This machine has no authority to verify a server by, or this build no cryptography. Neither
/// passes.
fn unusable(error: TlsConfigError) -> Error {
    let fault = Fault::Local(std::io::Error::new(std::io::ErrorKind::Unsupported, error));
    Lost::new(fault, Some(Stage::Handshake)).into()
}
