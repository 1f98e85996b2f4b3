//! Greeting and EHLO: how every session begins, and begins again.

use smtp_grammar::{Capabilities, Host, Reply};

use super::{CommandResult, Exchange, Need, reset};
use crate::command::{Ehlo, Helo};
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::proto::command::Command as _;
use crate::proto::engine::{Engine, Outcome};
use crate::proto::fault::Fault;

/// Reads the greeting where one is due, says EHLO, and HELO to a server that does not know EHLO.
///
/// A session that is `extended` does not fall back: one that is inside TLS cannot have got there
/// without extensions (RFC 3207 §4), and one that must get there would not. Neither does one whose
/// server has accepted EHLO before: it knows the command.
#[derive(Debug)]
pub(crate) struct Hello {
    client: Host,
    /// Keywords that are taken as not listed.
    ignored: Vec<String>,
    extended: bool,
    step: Step,
    /// The refusal of EHLO, while HELO is tried.
    refusal: Option<Refusal>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Greeting,
    Ehlo,
    EhloReply,
    HeloReply,
}

impl Hello {
    /// At the beginning of a connection: the greeting comes first.
    pub(crate) fn after_greeting(client: &Host, ignored: &[String], extended: bool) -> Self {
        Self { step: Step::Greeting, ..Self::again(client, ignored, extended) }
    }

    /// In a session that has begun.
    pub(crate) fn again(client: &Host, ignored: &[String], extended: bool) -> Self {
        let (client, ignored) = (client.clone(), ignored.to_vec());
        Self { client, ignored, extended, step: Step::Ehlo, refusal: None }
    }

    fn accept(&self, engine: &mut Engine, reply: &Reply) -> Capabilities {
        let mut capabilities = Capabilities::from_reply(reply);
        if !self.ignored.is_empty() {
            let ignored: Vec<&str> = self.ignored.iter().map(String::as_str).collect();
            capabilities = capabilities.without(&ignored);
        }
        engine.facts.extended = true;
        // It has ended a transaction as RSET does (RFC 5321 §4.1.4).
        engine.facts.end_transaction();
        engine.facts.pipelining = capabilities.has("PIPELINING");
        capabilities
    }

    /// Takes the reply to EHLO; none when HELO comes next.
    fn take_ehlo(
        &mut self,
        engine: &mut Engine,
        outcome: Outcome,
    ) -> Option<CommandResult<Capabilities>> {
        let refusal = match outcome {
            Outcome::Accepted(reply) => return Some(Ok(self.accept(engine, &reply))),
            Outcome::Refused(reply) => Refusal::by_server(Ehlo::SPEC.verb, reply),
        };
        let unknown = refusal.reply().is_some_and(knows_no_ehlo);
        if self.extended || engine.facts.extended || !unknown {
            return Some(Err(refusal));
        }
        let helo = Helo::new(self.client.clone());
        if let Err(error) = engine.submit(&helo, &Capabilities::none(), false) {
            return Some(Err(Refusal::encode(Helo::SPEC.verb, error)));
        }
        self.refusal = Some(refusal);
        self.step = Step::HeloReply;
        None
    }
}

impl Exchange for Hello {
    type Output = Result<CommandResult<Capabilities>, Lost>;

    fn advance(&mut self, engine: &mut Engine) -> Result<Need<Self::Output>, Fault> {
        if self.step == Step::Ehlo {
            let ehlo = Ehlo::new(self.client.clone());
            if let Err(error) = engine.submit(&ehlo, &Capabilities::none(), false) {
                return Ok(Need::Done(Ok(Err(Refusal::encode(Ehlo::SPEC.verb, error)))));
            }
            self.step = Step::EhloReply;
        }
        let Some(head) = engine.next_reply()? else {
            return Ok(Need::Reply);
        };
        if head.automatic {
            reset::settle(engine, &head)?;
            return self.advance(engine);
        }
        let outcome = engine.take(&head);
        match self.step {
            Step::Greeting => {
                if let Outcome::Refused(reply) = outcome {
                    return Err(engine.end(Fault::Closing(reply)));
                }
                self.step = Step::Ehlo;
                self.advance(engine)
            }
            Step::HeloReply => Ok(Need::Done(Ok(match outcome {
                Outcome::Accepted(_) => {
                    engine.facts.pipelining = false;
                    Ok(Capabilities::none())
                }
                Outcome::Refused(reply) => Err(Refusal::by_server(Helo::SPEC.verb, reply)),
            }))),
            Step::Ehlo | Step::EhloReply => match self.take_ehlo(engine, outcome) {
                Some(answer) => Ok(Need::Done(Ok(answer))),
                None => self.advance(engine),
            },
        }
    }

    fn lost(&mut self, _: &Engine, lost: Lost) -> Self::Output {
        // That the server refused EHLO was read, and decides.
        Err(match self.refusal.take() {
            Some(refusal) => lost.after(refusal),
            None => lost,
        })
    }
}

/// Whether the reply says that the command is unknown (RFC 5321 §4.1.4), and not that this client
/// is not welcome.
fn knows_no_ehlo(reply: &Reply) -> bool {
    matches!(reply.code().value(), 500..=504)
}
