//! The AUTH exchange: what a mechanism says, framed for SMTP (RFC 4954 §4).

use super::Connection;
use super::error::TransitionError;
use super::session::{Answer, Session};
use crate::auth::{Challenge, Mechanism, MechanismError, Step};
use crate::command::Auth;
use crate::error::{Fault, Lost, ProtocolError, Refusal};
use crate::extension::AuthMechanisms;
use crate::proto::command::{CodePattern, Command as _};
use crate::proto::engine::{Expected, Outcome};
use crate::proto::stage::Stage;
use crate::secret::Secret;
use crate::state::{Authed, Home};

/// The code behind which a challenge stands.
const CHALLENGE: u16 = 334;

impl<H: Home> Connection<H> {
    /// Walks the exchange to its end. `in_clear` is the door named `dangerous`.
    pub(super) async fn prove<M: Mechanism + ?Sized>(
        mut self,
        mechanism: &mut M,
        in_clear: bool,
    ) -> Result<Connection<Authed>, TransitionError<H>> {
        self.session.driver.enter()?;
        let begin = match self.prepare(mechanism, in_clear) {
            Ok(begin) => begin,
            Err(refusal) => return Err(self.refused(refusal)),
        };
        match self.exchange_auth(begin, mechanism).await? {
            Ok(()) => {}
            Err(refusal) => return Err(self.refused(refusal)),
        }
        self.session.driver.leave();
        let state = Authed {
            security: self.state.security().cloned(),
            capabilities: self.state.capabilities().clone(),
        };
        Ok(Connection { session: self.session, state })
    }

    /// Everything that can be refused before an octet is sent.
    fn prepare<M: Mechanism + ?Sized>(
        &self,
        mechanism: &mut M,
        in_clear: bool,
    ) -> Result<Auth, Refusal> {
        let verified = self.security().is_some_and(|security| security.verified);
        if mechanism.reveals_secret() && !verified && !in_clear {
            return Err(Refusal::insecure(mechanism.name()));
        }
        let offered = self.capabilities().get::<AuthMechanisms>();
        if !offered.is_some_and(|offered| offered.has(mechanism.name())) {
            return Err(Refusal::mechanism_not_offered(mechanism.name()));
        }
        let initial =
            mechanism.initial_response().map_err(|error| Refusal::mechanism(error, None))?;
        Ok(Auth::new(mechanism.name(), initial))
    }

    async fn exchange_auth<M: Mechanism + ?Sized>(
        &mut self,
        begin: Auth,
        mechanism: &mut M,
    ) -> Result<Answer<()>, Lost> {
        // "If the client is transmitting an initial response of zero length, it MUST instead
        // transmit the response as a single equals sign"; one that does not fit into the line is
        // sent when the server asks for it with an empty challenge (RFC 4954 §4).
        let mut deferred = None;
        if let Err(error) = self.submit(&begin) {
            if error.is_too_long() {
                let (short, response) = begin.defer();
                deferred = response;
                if let Err(error) = self.submit(&short) {
                    return Ok(Err(Refusal::encode(Auth::SPEC.verb, error)));
                }
            } else {
                return Ok(Err(Refusal::encode(Auth::SPEC.verb, error)));
            }
        }
        let most = self.session.driver.engine().limits().challenges;
        let mut index = 0;
        for _ in 0..=most {
            let reply = match self.session.driver.reply().await? {
                Outcome::Accepted(reply) => reply,
                Outcome::Refused(reply) => {
                    return Ok(Err(Refusal::by_server(Auth::SPEC.verb, reply)));
                }
            };
            if reply.code().value() != CHALLENGE {
                if mechanism.is_complete() {
                    return Ok(Ok(()));
                }
                return Err(self.session.violation(ProtocolError::UnverifiedSuccess(reply)));
            }
            let mut lines = reply.lines();
            let text = lines.next().unwrap_or_default();
            if lines.next().is_some() {
                return Err(self.session.violation(ProtocolError::Unexpected(reply.clone())));
            }
            let step = match deferred.take() {
                Some(response) if text.is_empty() => Ok(Step::Respond(response)),
                Some(_) => Err(MechanismError::new(
                    "the server sent a challenge where it must ask for the initial response",
                )),
                None => {
                    index += 1;
                    mechanism.respond(Challenge::new(index - 1, text))
                }
            };
            match step.and_then(|step| self.fitting(step)) {
                Ok(response) => self.session.respond(&response),
                Err(error) => return self.session.cancel(error).await.map(Err),
            }
        }
        Err(self.session.violation(ProtocolError::TooManyChallenges(most)))
    }
}

impl<H: Home> Connection<H> {
    /// The response of a step, when it is no longer than the limit.
    fn fitting(&mut self, step: Step) -> Result<Secret, MechanismError> {
        let Step::Respond(response) = step;
        let most = self.session.driver.engine().limits().auth_line;
        if response.expose().len().div_ceil(3) * 4 + 2 > most {
            let reason = format!("the response has more than {most} octets: raise the limit");
            return Err(MechanismError::new(reason));
        }
        Ok(response)
    }
}

impl Session {
    /// Queues a response. A response that is too long for any server is the server's to refuse.
    fn respond(&mut self, response: &Secret) {
        self.driver.engine().submit_response(
            response.expose(),
            Expected { stage: Stage::Auth, accepts: Auth::SPEC.accepts, reply_lines: None },
        );
    }

    /// Cancels the exchange: "the server MUST reject the AUTH command by sending a 501 reply"
    /// (RFC 4954 §4). Any refusal will do; a success is a violation.
    async fn cancel(&mut self, error: MechanismError) -> Result<Refusal, Lost> {
        const NONE: &[CodePattern] = &[];
        self.driver.engine().submit_cancel(Expected {
            stage: Stage::Auth,
            accepts: NONE,
            reply_lines: None,
        });
        let (Outcome::Accepted(reply) | Outcome::Refused(reply)) = self.driver.reply().await?;
        Ok(Refusal::mechanism(error, Some(reply)))
    }

    /// Ends the connection because the server broke the protocol.
    pub(super) fn violation(&mut self, error: ProtocolError) -> Lost {
        self.driver.fail(Fault::Protocol(error)).into()
    }
}
