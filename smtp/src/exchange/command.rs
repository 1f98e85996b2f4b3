//! The exchange of one command and its reply, and of a last command whose reply is not waited for.

use smtp_grammar::{Capabilities, ForwardPath, Reply};

use super::recipients::named_recipient;
use super::{CommandResult, Exchange, Need, reset};
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::proto::command::Command;
use crate::proto::engine::{Engine, Outcome};
use crate::proto::fault::Fault;
use crate::proto::line::{Audience, Declared};
use crate::proto::stage::Stage;

/// Sends a command and reads its reply, after a RSET where one is due.
#[derive(Debug)]
pub(crate) struct SendCommand<C> {
    /// The command, until it was queued.
    command: Option<C>,
    capabilities: Capabilities,
    utf8: bool,
    /// The caller has opened the door named `dangerous`: secrets may be seen.
    dangerous: bool,
    begun: bool,
    declared: Declared,
    /// The recipient that the command names.
    named: Option<ForwardPath>,
    /// Why the command cannot be written.
    refusal: Option<Refusal>,
}

impl<C: Command> SendCommand<C> {
    /// `utf8` says that the transaction has agreed on SMTPUTF8.
    pub(crate) fn new(command: C, capabilities: &Capabilities, utf8: bool) -> Self {
        Self {
            command: Some(command),
            capabilities: capabilities.clone(),
            utf8,
            dangerous: false,
            begun: false,
            declared: Declared::default(),
            named: None,
            refusal: None,
        }
    }

    /// The same, through the door named `dangerous`.
    pub(crate) fn dangerous(self) -> Self {
        Self { dangerous: true, ..self }
    }

    /// The recipient that the command has named, where it is the library's RCPT.
    pub(crate) fn take_named(&mut self) -> Option<ForwardPath> {
        self.named.take()
    }

    /// Queues RSET where it is due, and the command once it may follow.
    fn submit(&mut self, engine: &mut Engine) {
        if !self.begun {
            self.begun = true;
            reset::submit_if_due(engine);
        }
        if !engine.may_submit() {
            return;
        }
        if let Some(command) = self.command.take() {
            let start = engine.output().encoded().len();
            // A secret needs a verified server, unless the caller has opened the door.
            let audience = if self.dangerous { Audience::Trusted } else { engine.audience() };
            let submitted = match C::SPEC.check_alone() {
                Ok(()) => engine.submit_to(audience, &command, &self.capabilities, self.utf8),
                Err(error) => Err(error),
            };
            match submitted {
                Ok(declared) => {
                    self.declared = declared;
                    // Read back from the line: the command may be of any type, and only the line
                    // says whom it names.
                    if C::SPEC.stage == Stage::Rcpt {
                        let line = engine.output().encoded().get(start..);
                        self.named = line.and_then(named_recipient);
                    }
                }
                Err(error) => self.refusal = Some(Refusal::encode(C::SPEC.verb, error)),
            }
        }
    }
}

impl<C: Command> Exchange for SendCommand<C> {
    type Output = Result<CommandResult<(Reply, Declared)>, Lost>;

    fn advance(&mut self, engine: &mut Engine) -> Result<Need<Self::Output>, Fault> {
        loop {
            if self.command.is_some() {
                self.submit(engine);
            }
            // Where the command cannot be written, a RSET before it still has its reply to come: it
            // must not be left to the next call.
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
            return Ok(Need::Done(Ok(match engine.take(&head) {
                Outcome::Accepted(reply) => Ok((reply, self.declared)),
                Outcome::Refused(reply) => Err(Refusal::by_server(C::SPEC.verb, reply)),
            })));
        }
    }

    fn lost(&mut self, _: &Engine, lost: Lost) -> Self::Output {
        Err(lost)
    }
}

/// The last command of a session, which is written and whose reply is not waited for.
#[derive(Debug)]
pub(crate) struct Parting<C>(Option<(C, Capabilities)>);

impl<C: Command> Parting<C> {
    pub(crate) fn new(command: C, capabilities: &Capabilities) -> Self {
        Self(Some((command, capabilities.clone())))
    }
}

impl<C: Command> Exchange for Parting<C> {
    type Output = ();

    fn advance(&mut self, engine: &mut Engine) -> Result<Need<()>, Fault> {
        if let Some((command, capabilities)) = self.0.take() {
            // QUIT has no arguments that could be wrong. The session is over whether it arrives or
            // not: a client only has to send it before it closes (RFC 5321 §4.1.1.10).
            let _ = engine.submit(&command, &capabilities, false);
        }
        // Read, so that a server that still writes is not stopped by a full connection.
        while let Some(head) = engine.next_reply()? {
            engine.skip(&head);
        }
        Ok(if engine.output().is_empty() { Need::Done(()) } else { Need::Room })
    }

    fn lost(&mut self, _: &Engine, _: Lost) {}
}
