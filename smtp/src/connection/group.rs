//! The commands before the message: MAIL, a RCPT for each recipient, DATA.
//!
//! A server that offers PIPELINING gets them in one flight, any other one at a time (RFC 2920). What
//! comes of it is the same: each recipient's own outcome, and a transaction that waits for the
//! message or is over.

use smtp_grammar::Capabilities;

use super::envelope::Envelope;
use super::message::END_OF_DATA;
use super::session::Session;
use crate::command::{Data, Mail, Rcpt};
use crate::error::{Lost, Refusal};
use crate::proto::command::Command;
use crate::proto::engine::Outcome;
use crate::proto::line::Declared;
use crate::receipt::Recipient;

/// MAIL, the recipients and DATA, in flight.
#[derive(Debug)]
pub(super) struct Group {
    /// Why not even MAIL could be written.
    refused: Option<Refusal>,
    declared: Declared,
    /// Whether each recipient was written.
    submitted: Vec<Result<(), Refusal>>,
    /// Whether DATA was.
    asks: bool,
}

impl Group {
    /// A group of which nothing is in flight.
    pub(super) fn refused(refusal: Refusal) -> Self {
        let declared = Declared::default();
        Self { refused: Some(refusal), declared, submitted: Vec::new(), asks: false }
    }
}

/// What became of the commands before the message.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) recipients: Vec<Recipient>,
    /// What the transaction has agreed on, when the server waits for the message. Else why nobody
    /// gets it: the transaction is then over.
    pub(super) ready: Result<Declared, Refusal>,
}

impl Session {
    /// Opens a transaction for a message.
    pub(super) async fn open_message(
        &mut self,
        mail: &Mail,
        envelope: &Envelope,
        capabilities: &Capabilities,
    ) -> Result<Opened, Lost> {
        if capabilities.has("PIPELINING") {
            self.open_in_one_flight(mail, envelope, capabilities).await
        } else {
            self.open_step_by_step(mail, envelope, capabilities).await
        }
    }

    async fn open_step_by_step(
        &mut self,
        mail: &Mail,
        envelope: &Envelope,
        capabilities: &Capabilities,
    ) -> Result<Opened, Lost> {
        let declared = match self.exchange(mail, capabilities, false).await? {
            Ok((_, declared)) => declared,
            Err(refusal) => return Ok(Opened::refused(Vec::new(), refusal)),
        };
        let mut recipients = Vec::with_capacity(envelope.rcpts().len());
        for rcpt in envelope.rcpts() {
            let outcome = self.exchange(rcpt, capabilities, declared.utf8).await?;
            recipients.push(Recipient::new(rcpt.path().clone(), outcome.map(|(reply, _)| reply)));
        }
        match nobody(&recipients) {
            Some(refusal) => self.over(recipients, refusal, capabilities).await,
            None => self.ask(envelope, recipients, declared, capabilities).await,
        }
    }

    /// Sends DATA, if the policy lets it.
    async fn ask(
        &mut self,
        envelope: &Envelope,
        recipients: Vec<Recipient>,
        declared: Declared,
        capabilities: &Capabilities,
    ) -> Result<Opened, Lost> {
        let refusal = if envelope.send_policy().permits(&recipients) {
            match self.exchange(&Data, capabilities, declared.utf8).await? {
                Ok(_) => return Ok(Opened { recipients, ready: Ok(declared) }),
                Err(refusal) => refusal,
            }
        } else {
            Refusal::by_policy()
        };
        self.over(recipients, refusal, capabilities).await
    }

    async fn open_in_one_flight(
        &mut self,
        mail: &Mail,
        envelope: &Envelope,
        capabilities: &Capabilities,
    ) -> Result<Opened, Lost> {
        match self.submit_group(mail, envelope, capabilities) {
            Ok(group) => self.read_group(group, envelope, capabilities).await,
            Err(refusal) => Ok(Opened::refused(Vec::new(), refusal)),
        }
    }

