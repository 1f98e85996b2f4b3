//! The AUTH exchange: what a mechanism says, framed for SMTP (RFC 4954 §4).

use smtp_grammar::{Capabilities, Reply};

use super::{Answer, Exchange, Need, reset};
use crate::auth::{Challenge, Mechanism, Step};
use crate::command::Auth;
use crate::error::blame::Blame;
use crate::error::lost::Lost;
use crate::error::mechanism::MechanismError;
use crate::error::refusal::Refusal;
use crate::extension::AuthMechanisms;
use crate::proto::command::Command as _;
use crate::proto::engine::{Engine, Expected, Outcome};
use crate::proto::fault::{Fault, ProtocolError};
use crate::proto::stage::Stage;
use crate::secret::Secret;

/// The code of a challenge.
const CHALLENGE: u16 = 334;

/// The reply to AUTH, and to each response.
const EXPECTED: Expected =
    Expected { stage: Stage::Auth, accepts: Auth::SPEC.accepts, reply_lines: None };

/// The reply to a cancelled exchange: "the server MUST reject the AUTH command by sending a 501
/// reply" (RFC 4954 §4). Any refusal will do; a success is a violation.
const CANCELLED: Expected = Expected { stage: Stage::Auth, accepts: &[], reply_lines: None };

/// An authentication, from AUTH to its final reply.
pub(crate) struct SaslExchange<'m, M: ?Sized> {
    mechanism: &'m mut M,
    capabilities: Capabilities,
    begin: Option<Auth>,
    begun: bool,
    /// An initial response that did not fit into the line of AUTH.
    deferred: Option<Secret>,
    /// Challenges so far, and those that the mechanism has seen.
    challenges: usize,
    index: usize,
    /// Why the mechanism gave up.
    cancelled: Option<MechanismError>,
    refusal: Option<Refusal>,
}

impl<'m, M: Mechanism + ?Sized> SaslExchange<'m, M> {
    /// Finds everything that can be refused before a byte is sent. `trusted` says that a secret may
    /// be revealed.
    pub(crate) fn new(
        mechanism: &'m mut M,
        capabilities: &Capabilities,
        trusted: bool,
    ) -> Result<Self, Refusal> {
        if mechanism.reveals_secret() && !trusted {
            return Err(Refusal::insecure(mechanism.name()));
        }
        let offered = capabilities.get::<AuthMechanisms>();
        if !offered.is_some_and(|offered| offered.has(mechanism.name())) {
            return Err(Refusal::mechanism_not_offered(mechanism.name()));
        }
        let initial = mechanism.initial_response().map_err(Refusal::not_tried)?;
        let begin = Some(Auth::new(mechanism.name(), initial));
        Ok(Self {
            mechanism,
            capabilities: capabilities.clone(),
            begin,
            begun: false,
            deferred: None,
            challenges: 0,
            index: 0,
            cancelled: None,
            refusal: None,
        })
    }

    fn submit(&mut self, engine: &mut Engine) {
        if !std::mem::replace(&mut self.begun, true) {
            reset::submit_if_due(engine);
        }
        if !engine.may_submit() {
            return;
        }
        let Some(begin) = self.begin.take() else {
            return;
        };
        // "If the client is transmitting an initial response of zero length, it MUST instead
        // transmit the response as a single equals sign"; one that does not fit into the line is
        // sent when the server asks for it with an empty challenge (RFC 4954 §4).
        let submitted = match engine.submit(&begin, &self.capabilities, false) {
            Err(error) if error.is_too_long() => {
                let (short, response) = begin.defer();
                self.deferred = response;
                engine.submit(&short, &self.capabilities, false)
            }
            submitted => submitted,
        };
        if let Err(error) = submitted {
            self.refusal = Some(Refusal::encode(Auth::SPEC.verb, error));
        }
    }

    /// Takes a reply; none where the exchange goes on.
    fn take(&mut self, engine: &mut Engine, outcome: Outcome) -> Result<Option<Answer<()>>, Fault> {
        if let Some(error) = self.cancelled.take() {
            let (Outcome::Accepted(reply) | Outcome::Refused(reply)) = outcome;
            return Ok(Some(Err(Refusal::gave_up(error, Blame::Peer, Some(reply)))));
        }
        let reply = match outcome {
            Outcome::Accepted(reply) => reply,
            Outcome::Refused(reply) => {
                return Ok(Some(Err(Refusal::by_server(Auth::SPEC.verb, reply))));
            }
        };
        if reply.code().value() == CHALLENGE {
            return self.respond(engine, &reply).map(|()| None);
        }
        if self.mechanism.is_complete() {
            return Ok(Some(Ok(())));
        }
        Err(engine.end(ProtocolError::UnverifiedSuccess(reply).into()))
    }

    fn respond(&mut self, engine: &mut Engine, reply: &Reply) -> Result<(), Fault> {
        let most = engine.limits().challenges;
        if self.challenges >= most {
            return Err(engine.end(ProtocolError::TooManyChallenges(most).into()));
        }
        self.challenges += 1;
        let mut lines = reply.lines();
        let text = lines.next().unwrap_or_default();
        if lines.next().is_some() {
            return Err(engine.end(ProtocolError::Unexpected(reply.clone()).into()));
        }
        let step = match self.deferred.take() {
            Some(response) if text.is_empty() => Ok(Step::Respond(response)),
            Some(_) => Err(MechanismError::new(
                "the server sent a challenge where it must ask for the initial response",
            )),
            None => {
                self.index += 1;
                self.mechanism.respond(Challenge::new(self.index - 1, text))
            }
        };
        match step.and_then(|step| fitting(engine, step)) {
            Ok(response) => engine.submit_response(response.expose(), EXPECTED),
            Err(error) => {
                engine.submit_cancel(CANCELLED);
                self.cancelled = Some(error);
            }
        }
        Ok(())
    }
}

/// The response of a step, when it is no longer than the limit.
fn fitting(engine: &Engine, step: Step) -> Result<Secret, MechanismError> {
    let Step::Respond(response) = step;
    let most = engine.limits().auth_line;
    if response.expose().len().div_ceil(3) * 4 + 2 > most {
        let reason = format!("the response has more than {most} octets: raise the limit");
        return Err(MechanismError::new(reason));
    }
    Ok(response)
}

impl<M: Mechanism + ?Sized> Exchange for SaslExchange<'_, M> {
    type Output = Result<Answer<()>, Lost>;

    fn advance(&mut self, engine: &mut Engine) -> Result<Need<Self::Output>, Fault> {
        loop {
            self.submit(engine);
            if !engine.awaits_reply()
                && let Some(refusal) = self.refusal.take()
            {
                return Ok(Need::Done(Ok(Err(refusal))));
            }
            let Some(head) = engine.next_reply()? else {
                return Ok(Need::Reply);
            };
            if head.automatic {
                reset::settle(engine, &head)?;
                continue;
            }
            let outcome = engine.take(&head);
            if let Some(answer) = self.take(engine, outcome)? {
                return Ok(Need::Done(Ok(answer)));
            }
        }
    }

    fn lost(&mut self, _: &Engine, lost: Lost) -> Self::Output {
        // Why the mechanism gave up is nearer to the cause than what came after.
        Err(match self.cancelled.take() {
            Some(error) => lost.after(Refusal::gave_up(error, Blame::Peer, None)),
            None => lost,
        })
    }
}
