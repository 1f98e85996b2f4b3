//! The first reply to AUTH where commands have left in its flight.

use smtp_grammar::Reply;

use super::{CHALLENGE, Phase, SaslExchange, text, unexpected};
use crate::auth::{Challenge, Mechanism};
use crate::command::Auth;
use crate::error::AuthProblem;
use crate::error::refusal::Refusal;
use crate::exchange::{CommandResult, reset};
use crate::proto::engine::{Engine, Outcome};
use crate::proto::fault::{Fault, ProtocolError};

/// The first reply to AUTH, where commands have left in its flight.
pub(in crate::exchange) enum FirstReply {
    /// It answers AUTH.
    Answered(CommandResult<()>),
    /// Another AUTH follows, alone.
    GoesOn,
    /// The server has not taken AUTH because of the commands after it, or may not have.
    OutOfOrder(Reply),
    /// A challenge. The line after AUTH is then the response to it.
    Challenged,
}

impl<M: Mechanism + ?Sized> SaslExchange<'_, M> {
    /// Whether AUTH was just queued, and a server that accepts it answers with nothing else:
    /// commands may then follow it before its reply.
    pub(in crate::exchange) fn may_be_followed(&self, engine: &Engine) -> bool {
        let is_first = self.beginnings == 1 && self.challenges == 0;
        let has_initial = self.sent.as_ref().is_some_and(Auth::has_initial_response);
        is_first
            && has_initial
            && self.deferred.is_none()
            && engine.facts.pipelining
            && self.mechanism.is_one_round()
    }

    /// The next reply to a line of the exchange. RSET may have left before AUTH.
    fn next_outcome(engine: &mut Engine) -> Result<Option<Outcome>, Fault> {
        while let Some(head) = engine.next_reply()? {
            if !head.automatic {
                return Ok(Some(engine.take(&head)));
            }
            reset::settle(engine, &head)?;
        }
        Ok(None)
    }

    /// Takes the reply to AUTH that commands have followed. None where it has not come.
    pub(in crate::exchange) fn take_first(
        &mut self,
        engine: &mut Engine,
    ) -> Result<Option<FirstReply>, Fault> {
        let Some(outcome) = Self::next_outcome(engine)? else {
            return Ok(None);
        };
        Ok(Some(match outcome {
            Outcome::Accepted(reply) if reply.code().value() == CHALLENGE => {
                self.take_challenge(engine, reply)?;
                FirstReply::Challenged
            }
            Outcome::Refused(reply) if is_out_of_order(&reply) => FirstReply::OutOfOrder(reply),
            outcome => match self.take(engine, outcome)? {
                Some(answer) => FirstReply::Answered(answer),
                None => FirstReply::GoesOn,
            },
        }))
    }

    /// Takes the reply to a line that the server has read as the response to its challenge: the
    /// refusal where it is one of credentials, as that of a token whose reason came in the
    /// challenge; none where another AUTH follows. Any other reply is to the line.
    pub(in crate::exchange) fn take_response_to_challenge(
        &mut self,
        engine: &mut Engine,
        outcome: Outcome,
    ) -> Result<FirstReply, Fault> {
        if let Phase::Challenged { challenge, .. } =
            std::mem::replace(&mut self.phase, Phase::Reply)
            && let Err(error) = self.mechanism.respond(Challenge::new(0, text(&challenge)))
            && error.is_untrusted()
        {
            let reason = error.to_string().into();
            return Err(engine.end(ProtocolError::Untrusted(reason).into()));
        }
        match outcome {
            // It has taken a command for a response, or the response for a command.
            Outcome::Accepted(reply) => Err(engine.end(unexpected(reply).into())),
            Outcome::Refused(reply) if reply.code().is_positive() => {
                Err(engine.end(unexpected(reply).into()))
            }
            Outcome::Refused(reply) if AuthProblem::of(&reply).is_none() => {
                Ok(FirstReply::OutOfOrder(reply))
            }
            Outcome::Refused(reply) => Ok(match self.refused(reply) {
                Some(refusal) => FirstReply::Answered(Err(refusal)),
                None => FirstReply::GoesOn,
            }),
        }
    }

    /// Begins again, alone, after a flight that the server did not take.
    pub(in crate::exchange) fn begin_alone(&mut self, reply: Reply) -> Result<(), Refusal> {
        self.earlier = Some(reply);
        self.begin().map_err(|refusal| self.after_earlier(refusal))
    }

    /// Goes on after the commands that were in the flight of AUTH were answered.
    pub(in crate::exchange) fn go_on(&self, engine: &mut Engine) {
        // "An AUTH command is not permitted during a mail transaction" (RFC 4954 §4). Where the
        // mechanism begins again, RSET goes before its AUTH in any case.
        if self.begin.is_some() {
            reset::submit_if_due(engine);
        }
    }
}

/// Whether the reply is one to a command out of order (503), or to a client that did not wait where
/// it should have (554, without a word on the credentials).
fn is_out_of_order(reply: &Reply) -> bool {
    matches!(reply.code().value(), 503 | 554) && AuthProblem::of(reply).is_none()
}