    /// Queues MAIL, the recipients and DATA. Nothing is queued when MAIL cannot be written; a
    /// recipient that cannot be is refused here, and no reply is due for it.
    pub(super) fn submit_group(
        &mut self,
        mail: &Mail,
        envelope: &Envelope,
        capabilities: &Capabilities,
    ) -> Result<Group, Refusal> {
        let submitted = self.driver.submit(mail, capabilities, false);
        let declared = submitted.map_err(|error| Refusal::encode(Mail::SPEC.verb, error))?;
        let submitted: Vec<Result<(), Refusal>> = envelope
            .rcpts()
            .iter()
            .map(|rcpt| match self.driver.submit(rcpt, capabilities, declared.utf8) {
                Ok(_) => Ok(()),
                Err(error) => Err(Refusal::encode(Rcpt::SPEC.verb, error)),
            })
            .collect();
        // DATA has no arguments, so there is nothing about it that could not be written.
        let asks = envelope.send_policy().permits_one_flight()
            && submitted.iter().any(Result::is_ok)
            && self.driver.submit(&Data, capabilities, declared.utf8).is_ok();
        Ok(Group { refused: None, declared, submitted, asks })
    }

    /// Reads the replies to a group, and ends its transaction when nobody gets the message.
    pub(super) async fn read_group(
        &mut self,
        group: Group,
        envelope: &Envelope,
        capabilities: &Capabilities,
    ) -> Result<Opened, Lost> {
        if let Some(refusal) = group.refused {
            return Ok(Opened::refused(Vec::new(), refusal));
        }
        let mail_refused = match self.driver.reply().await? {
            Outcome::Accepted(_) => None,
            Outcome::Refused(reply) => Some(Refusal::by_server(Mail::SPEC.verb, reply)),
        };
        let mut recipients = Vec::with_capacity(group.submitted.len());
        for (rcpt, submitted) in envelope.rcpts().iter().zip(group.submitted) {
            let outcome = match submitted {
                Err(refusal) => Err(refusal),
                Ok(()) => match self.driver.reply().await? {
                    Outcome::Accepted(reply) => Ok(reply),
                    Outcome::Refused(reply) => Err(Refusal::by_server(Rcpt::SPEC.verb, reply)),
                },
            };
            recipients.push(Recipient::new(rcpt.path().clone(), outcome));
        }
        // Without a sender there is no transaction, whatever the server said of its recipients.
        let refusal = mail_refused.or_else(|| nobody(&recipients));
        let data = if group.asks { Some(self.driver.reply().await?) } else { None };
        let refusal = match (data, refusal) {
            (Some(Outcome::Accepted(_)), None) => {
                return Ok(Opened { recipients, ready: Ok(group.declared) });
            }
            (Some(Outcome::Accepted(_)), Some(refusal)) => {
                // The server waits for a message that nobody would get: it gets an empty one, and
                // what it says of that is of no interest (RFC 2920 §3.1).
                self.send_nothing().await?;
                refusal
            }
            (Some(Outcome::Refused(reply)), None) => Refusal::by_server(Data::SPEC.verb, reply),
            (Some(Outcome::Refused(_)) | None, Some(refusal)) => refusal,
            (None, None) => {
                return self.ask(envelope, recipients, group.declared, capabilities).await;
            }
        };
        self.over(recipients, refusal, capabilities).await
    }

    /// Ends a message of no octets.
    async fn send_nothing(&mut self) -> Result<(), Lost> {
        let engine = self.driver.engine();
        engine.begin_content();
        engine.output().copy(b".\r\n");
        engine.end_content(0, END_OF_DATA);
        self.driver.reply().await?;
        Ok(())
    }

    /// Ends the transaction, as nobody gets the message.
    async fn over(
        &mut self,
        recipients: Vec<Recipient>,
        refusal: Refusal,
        capabilities: &Capabilities,
    ) -> Result<Opened, Lost> {
        let refusal = self.abandon(refusal, capabilities).await?;
        Ok(Opened::refused(recipients, refusal))
    }
}

impl Opened {
    fn refused(recipients: Vec<Recipient>, refusal: Refusal) -> Self {
        Self { recipients, ready: Err(refusal) }
    }
}

/// The refusal that stands for all when no recipient was accepted: the last.
fn nobody(recipients: &[Recipient]) -> Option<Refusal> {
    if recipients.iter().any(|recipient| recipient.outcome().is_ok()) {
        return None;
    }
    let last = recipients.iter().rev().find_map(|recipient| recipient.outcome().err());
    Some(last.cloned().unwrap_or_else(Refusal::no_recipients))
}
