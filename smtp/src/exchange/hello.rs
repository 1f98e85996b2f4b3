//! The greeting and EHLO (RFC 5321 §4.1.1.1): how every session begins, and begins again.

use smtp_grammar::{Capabilities, Host, Reply};

use super::command::Parting;
use super::{CommandResult, Exchange, Need, reset};
use crate::command::{Ehlo, Helo, Lhlo, Quit};
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::proto::command::Command as _;
use crate::proto::engine::{Engine, Outcome};
use crate::proto::fault::{Fault, ProtocolError};
use crate::proto::stage::Stage;

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
    /// The session cannot go on where it is refused.
    needed: bool,
    step: Step,
    /// EHLO leaves before the greeting has come.
    early: bool,
    sent: bool,
    /// The refusal of EHLO, while HELO is tried, or of the session, while QUIT is written.
    refusal: Option<Refusal>,
    quit: Option<Parting<Quit>>,
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
        Self { step: Step::Greeting, ..Self::needed(client, ignored, extended) }
    }

    /// The same, and EHLO leaves before the greeting has come: for a server that lets it.
    pub(crate) fn early(self) -> Self {
        Self { early: true, ..self }
    }

    /// In a session that has begun, and goes on as it was where EHLO is refused.
    pub(crate) fn again(client: &Host, ignored: &[String], extended: bool) -> Self {
        Self { needed: false, ..Self::needed(client, ignored, extended) }
    }

    /// In a session that has begun anew, and ends where EHLO is refused.
    pub(crate) fn needed(client: &Host, ignored: &[String], extended: bool) -> Self {
        let (client, ignored) = (client.clone(), ignored.to_vec());
        let (step, needed, early, sent) = (Step::Ehlo, true, false, false);
        Self { client, ignored, extended, needed, step, early, sent, refusal: None, quit: None }
    }

    fn accept(&self, engine: &mut Engine, reply: &Reply) -> Capabilities {
        // The new list replaces the old one, also where it is shorter: only the latest reply to
        // EHLO says what the server takes now.
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

    /// Says LHLO where the session is one of LMTP, "in place of" EHLO and HELO, which must not be
    /// said there (RFC 2033 §4.1).
    fn submit_hello(&self, engine: &mut Engine) -> Result<(), Refusal> {
        let (client, offers) = (self.client.clone(), Capabilities::none());
        let (verb, submitted) = if engine.facts.lmtp {
            (Lhlo::SPEC.verb, engine.submit(&Lhlo::new(client), &offers, false))
        } else {
            (Ehlo::SPEC.verb, engine.submit(&Ehlo::new(client), &offers, false))
        };
        submitted.map(|_| ()).map_err(|error| Refusal::encode(verb, error))
    }

    /// Takes the reply to the greeting, EHLO, LHLO or HELO.
    fn take(&mut self, engine: &mut Engine, outcome: Outcome) -> Result<Answered, Fault> {
        let answered = match (self.step, outcome) {
            (Step::Greeting, Outcome::Accepted(_)) => {
                self.step = if self.sent { Step::EhloReply } else { Step::Ehlo };
                Answered::GoesOn
            }
            // 2yz other than 220 is no greeting and no refusal (RFC 5321 §4.3.2): something else
            // listens at this port.
            (Step::Greeting, Outcome::Refused(reply)) if reply.code().is_positive() => {
                let stage = Stage::Greeting;
                return Err(engine.end(ProtocolError::Unexpected { stage, reply }.into()));
            }
            (Step::Greeting, Outcome::Refused(reply)) => {
                Answered::Refused(Refusal::by_server(Refusal::GREETING, reply))
            }
            (Step::Ehlo | Step::EhloReply, Outcome::Accepted(reply)) => {
                Answered::Accepted(self.accept(engine, &reply))
            }
            (Step::Ehlo | Step::EhloReply, Outcome::Refused(reply)) => {
                // HELO only where EHLO is not known (RFC 5321 §4.1.4), and never where TLS or
                // extensions are needed: a fall-back would give them up without a word.
                // LMTP has no HELO (RFC 2033 §4.1).
                let lmtp = engine.facts.lmtp;
                let falls_back =
                    !lmtp && !self.extended && !engine.facts.extended && knows_no_ehlo(&reply);
                let verb = if lmtp { Lhlo::SPEC.verb } else { Ehlo::SPEC.verb };
                let refusal = Refusal::by_server(verb, reply);
                if falls_back {
                    self.fall_back(engine, refusal)
                } else {
                    Answered::Refused(refusal)
                }
            }
            (Step::HeloReply, Outcome::Accepted(_)) => {
                // The reply to HELO lists no extensions, whatever its further lines say.
                engine.facts.pipelining = false;
                Answered::Accepted(Capabilities::none())
            }
            (Step::HeloReply, Outcome::Refused(reply)) => {
                Answered::Refused(Refusal::by_server(Helo::SPEC.verb, reply))
            }
        };
        Ok(answered)
    }

    /// Says HELO, to a server that does not know EHLO.
    fn fall_back(&mut self, engine: &mut Engine, refusal: Refusal) -> Answered {
        let helo = Helo::new(self.client.clone());
        if let Err(error) = engine.submit(&helo, &Capabilities::none(), false) {
            return Answered::Refused(Refusal::encode(Helo::SPEC.verb, error));
        }
        self.refusal = Some(refusal);
        self.step = Step::HeloReply;
        Answered::GoesOn
    }

    /// Says QUIT where the session ends with the refusal: a client "MUST NOT intentionally close
    /// the transmission channel until it sends a QUIT command" (RFC 5321 §4.1.1.10).
    fn refuse(
        &mut self,
        engine: &mut Engine,
        refusal: Refusal,
    ) -> Result<Need<<Self as Exchange>::Output>, Fault> {
        // A second EHLO that is refused leaves the session as it was (RFC 5321 §4.1.4).
        if !self.needed {
            return Ok(Need::Done(Ok(Err(refusal))));
        }
        self.refusal = Some(refusal);
        self.quit = Some(Parting::new(Quit, &Capabilities::none()));
        self.advance(engine)
    }
}

