//! AUTH between two states: the states in which it may be sent, and the state after it.

use super::error::TransitionError;
use super::typed::Connection;
use crate::auth::{Facts, Mechanism};
use crate::error::refusal::Refusal;
use crate::exchange::sasl::SaslExchange;
use crate::state::{Authed, Idle};

impl<H: Idle> Connection<H> {
    /// Runs the exchange to its end. `in_clear` is the door named `dangerous`.
    pub(super) async fn run_authenticate<M: Mechanism + ?Sized>(
        mut self,
        mechanism: &mut M,
        in_clear: bool,
    ) -> Result<Connection<Authed>, TransitionError<H>> {
        self.session.driver.begin_call()?;
        let answer = match self.exchange_of(mechanism, in_clear) {
            Ok(exchange) => self.session.run(exchange).await?,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = answer {
            return Err(TransitionError::refused(self, refusal));
        }
        self.session.driver.end_call();
        let state = Authed {
            security: self.state.security().cloned().map(Box::new),
            capabilities: self.state.capabilities().clone(),
        };
        Ok(Connection { session: self.session, state })
    }

    /// Tells the mechanism where it is, and begins its exchange.
    fn exchange_of<'m, M: Mechanism + ?Sized>(
        &self,
        mechanism: &'m mut M,
        in_clear: bool,
    ) -> Result<SaslExchange<'m, M>, Refusal> {
        let (security, capabilities) = (self.state.security(), self.state.capabilities());
        let mut facts = Facts::new(self.session.server_name(), capabilities)
            .with_exporter(self.state.exporter());
        if let Some(security) = security {
            facts = facts.with_security(security);
        }
        if in_clear {
            facts = facts.dangerous();
        }
        SaslExchange::new(mechanism, &facts, capabilities)
    }
}
