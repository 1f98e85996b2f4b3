//! AUTH between two states: the states in which it may be sent, and the state after it.

use std::time::SystemTime;

use super::error::TransitionError;
use super::typed::Connection;
use crate::auth::{Facts, Mechanism};
use crate::error::mechanism::MechanismError;
use crate::error::refusal::Refusal;
use crate::exchange::sasl::SaslExchange;
use crate::state::{Authed, Idle, Security};

impl<H: Idle> Connection<H> {
    /// Runs the exchange to its end. `in_clear` is the door named `dangerous`.
    pub(super) async fn run_authenticate<M: Mechanism + ?Sized>(
        mut self,
        mechanism: &mut M,
        in_clear: bool,
    ) -> Result<Connection<Authed>, TransitionError<H>> {
        self.session.driver.begin_call()?;
        if !self.session.has_door() {
            return Err(TransitionError::refused(self, Refusal::not_tried(opportunistic())));
        }
        let server_name = self.session.server_name().to_owned();
        let security = self.session.driver.security().cloned();
        let (state, session) = (&self.state, &mut self.session);
        let facts = facts(&server_name, state, security.as_deref(), in_clear);
        let answer = match SaslExchange::new(mechanism, facts, state.capabilities()) {
            Ok(exchange) => session.run(exchange).await?,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = answer {
            return Err(TransitionError::refused(self, refusal));
        }
        self.session.driver.end_call();
        Ok(self.into_authed())
    }

    /// The connection, after AUTH was accepted.
    pub(super) fn into_authed(self) -> Connection<Authed> {
        Connection { session: self.session, state: self.state.into_authed() }
    }
}

/// The facts that a mechanism begins with. `in_clear` is the door named `dangerous`.
pub(super) fn facts<'f, H: Idle>(
    server_name: &'f str,
    state: &'f H,
    security: Option<&'f Security>,
    in_clear: bool,
) -> Facts<'f> {
    let mut facts = Facts::new(server_name, state.capabilities());
    if let Some(security) = security {
        facts = facts.with_security(security);
    }
    if in_clear {
        facts = facts.dangerous();
    }
    facts.with_exporter(state.exporter()).with_time(SystemTime::now())
}

fn opportunistic() -> MechanismError {
    MechanismError::new(
        "the connection is one of opportunistic TLS, which takes any server and clear text: \
         connect with `Submission` to authenticate",
    )
}
