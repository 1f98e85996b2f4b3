//! The AUTH exchange (RFC 4954 §4): the responses of a mechanism, framed for SMTP, and the wait
//! until the mechanism has them.

mod first;

use std::task::{Context, Poll};

pub(super) use first::FirstReply;
use smtp_grammar::{Capabilities, Reply};

use super::{CommandResult, Exchange, Need, reset};
use crate::auth::{AfterRefusal, Challenge, Facts, Mechanism, RefusedAuth, Step};
use crate::command::{Auth, ExchangeAuth};
use crate::error::blame::Blame;
use crate::error::lost::Lost;
use crate::error::mechanism::MechanismError;
use crate::error::refusal::Refusal;
use crate::proto::command::Command as _;
use crate::proto::engine::{Engine, Expected, Outcome};
use crate::proto::fault::{Fault, ProtocolError};
use crate::proto::line::{Audience, EncodeError};
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

/// The most AUTH commands of one call. Each mechanism that a mechanism of several names may try is
/// one or two; without an end a mechanism could keep the call and the server busy.
const MAX_BEGINNINGS: usize = 32;

/// An authentication, from its first look at the connection to its final reply.
pub(crate) struct SaslExchange<'m, M: ?Sized> {
    mechanism: &'m mut M,
    facts: Facts<'m>,
    capabilities: Capabilities,
    phase: Phase,
    /// The mechanism is ready, or never will be; kept until its response is asked for.
    ready: Option<Result<(), MechanismError>>,
    /// It was not ready when it was polled, so the server has waited for it.
    waited: bool,
    /// AUTH, until the server takes commands.
    begin: Option<Auth>,
    /// AUTH with an initial response, until the server answers it.
    sent: Option<Auth>,
    /// An initial response that is sent when the server asks for it: it did not fit into the line
    /// of AUTH, or the server takes none there.
    deferred: Option<Secret>,
    /// Challenges so far, and how many of them the mechanism has answered.
    challenges: usize,
    index: usize,
    /// Why the mechanism gave up, and whose fault it is.
    cancelled: Option<(MechanismError, Blame)>,
    refusal: Option<Refusal>,
    beginnings: usize,
    /// The refusal after which the mechanism has begun again.
    earlier: Option<Reply>,
}

/// The side whose next message is waited for.
enum Phase {
    /// The mechanism: AUTH was not sent, and waits for the initial response.
    Opening,
    /// The server.
    Reply,
    /// The mechanism: it owes the response to this challenge. `seen` says that it has read the
    /// challenge, and asked for the time to answer.
    Challenged { challenge: Reply, seen: bool },
}

impl<'m, M: Mechanism + ?Sized> SaslExchange<'m, M> {
    /// Begins the mechanism.
    ///
    /// # Errors
    ///
    /// The reason why nothing is sent: the mechanism cannot begin, it would reveal a secret
    /// where none may be revealed, or the server does not offer it.
    pub(crate) fn new(
        mechanism: &'m mut M,
        facts: Facts<'m>,
        capabilities: &Capabilities,
    ) -> Result<Self, Refusal> {
        let mut exchange = Self {
            mechanism,
            facts,
            capabilities: capabilities.clone(),
            phase: Phase::Opening,
            ready: None,
            waited: false,
            begin: None,
            sent: None,
            deferred: None,
            challenges: 0,
            index: 0,
            cancelled: None,
            refusal: None,
            beginnings: 0,
            earlier: None,
        };
        exchange.begin()?;
        Ok(exchange)
    }

    fn begin(&mut self) -> Result<(), Refusal> {
        // Before all checks: the mechanism may choose its name by the facts of the connection.
        self.mechanism.begin(&self.facts).map_err(Refusal::not_tried)?;
        let name = self.mechanism.name();
        if self.mechanism.reveals_secret() && !self.facts.may_reveal() {
            return Err(Refusal::insecure(name));
        }
        let offered = self.facts.mechanisms();
        if self.mechanism.must_be_listed() && !offered.has(name) {
            let offered = offered.names().map(ToOwned::to_owned).collect();
            let is_secure = self.facts.security().is_some();
            return Err(Refusal::mechanism_not_offered(name, offered, is_secure));
        }
        (self.phase, self.ready, self.waited) = (Phase::Opening, None, false);
        (self.sent, self.deferred) = (None, None);
        (self.challenges, self.index) = (0, 0);
        self.beginnings += 1;
        Ok(())
    }

    /// Asks the ready mechanism for its response, and sends it. Gives the refusal where nothing was
    /// sent, and nothing will be.
    fn say(
        &mut self,
        engine: &mut Engine,
        ready: Result<(), MechanismError>,
    ) -> Result<Option<Refusal>, Fault> {
        self.waited = false;
        match std::mem::replace(&mut self.phase, Phase::Reply) {
            Phase::Opening => match ready.and_then(|()| self.mechanism.initial_response()) {
                Ok(initial) => {
                    self.begin = Some(Auth::new(self.mechanism.name(), initial));
                    reset::submit_if_due(engine);
                }
                Err(error) => return Ok(Some(self.after_earlier(Refusal::not_tried(error)))),
            },
            Phase::Challenged { challenge, seen } => match ready {
                Ok(()) => self.respond(engine, challenge, seen)?,
                Err(error) => self.cancel(engine, error, Blame::Caller),
            },
            Phase::Reply => {}
        }
        Ok(None)
    }

