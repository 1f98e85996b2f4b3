//! The message of a typed transaction, whose MAIL and recipients were sent one at a time.

use smtp_grammar::{Capabilities, Reply};

use super::content::ContentNeed;
use super::transaction::{Loss, Opening, Step, Transaction};
use super::{Exchange, Need, reset};
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::message::error::{DeliveryLost, DeliveryUnknown, Undelivered};
use crate::message::policy::Policy;
use crate::message::receipt::Receipt;
use crate::proto::command::Command;
use crate::proto::engine::Engine;
use crate::proto::fault::Fault;
use crate::proto::line::Declared;
use crate::proto::stage::Stage;

/// The result of a message whose transaction was opened one command at a time.
#[derive(Debug)]
pub(crate) enum Sent {
    /// The server took it.
    Taken(Receipt),
    /// The server refused it, or it was never sent; the transaction is over.
    Refused(Undelivered),
    /// The connection was lost, and the message was not delivered.
    Lost(DeliveryLost),
    /// The connection was lost after the message had left.
    Unknown(DeliveryUnknown),
}

/// Sends a message in a transaction that is open, with the command that opens its content.
pub(crate) struct SendMessage<'b, C> {
    transaction: Transaction<'b>,
    /// The command that opens content; none for chunks.
    command: Option<C>,
    capabilities: Capabilities,
    begun: bool,
}

impl<'b, C: Command> SendMessage<'b, C> {
    pub(crate) fn new(
        transaction: Transaction<'b>,
        command: Option<C>,
        capabilities: &Capabilities,
    ) -> Self {
        Self { transaction, command, capabilities: capabilities.clone(), begun: false }
    }

    /// The connection was gone before anything of the message was written.
    pub(crate) fn never_begun(&mut self, lost: Lost) -> Sent {
        self.transaction.recipients.lose(None);
        Sent::Lost(DeliveryLost::new(lost, self.transaction.recipients.take()))
    }

    /// Writes as much as may be written, and gives the event that must come before more; none when
    /// all is written.
    fn write(&mut self, engine: &mut Engine) -> Result<Option<Need<Sent>>, Fault> {
        let transaction = &mut self.transaction;
        let pipelining = engine.facts.pipelining;
        loop {
            match transaction.step() {
                // Each RCPT was answered in a call of its own, so the caller has decided already
                // whether the message is sent to these recipients.
                Step::Open => match transaction.opening(false, &Policy::AnyAccepted) {
                    Opening::Wait => return Ok(Some(Need::Reply)),
                    Opening::Source => return Ok(Some(Need::Source)),
                    Opening::Refused => transaction.give_up(),
                    Opening::Send => transaction.set_step(Step::Content),
                    Opening::Ask => {
                        let utf8 = transaction.declared().has(Declared::UTF8);
                        match &self.command {
                            Some(command) => {
                                // A command that is not answered with 354 would leave the
                                // content to be read as commands.
                                let submitted = C::SPEC.check_content().and_then(|()| {
                                    engine.submit(command, &self.capabilities, utf8)
                                });
                                match submitted {
                                    Ok(_) => transaction.wrote_command(C::SPEC.verb),
                                    Err(error) => {
                                        transaction.refuse(Refusal::encode(C::SPEC.verb, error));
                                    }
                                }
                            }
                            None => transaction.give_up(),
                        }
                    }
                },
                Step::Content => {
                    return Ok(transaction
                        .write_content(engine, &self.capabilities, pipelining)?
                        .map(|need| match need {
                            ContentNeed::Room => Need::Room,
                            ContentNeed::Source => Need::Source,
                            ContentNeed::Chunk | ContentNeed::Replies | ContentNeed::Done => {
                                Need::Reply
                            }
                        }));
                }
                Step::Nothing => transaction.write_nothing(engine)?,
                Step::Opening => return Ok(Some(Need::Reply)),
                Step::Done => return Ok(None),
                Step::Reset | Step::Mail | Step::Rcpt => transaction.set_step(Step::Open),
            }
        }
    }

    fn finish(&mut self, engine: &mut Engine) -> Sent {
        self.transaction.settle(engine);
        match self.transaction.recipients.take_delivered() {
            Some(reply) => Sent::Taken(self.receipt(engine, reply)),
            None => {
                let refusal = self.transaction.why_hopeless();
                Sent::Refused(Undelivered::new(refusal, self.transaction.recipients.take()))
            }
        }
    }

    fn receipt(&mut self, engine: &Engine, reply: Reply) -> Receipt {
        self.transaction.recipients.take_receipt(reply, engine)
    }
}

impl<C: Command> Exchange for SendMessage<'_, C> {
    type Output = Sent;

    fn advance(&mut self, engine: &mut Engine) -> Result<Need<Sent>, Fault> {
        if !std::mem::replace(&mut self.begun, true) {
            self.transaction.begin_at(engine.queued());
        }
        // A reply after the last one is left to the next call: it cannot change what the server
        // said of the message.
        while !self.transaction.is_over()
            && let Some(head) = engine.next_reply()?
        {
            if head.automatic {
                reset::settle(engine, &head)?;
            } else {
                // The command that opens content may be the caller's own, of any stage: its reply
                // decides as that to DATA does.
                let opening = self.transaction.step() == Step::Opening;
                let answers = if opening { Stage::Data } else { head.stage };
                self.transaction.take(&head, answers, engine, false)?;
            }
        }
        if let Some(need) = self.write(engine)? {
            return Ok(need);
        }
        if self.transaction.is_over() {
            let sent = self.finish(engine);
            return Ok(Need::Done(sent));
        }
        Ok(Need::Reply)
    }

    fn poll_source(&mut self, cx: &mut std::task::Context<'_>) -> std::task::Poll<()> {
        self.transaction.poll_body(cx)
    }

    fn lost(&mut self, engine: &Engine, lost: Lost) -> Sent {
        // It is the only message in flight, so a reply that closes answers it.
        let came_to = self.transaction.lose(lost.fault(), engine, true);
        // It has recipients, whatever became of the connection after they had their replies.
        let delivered = self.transaction.recipients.take_delivered();
        if let Some(reply) = delivered.filter(|_| !matches!(came_to, Loss::Unknown)) {
            return Sent::Taken(self.receipt(engine, reply));
        }
        let recipients = self.transaction.recipients.take();
        match came_to {
            Loss::Unknown => Sent::Unknown(DeliveryUnknown::new(lost, recipients)),
            Loss::Refused(refusal) => {
                Sent::Lost(DeliveryLost::new(lost.after(refusal), recipients))
            }
            Loss::NotDelivered | Loss::NotSent => Sent::Lost(DeliveryLost::new(lost, recipients)),
        }
    }
}
