//! AUTH between two states: who may say it where, and what comes of it.

use super::error::TransitionError;
use super::typed::Connection;
use crate::auth::Mechanism;
use crate::exchange::sasl::SaslExchange;
use crate::state::{Authed, Home};

impl<H: Home> Connection<H> {
    /// Runs the exchange to its end. `in_clear` is the door named `dangerous`.
    pub(super) async fn run_authenticate<M: Mechanism + ?Sized>(
        mut self,
        mechanism: &mut M,
        in_clear: bool,
    ) -> Result<Connection<Authed>, TransitionError<H>> {
        self.session.driver.begin_call()?;
        let verified = self.security().is_some_and(|security| security.verified);
        let answer =
            match SaslExchange::new(mechanism, self.state.capabilities(), verified || in_clear) {
                Ok(exchange) => self.session.run(exchange).await?,
                Err(refusal) => Err(refusal),
            };
        if let Err(refusal) = answer {
            return Err(TransitionError::refused(self, refusal));
        }
        self.session.driver.end_call();
        let state = Authed {
            security: self.state.security().cloned(),
            capabilities: self.state.capabilities().clone(),
        };
        Ok(Connection { session: self.session, state })
    }
}
