//! A command that the server answers with questions: each intermediate reply (3yz) gets a response
//! of the caller's.

use memchr::memchr3;
use smtp_grammar::{Capabilities, Reply};

use super::{CommandResult, Exchange, Need, reset};
use crate::command_exchange::{CommandExchange, Response};
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::proto::command::Command;
use crate::proto::engine::{Engine, Expected, Outcome};
use crate::proto::fault::{Fault, ProtocolError};
use crate::proto::line::{Audience, Declared};

/// A command and its exchange, up to the final reply.
pub(crate) struct Dialog<'a, C, A: ?Sized> {
    command: Option<C>,
    answers: &'a mut A,
    capabilities: Capabilities,
    utf8: bool,
    /// The caller has opened the door named `dangerous`: secrets may be seen.
    dangerous: bool,
    begun: bool,
    declared: Declared,
    /// How many intermediate replies were answered.
    answered: usize,
    refusal: Option<Refusal>,
}

impl<'a, C: Command, A: CommandExchange + ?Sized> Dialog<'a, C, A> {
    pub(crate) fn new(
        command: C,
        answers: &'a mut A,
        capabilities: &Capabilities,
        utf8: bool,
        dangerous: bool,
    ) -> Self {
        Self {
            command: Some(command),
            answers,
            capabilities: capabilities.clone(),
            utf8,
            dangerous,
            begun: false,
            declared: Declared::default(),
            answered: 0,
            refusal: None,
        }
    }

    fn submit(&mut self, engine: &mut Engine) {
        if !std::mem::replace(&mut self.begun, true) {
            reset::submit_if_due(engine);
        }
        if engine.may_submit()
            && let Some(command) = self.command.take()
        {
            let audience = self.audience(engine);
            match engine.submit_to(audience, &command, &self.capabilities, self.utf8) {
                Ok(declared) => self.declared = declared,
                Err(error) => self.refusal = Some(Refusal::encode(C::SPEC.verb, error)),
            }
        }
    }

    /// The audience of a secret that is sent now.
    fn audience(&self, engine: &Engine) -> Audience {
        if self.dangerous { Audience::Trusted } else { engine.audience() }
    }

    /// Answers an intermediate reply.
    ///
    /// # Errors
    ///
    /// When there is no response that may be sent. The server takes the next line as the response,
    /// whatever it is (RFC 5321 §4.2.1), so only closing the connection is left.
    fn answer(&mut self, engine: &mut Engine, reply: &Reply) -> Result<(), Fault> {
        let most = engine.limits().challenges;
        // A server that never stops asking would keep the call for ever.
        if self.answered >= most {
            return Err(engine.end(ProtocolError::TooManyChallenges(most).into()));
        }
        let response = self.answers.answer(self.answered, reply);
        self.answered += 1;
        let expected = Expected {
            stage: C::SPEC.stage,
            accepts: C::SPEC.accepts,
            reply_lines: C::SPEC.reply_lines,
        };
        // A CR, LF or NUL in a response would be a second command (RFC 5321 §2.3.8); base64 has
        // none.
        let error = match response {
            Ok(Response::Text(text)) if memchr3(b'\r', b'\n', 0, text.as_bytes()).is_none() => {
                engine.submit_text(&text, expected);
                return Ok(());
            }
            Ok(Response::Line(_) | Response::Base64(_))
                if self.audience(engine) == Audience::Unverified =>
            {
                std::io::Error::other(
                    "an answer is a secret and the server is not verified: use TLS with \
                     verification, `Response::Text` for what is no secret, or `dangerous_mut()` where \
                     the way to the server is safe by itself",
                )
            }
            Ok(Response::Base64(bytes)) => {
                engine.submit_response(bytes.expose(), expected);
                return Ok(());
            }
            Ok(Response::Line(line)) if memchr3(b'\r', b'\n', 0, line.expose()).is_none() => {
                engine.submit_line(line.expose(), expected);
                return Ok(());
            }
            Ok(Response::Line(_) | Response::Text(_)) => {
                std::io::Error::other("an answer holds a CR, a LF or a NUL")
            }
            Err(error) => std::io::Error::other(error),
        };
        Err(engine.end(Fault::Answer(error)))
    }
}

impl<C: Command, A: CommandExchange + ?Sized> Exchange for Dialog<'_, C, A> {
    type Output = Result<CommandResult<(Reply, Declared)>, Lost>;

    fn advance(&mut self, engine: &mut Engine) -> Result<Need<Self::Output>, Fault> {
        loop {
            self.submit(engine);
            // A command that cannot be written is told only after the reply to RSET was read: it
            // must not be left to the next call.
            if !engine.awaits_reply()
                && let Some(refusal) = self.refusal.take()
            {
                return Ok(Need::Done(Ok(Err(refusal))));
            }
            let Some(head) = engine.next_reply()? else {
                return Ok(Need::Reply);
            };
            // The reply to RSET is the library's own affair.
            if head.automatic {
                reset::settle(engine, &head)?;
                continue;
            }
            match engine.take(&head) {
                Outcome::Accepted(reply) if reply.code().is_intermediate() => {
                    self.answer(engine, &reply)?;
                }
                Outcome::Accepted(reply) => {
                    return Ok(Need::Done(Ok(Ok((reply, self.declared)))));
                }
                Outcome::Refused(reply) => {
                    return Ok(Need::Done(Ok(Err(Refusal::by_server(C::SPEC.verb, reply)))));
                }
            }
        }
    }

    fn lost(&mut self, _: &Engine, lost: Lost) -> Self::Output {
        Err(lost)
    }
}