    /// Sends AUTH, once the server takes commands.
    fn submit(&mut self, engine: &mut Engine) {
        if !engine.may_submit() {
            return;
        }
        let Some(begin) = self.begin.take() else {
            return;
        };
        // "If the client is transmitting an initial response of zero length, it MUST instead
        // transmit the response as a single equals sign"; one that does not fit into the line is
        // sent when the server asks for it with an empty challenge (RFC 4954 §4).
        let submitted = match self.submit_begin(engine, begin) {
            Err((error, begin)) if error.is_too_long() => {
                let (short, response) = begin.defer();
                self.deferred = response;
                self.submit_begin(engine, short)
            }
            submitted => submitted,
        };
        match submitted {
            Ok(sent) => self.sent = Some(sent),
            Err((error, _)) => self.refusal = Some(Refusal::encode(Auth::SPEC.verb, error)),
        }
    }

    /// Sends AUTH, or X-EXPS where the server lists the mechanism under that name alone.
    fn submit_begin(&self, engine: &mut Engine, begin: Auth) -> Result<Auth, (EncodeError, Auth)> {
        // Trusted, because `begin` has decided already whether the secret may be revealed.
        let trusted = Audience::Trusted;
        let submitted = if self.facts.takes_exchange_verb(self.mechanism.name()) {
            let begin = ExchangeAuth::from(&begin);
            engine.submit_to(trusted, &begin, &self.capabilities, false)
        } else {
            engine.submit_to(trusted, &begin, &self.capabilities, false)
        };
        match submitted {
            Ok(_) => Ok(begin),
            Err(error) => Err((error, begin)),
        }
    }

    /// Takes a reply; none where the exchange goes on.
    fn take(
        &mut self,
        engine: &mut Engine,
        outcome: Outcome,
    ) -> Result<Option<CommandResult<()>>, Fault> {
        if let Some((error, blame)) = self.cancelled.take() {
            let (Outcome::Accepted(reply) | Outcome::Refused(reply)) = outcome;
            return Ok(Some(Err(Refusal::gave_up(error, blame, Some(reply)))));
        }
        let reply = match outcome {
            Outcome::Accepted(reply) => reply,
            // 2yz other than 235 (RFC 4954 §6): only the server knows whether the session is
            // authenticated now.
            Outcome::Refused(reply) if reply.code().is_positive() => {
                return Err(engine.end(unexpected(reply).into()));
            }
            Outcome::Refused(reply) => return Ok(self.refused(reply).map(Err)),
        };
        self.sent = None;
        if reply.code().value() == CHALLENGE {
            return self.take_challenge(engine, reply).map(|()| None);
        }
        // 235 before the server has proved that it knows the password: it may be an impostor, and
        // authentication has failed (RFC 5802 §3).
        if self.mechanism.is_complete() {
            return Ok(Some(Ok(())));
        }
        Err(engine.end(ProtocolError::UnverifiedSuccess(reply).into()))
    }

    /// Takes a refusal; none where another AUTH follows.
    fn refused(&mut self, reply: Reply) -> Option<Refusal> {
        // "501 5.7.0": no initial response is allowed for this mechanism (RFC 4954 §4). It is sent
        // when the server asks for it.
        if self.challenges == 0
            && takes_no_initial_response(&reply)
            && let Some((short, Some(response))) = self.sent.take().map(Auth::defer)
        {
            (self.begin, self.deferred) = (Some(short), Some(response));
            return None;
        }
        let refused = RefusedAuth::new(&reply, self.challenges, &self.facts);
        match self.mechanism.refused(&refused) {
            AfterRefusal::Stop => Some(Refusal::by_server(Auth::SPEC.verb, reply)),
            AfterRefusal::Explain(hint) => Some(Refusal::explained(reply, hint)),
            AfterRefusal::BeginAgain if self.beginnings < MAX_BEGINNINGS => {
                self.earlier = Some(reply);
                let begun = self.begin();
                begun.err().map(|refusal| self.after_earlier(refusal))
            }
            AfterRefusal::BeginAgain => {
                let hint = format!("the mechanism has begun {MAX_BEGINNINGS} times");
                Some(Refusal::explained(reply, hint.into()))
            }
        }
    }

    /// The refusal before this one is the server's, and says more.
    fn after_earlier(&mut self, refusal: Refusal) -> Refusal {
        match self.earlier.take() {
            Some(reply) => Refusal::not_tried_again(reply, refusal),
            None => refusal,
        }
    }

