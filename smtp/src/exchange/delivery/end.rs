//! The result of a message for which no transaction is left: the server's limit is reached, or the
//! connection is lost.

use std::borrow::Borrow;

use super::flight::Flight;
use super::{Delivery, Messages, Stopped};
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::exchange::Need;
use crate::exchange::recipients::RecipientList;
use crate::exchange::transaction::Loss;
use crate::message::envelope::Envelope;
use crate::message::error::{DeliverError, DeliveryLost, DeliveryUnknown, Unsent};
use crate::proto::engine::Engine;

impl<'b, M, E, T> Delivery<'b, M, E, T>
where
    M: Messages<'b, Envelope = E, Ticket = T>,
    E: Borrow<Envelope>,
{
    /// The server takes no more transactions.
    #[cold]
    pub(super) fn stop(&mut self, engine: &mut Engine) -> Need<Stopped> {
        if self.again.is_empty()
            && self.next.is_none()
            && (self.exhausted || self.messages.is_empty())
        {
            return self.end(engine, Stopped::Exhausted);
        }
        // A message that waits for another transaction is not reported before the replies to its
        // first one are known to be its own: the commands in that flight are not all answered.
        if self.unconfirmed.is_some() {
            return Need::Reply;
        }
        // These messages need another connection: a recipient that was never named is not refused.
        let most = engine.transactions();
        for mut flight in std::mem::take(&mut self.again) {
            flight.transaction.recipients.stop(&Refusal::exhausted(most));
            if flight.transaction.transactions() > 0 {
                let result = flight.finish(engine);
                self.report(flight, result);
                continue;
            }
            let Flight { ticket, envelope, mut transaction, .. } = flight;
            // It was to begin again: the server has answered none of it, so it can be handed back.
            let recipients = transaction.recipients.take();
            let unsent = Unsent::new(Err(Refusal::exhausted(most)), recipients);
            let message = transaction.take_body().map(|body| (envelope, body));
            self.messages.hand_back(ticket, unsent, message);
        }
        if let Some((ticket, envelope, body)) = self.next.take() {
            let recipients = RecipientList::of(envelope.borrow().rcpts()).into_vec();
            let unsent = Unsent::new(Err(Refusal::exhausted(most)), recipients);
            self.messages.hand_back(ticket, unsent, Some((envelope, body)));
        }
        self.end(engine, Stopped::ServerLimit)
    }

    /// Reports a message that was under way when the connection was lost. `by_another` says that
    /// the reason is the source of another message.
    pub(super) fn lose(
        &mut self,
        flight: Flight<'b, E, T>,
        engine: &Engine,
        lost: &Lost,
        oldest: bool,
        by_another: bool,
    ) {
        let Flight { ticket, envelope, mut transaction, .. } = flight;
        // The replies that refused it may have been those of other commands, and the message has
        // left whole: it may have been delivered (RFC 1047).
        if self.is_out_of_step(lost) && transaction.depends_on_replies(engine) {
            transaction.doubt();
            let recipients = transaction.recipients.take();
            let unknown = DeliveryUnknown::new(lost.clone(), recipients);
            return self.messages.report(ticket, Err(DeliverError::Unknown(unknown)));
        }
        let came_to = transaction.lose(lost.fault(), engine, oldest);
        let delivered = transaction.recipients.take_delivered();
        let lost = lost.clone();
        let failed = |lost, recipients| {
            let failed = DeliveryLost::new(lost, recipients);
            DeliverError::Lost(if by_another { failed.by_another() } else { failed })
        };
        let error = match (came_to, delivered) {
            (Loss::Unknown, _) => {
                let recipients = transaction.recipients.take();
                DeliverError::Unknown(DeliveryUnknown::new(lost, recipients))
            }
            // An earlier transaction has delivered it to some recipients. An error would invite the
            // caller to send it again to all; the receipt says which recipients have it.
            (_, Some(reply)) => {
                let receipt = transaction.recipients.take_receipt(reply, engine);
                return self.messages.report(ticket, Ok(receipt));
            }
            (Loss::Refused(refusal), None) => {
                failed(lost.after(refusal), transaction.recipients.take())
            }
            (Loss::NotDelivered, None) => failed(lost, transaction.recipients.take()),
            (Loss::NotSent, None) => {
                let recipients = transaction.recipients.take();
                let unsent = Unsent::new(Ok(lost), recipients);
                let message = transaction.take_body().map(|body| (envelope, body));
                return self.messages.hand_back(ticket, unsent, message);
            }
        };
        let message = transaction.take_body().map(|body| (envelope, body));
        self.messages.fail(ticket, error, message);
    }
}
