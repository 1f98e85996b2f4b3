//! A message in flight, and the commands of its transaction.

use std::borrow::Borrow;

use crate::command::{Data, Mail, Rcpt};
use crate::error::refusal::Refusal;
use crate::exchange::MAX_QUEUED_BYTES;
use crate::exchange::plan::{DeliveryCapabilities, MailParams};
use crate::exchange::transaction::{Opening, Step, Transaction};
use crate::message::envelope::Envelope;
use crate::message::error::{DeliverError, Undelivered};
use crate::message::receipt::Receipt;
use crate::proto::command::Command as _;
use crate::proto::engine::Engine;
use crate::proto::line::Declared;

/// A message, and its transaction.
pub(super) struct Flight<'b, E, T> {
    pub(super) ticket: T,
    pub(super) envelope: E,
    pub(super) params: MailParams,
    /// How many bytes it has; 0 where that is not known.
    pub(super) bytes: u64,
    pub(super) transaction: Transaction<'b>,
}

/// The event that must come after the commands that may be written now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A reply decides.
    Reply,
    /// Bytes must leave.
    Room,
    /// The source of the body must give something.
    Source,
    /// The message.
    Content,
    /// An empty message, for no recipient.
    Nothing,
    /// Nothing is left to be written.
    Done,
}

/// Whether commands of the first message leave before the command in front of them is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ahead {
    No,
    /// They may, and it is not answered.
    Held,
    /// It was accepted, and they are not all answered.
    Released,
    /// It was not accepted: the replies to them are dropped, and the message waits.
    Withdrawn,
}

impl<E: Borrow<Envelope>, T> Flight<'_, E, T> {
    /// Writes the commands of a transaction as far as they may be written now: MAIL, each RCPT and
    /// DATA in one flight, with DATA as its last command (RFC 2920 §3.1).
    pub(super) fn write_commands(
        &mut self,
        engine: &mut Engine,
        offers: &DeliveryCapabilities,
    ) -> Next {
        let transaction = &mut self.transaction;
        let envelope = self.envelope.borrow();
        let capabilities = &offers.capabilities;
        // The recipients of a list may be many thousands: they wait for the socket, and not in
        // memory.
        if transaction.step() == Step::Rcpt && engine.output().remaining() > MAX_QUEUED_BYTES {
            return Next::Room;
        }
        loop {
            // Without PIPELINING a client waits for each reply (RFC 2920 §3, RFC 5321 §2.1). After
            // 355 to MAIL the server would take what follows for the rest of an earlier message
            // (RFC 1845 §4).
            if (!offers.pipelining || transaction.may_resume()) && transaction.awaits() {
                return Next::Reply;
            }
            match transaction.step() {
                Step::Reset => {
                    engine.submit_reset();
                    transaction.wrote_reset(engine);
                }
                Step::Mail => {
                    let mail = self.params.of(envelope.mail());
                    match engine.submit(&mail, capabilities, false) {
                        // The declaration of MAIL holds for the rest of the transaction: UTF-8 in
                        // RCPT (RFC 6531 §3.4), 8-bit and binary content (RFC 6152, RFC 3030 §3).
                        Ok(declared) => {
                            transaction.wrote_mail(declared);
                            if declared.has(Declared::LEFT_OUT) {
                                transaction.recipients.left_out.add(engine.take_left_out(), None);
                            }
                        }
                        Err(error) => transaction.refuse(Refusal::encode(Mail::SPEC.verb, error)),
                    }
                }
                // MAIL was refused meanwhile: a recipient without a sender means nothing.
                Step::Rcpt if transaction.refusal().is_some() => transaction.set_step(Step::Done),
                Step::Rcpt => match transaction.next_recipient() {
                    Some(index) => {
                        let utf8 = transaction.declared().has(Declared::UTF8);
                        match engine.submit(&envelope.rcpts()[index], capabilities, utf8) {
                            Ok(declared) => {
                                transaction.wrote_rcpt(index);
                                if declared.has(Declared::LEFT_OUT) {
                                    let without = engine.take_left_out();
                                    transaction.recipients.left_out.add(without, Some(index));
                                }
                            }
                            Err(error) => {
                                let refusal = Refusal::encode(Rcpt::SPEC.verb, error);
                                transaction.skip_rcpt(index, refusal);
                            }
                        }
                        // Before the step after the last recipient is chosen: replies that are read
                        // while the buffer empties may refuse MAIL, and then no DATA follows.
                        if engine.output().remaining() > MAX_QUEUED_BYTES {
                            return Next::Room;
                        }
                        transaction.step_after_rcpt();
                    }
                    None => transaction.set_step(Step::Open),
                },
                Step::Open => {
                    match transaction.opening(offers.pipelining, envelope.send_policy()) {
                        Opening::Wait => return Next::Reply,
                        Opening::Source => return Next::Source,
                        Opening::Refused => transaction.give_up(),
                        // DATA must be the last command of its flight (RFC 2920 §3.1).
                        Opening::Ask => {
                            engine.submit_verb::<Data>();
                            transaction.wrote_opening();
                            return Next::Reply;
                        }
                        Opening::Send => transaction.set_step(Step::Content),
                    }
                }
                Step::Opening => return Next::Reply,
                Step::Content => return Next::Content,
                Step::Nothing => return Next::Nothing,
                Step::Done => return Next::Done,
            }
        }
    }

    /// Whether recipients that do not fit into one transaction get another: not those of a message
    /// that can be sent once only.
    #[cold]
    pub(super) fn may_split(&self) -> bool {
        self.envelope.borrow().may_split() && self.transaction.is_repeatable()
    }

    /// The result of a message for which no transaction is left.
    #[inline]
    pub(super) fn finish(&mut self, engine: &Engine) -> Result<Receipt, DeliverError> {
        let transaction = &mut self.transaction;
        match transaction.recipients.take_delivered() {
            Some(reply) => Ok(transaction.recipients.take_receipt(reply, engine)),
            None => Err(self.undelivered()),
        }
    }

    #[cold]
    fn undelivered(&mut self) -> DeliverError {
        let transaction = &mut self.transaction;
        let refusal = match transaction.refusal() {
            Some(refusal) => refusal.clone(),
            None => transaction.recipients.refusal(),
        };
        DeliverError::Refused(Undelivered::new(refusal, transaction.recipients.take()))
    }
}