    fn take_challenge(&mut self, engine: &mut Engine, reply: Reply) -> Result<(), Fault> {
        // A server that asks for ever would keep the call, and the work of the mechanism, without
        // end.
        let most = engine.limits().challenges;
        if self.challenges >= most {
            return Err(engine.end(ProtocolError::TooManyChallenges(most).into()));
        }
        self.challenges += 1;
        // "334" SP [base64] CRLF: a challenge is one line (RFC 4954 §8).
        if reply.lines().nth(1).is_some() {
            return Err(engine.end(unexpected(reply).into()));
        }
        match self.deferred.take() {
            // A mechanism that has nothing to check in what the server says goes on after any text,
            // such as a prompt.
            Some(response) if text(&reply).is_empty() || self.mechanism.is_complete() => {
                self.send(engine, &response);
            }
            Some(_) => {
                let reason =
                    "the server sent a challenge where it must ask for the initial response";
                self.cancel(engine, MechanismError::new(reason), Blame::Server);
            }
            None => self.phase = Phase::Challenged { challenge: reply, seen: false },
        }
        Ok(())
    }

    /// Has the mechanism answer a challenge.
    fn respond(&mut self, engine: &mut Engine, challenge: Reply, seen: bool) -> Result<(), Fault> {
        match self.mechanism.respond(Challenge::new(self.index, text(&challenge))) {
            Ok(Step::Respond(response)) => {
                self.index += 1;
                self.send(engine, &response);
            }
            Ok(Step::Wait) if !seen => self.phase = Phase::Challenged { challenge, seen: true },
            // To ask again without end would keep the task busy.
            Ok(Step::Wait) => {
                let reason = "the mechanism said that it is ready, and has no response";
                self.cancel(engine, MechanismError::new(reason), Blame::Caller);
            }
            // Not even the line that cancels is for an attacker, who would answer it too.
            Err(error) if error.is_untrusted() => {
                let reason = error.to_string().into();
                return Err(engine.end(ProtocolError::Untrusted(reason).into()));
            }
            Err(error) => self.cancel(engine, error, Blame::Server),
        }
        Ok(())
    }

    /// Sends a response that is no longer than the limit.
    fn send(&mut self, engine: &mut Engine, response: &Secret) {
        let most = engine.limits().auth_line;
        if response.expose().len().div_ceil(3) * 4 + 2 > most {
            let reason = format!("the response has more than {most} bytes: raise the limit");
            return self.cancel(engine, MechanismError::new(reason), Blame::Caller);
        }
        engine.submit_response(response.expose(), EXPECTED);
    }

    fn cancel(&mut self, engine: &mut Engine, error: MechanismError, blame: Blame) {
        // "*" leaves the session intact: the server answers 501, and another mechanism may be tried
        // (RFC 4954 §4).
        engine.submit_cancel(CANCELLED);
        self.cancelled = Some((error, blame));
    }
}

/// An answer that no exchange has.
fn unexpected(reply: Reply) -> ProtocolError {
    ProtocolError::Unexpected { stage: Stage::Auth, reply }
}

fn takes_no_initial_response(reply: &Reply) -> bool {
    reply.code().value() == 501 && reply.enhanced().is_some_and(|code| code.is((7, 0)))
}

/// The text of a challenge, which has one line.
fn text(challenge: &Reply) -> &[u8] {
    challenge.lines().next().unwrap_or_default()
}

impl<M: Mechanism + ?Sized> Exchange for SaslExchange<'_, M> {
    type Output = Result<CommandResult<()>, Lost>;

    fn advance(&mut self, engine: &mut Engine) -> Result<Need<Self::Output>, Fault> {
        loop {
            if !matches!(self.phase, Phase::Reply) {
                // No reply is due: only the end of the session can have come.
                engine.check_unasked()?;
                let Some(ready) = self.ready.take() else {
                    return Ok(Need::Source);
                };
                // A part of a reply would be taken for the start of the next one.
                engine.check_idle()?;
                if let Some(refusal) = self.say(engine, ready)? {
                    return Ok(Need::Done(Ok(Err(refusal))));
                }
                continue;
            }
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

    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let ready = self.mechanism.poll_ready(cx);
        self.waited |= ready.is_pending();
        ready.map(|ready| self.ready = Some(ready))
    }

    fn source_stage(&self) -> Option<Stage> {
        match self.phase {
            _ if !self.waited => None,
            Phase::Reply => None,
            Phase::Opening | Phase::Challenged { .. } => Some(Stage::Auth),
        }
    }

    fn lost(&mut self, _: &Engine, lost: Lost) -> Self::Output {
        // The reason why the mechanism gave up is nearer to the cause than the loss after it.
        // An earlier refusal, after which the mechanism has begun again, is not the cause.
        Err(match self.cancelled.take() {
            Some((error, blame)) => lost.after(Refusal::gave_up(error, blame, None)),
            None => lost,
        })
    }
}