/// The meaning of a reply for the session.
enum Answered {
    Accepted(Capabilities),
    Refused(Refusal),
    /// The next command, or its reply, decides.
    GoesOn,
}

impl Exchange for Hello {
    type Output = Result<CommandResult<Capabilities>, Lost>;

    fn advance(&mut self, engine: &mut Engine) -> Result<Need<Self::Output>, Fault> {
        if let Some(quit) = &mut self.quit {
            // Its reply is not waited for: the caller has the refusal, and the server may be slow.
            let written = matches!(quit.advance(engine)?, Need::Done(()));
            return Ok(match self.refusal.take_if(|_| written) {
                Some(refusal) => Need::Done(Ok(Err(refusal))),
                None => Need::Room,
            });
        }
        let may_leave = self.step == Step::Ehlo || (self.early && self.step == Step::Greeting);
        if may_leave && !self.sent {
            if let Err(refusal) = self.submit_hello(engine) {
                return self.refuse(engine, refusal);
            }
            self.sent = true;
            if self.step == Step::Ehlo {
                self.step = Step::EhloReply;
            }
        }
        let Some(head) = engine.next_reply()? else {
            return Ok(Need::Reply);
        };
        if head.automatic {
            reset::settle(engine, &head)?;
            return self.advance(engine);
        }
        let outcome = engine.take(&head);
        match self.take(engine, outcome)? {
            Answered::Accepted(capabilities) => Ok(Need::Done(Ok(Ok(capabilities)))),
            Answered::Refused(refusal) => self.refuse(engine, refusal),
            Answered::GoesOn => self.advance(engine),
        }
    }

    fn lost(&mut self, _: &Engine, lost: Lost) -> Self::Output {
        match self.refusal.take() {
            // The session was over: nothing depends on QUIT.
            Some(refusal) if self.quit.is_some() => Ok(Err(refusal)),
            // That the server refused EHLO was read, and decides.
            Some(refusal) => Err(lost.after(refusal)),
            None => Err(lost),
        }
    }
}

/// Whether the reply says that the command is unknown (RFC 5321 §4.1.4), and not that this client
/// is not welcome.
fn knows_no_ehlo(reply: &Reply) -> bool {
    matches!(reply.code().value(), 500..=504)
}
