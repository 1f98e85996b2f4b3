//! The commands before the message: MAIL, a RCPT for each recipient, DATA.
//!
//! A server that offers PIPELINING gets them in one flight, any other one at a time (RFC 2920). What
//! comes of it is the same: each recipient's own outcome, and a transaction that waits for the
//! message or is over.

use smtp_grammar::Capabilities;

use super::message::END_OF_DATA;
use super::session::Session;
use crate::command::{Data, Mail, Rcpt};
use crate::error::{Lost, Refusal};
use crate::proto::command::Command;
use crate::proto::engine::Outcome;
use crate::proto::line::Declared;
use crate::receipt::Recipient;

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
        rcpts: &[Rcpt],
        capabilities: &Capabilities,
    ) -> Result<Opened, Lost> {
        if capabilities.has("PIPELINING") {
            self.open_in_one_flight(mail, rcpts, capabilities).await
        } else {
            self.open_step_by_step(mail, rcpts, capabilities).await
        }
    }

    async fn open_step_by_step(
        &mut self,
        mail: &Mail,
        rcpts: &[Rcpt],
        capabilities: &Capabilities,
    ) -> Result<Opened, Lost> {
        let declared = match self.exchange(mail, capabilities, false).await? {
            Ok((_, declared)) => declared,
            Err(refusal) => return Ok(Opened::refused(Vec::new(), refusal)),
        };
        let mut recipients = Vec::with_capacity(rcpts.len());
        for rcpt in rcpts {
            let outcome = self.exchange(rcpt, capabilities, declared.utf8).await?;
            recipients.push(Recipient::new(rcpt.path().clone(), outcome.map(|(reply, _)| reply)));
        }
        let refusal = match nobody(&recipients) {
            Some(refusal) => refusal,
            None => match self.exchange(&Data, capabilities, declared.utf8).await? {
                Ok(_) => return Ok(Opened { recipients, ready: Ok(declared) }),
                Err(refusal) => refusal,
            },
        };
        self.over(recipients, refusal, capabilities).await
    }

    async fn open_in_one_flight(
        &mut self,
        mail: &Mail,
        rcpts: &[Rcpt],
        capabilities: &Capabilities,
    ) -> Result<Opened, Lost> {
        let declared = match self.driver.submit(mail, capabilities, false) {
            Ok(declared) => declared,
            Err(error) => {
                return Ok(Opened::refused(Vec::new(), Refusal::encode(Mail::SPEC.verb, error)));
            }
        };
        // A recipient that cannot be written is refused here, and no reply is due for it.
        let submitted: Vec<Result<(), Refusal>> = rcpts
            .iter()
            .map(|rcpt| match self.driver.submit(rcpt, capabilities, declared.utf8) {
                Ok(_) => Ok(()),
                Err(error) => Err(Refusal::encode(Rcpt::SPEC.verb, error)),
            })
            .collect();
        let asks = submitted.iter().any(Result::is_ok);
        if asks && let Err(error) = self.driver.submit(&Data, capabilities, declared.utf8) {
            return Ok(Opened::refused(Vec::new(), Refusal::encode(Data::SPEC.verb, error)));
        }
        let mail_refused = match self.driver.reply().await? {
            Outcome::Accepted(_) => None,
            Outcome::Refused(reply) => Some(Refusal::by_server(Mail::SPEC.verb, reply)),
        };
        let mut recipients = Vec::with_capacity(rcpts.len());
        for (rcpt, submitted) in rcpts.iter().zip(submitted) {
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
        let data = if asks { Some(self.driver.reply().await?) } else { None };
        match (data, refusal) {
            (Some(Outcome::Accepted(_)), None) => Ok(Opened { recipients, ready: Ok(declared) }),
            (Some(Outcome::Accepted(_)), Some(refusal)) => {
                // The server waits for a message that nobody would get: it gets an empty one, and
                // what it says of that is of no interest (RFC 2920 §3.1).
                self.send_nothing().await?;
                self.over(recipients, refusal, capabilities).await
            }
            (Some(Outcome::Refused(reply)), refusal) => {
                let refusal = refusal.unwrap_or_else(|| Refusal::by_server(Data::SPEC.verb, reply));
                self.over(recipients, refusal, capabilities).await
            }
            (None, refusal) => {
                let refusal = refusal.unwrap_or_else(Refusal::no_recipients);
                self.over(recipients, refusal, capabilities).await
            }
        }
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
