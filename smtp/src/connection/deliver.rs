//! How a message goes out: the whole transaction in one call.

use super::Connection;
use super::envelope::Envelope;
use super::group::Opened;
use super::message::Sent;
use crate::body::Body;
use crate::command::Mail;
use crate::error::{DeliverError, DeliveryUnknown, Lost, Refusal, Undelivered};
use crate::extension::{BodyKind, Size};
use crate::proto::content::ContentError;
use crate::receipt::{Receipt, Recipient};
use crate::state::Home;

impl<H: Home> Connection<H> {
    /// Delivers a message: MAIL, a RCPT for each recipient, the content.
    ///
    /// A server that offers PIPELINING gets the commands before the content in one flight (RFC 2920),
    /// any other one at a time; what comes of it is the same.
    ///
    /// The message goes to whoever the server accepts, or as the envelope's
    /// [`policy`](Envelope::policy) says. `SIZE=`, `BODY=8BITMIME` and `SMTPUTF8` are
    /// added where the message needs them and the server offers them.
    ///
    /// # Errors
    ///
    /// [`DeliverError::Refused`] when nobody got the message and the session goes on: what can be
    /// seen of the message or the envelope beforehand is refused without sending anything.
    /// [`DeliverError::Lost`] when the connection is gone and nobody got it,
    /// [`DeliverError::Unknown`] when it was sent whole and nobody knows.
    ///
    /// # Cancellation
    ///
    /// A future that was polled and is dropped before it is done interrupts the connection. Before
    /// the final dot has left, the server then drops what it got; after that, nobody knows.
    pub async fn deliver(
        &mut self,
        envelope: &Envelope,
        body: impl Into<Body<'_>>,
    ) -> Result<Receipt, DeliverError> {
        self.session.driver.enter().map_err(lost)?;
        let result = self.transact(envelope, body.into()).await;
        self.session.driver.leave();
        result
    }

    async fn transact(
        &mut self,
        envelope: &Envelope,
        body: Body<'_>,
    ) -> Result<Receipt, DeliverError> {
        let mail = self
            .prepare_mail(envelope, &body)
            .map_err(|refusal| undelivered(refusal, Vec::new()))?;
        let capabilities = self.state.capabilities();
        let session = &mut self.session;
        let opened = session.open_message(&mail, envelope, capabilities).await;
        let Opened { recipients, ready } = opened.map_err(DeliverError::Lost)?;
        let declared = match ready {
            Ok(declared) => declared,
            Err(refusal) => return Err(undelivered(refusal, recipients)),
        };
        delivered(session.finish_message(capabilities, declared, body).await, recipients)
    }

    /// MAIL as this message needs it, or why no MAIL can be right.
    pub(super) fn prepare_mail(
        &self,
        envelope: &Envelope,
        body: &Body<'_>,
    ) -> Result<Mail, Refusal> {
        let capabilities = self.state.capabilities();
        if envelope.rcpts().is_empty() {
            return Err(Refusal::no_recipients());
        }
        let measure = body.measure().map_err(Refusal::content)?;
        let mut mail = envelope.mail().clone();
        if let (Some(size), Some(measure)) = (capabilities.get::<Size>(), measure) {
            if let Some(limit) = size.limit().filter(|&limit| limit < measure.octets) {
                return Err(Refusal::too_large(measure.octets, limit));
            }
            mail = mail.size(measure.octets);
        }
        // SMTPUTF8 is refused later, for each address that needs it, where it is not offered.
        let utf8 = envelope.needs_smtputf8() && capabilities.has("SMTPUTF8");
        if utf8 {
            mail = mail.smtputf8();
        }
        let eight_bit = measure.is_none_or(|measure| measure.eight_bit);
        if eight_bit && capabilities.has("8BITMIME") {
            mail = mail.body(BodyKind::EightBitMime);
        } else if measure.is_some_and(|measure| measure.eight_bit) {
            return Err(Refusal::content(ContentError::EightBit));
        }
        Ok(mail)
    }
}

/// What became of a message whose recipients were asked for.
pub(super) fn delivered(
    sent: Result<Sent, Lost>,
    recipients: Vec<Recipient>,
) -> Result<Receipt, DeliverError> {
    match sent {
        Ok(Sent::Taken(reply)) => Ok(Receipt::new(recipients, reply)),
        Ok(Sent::Refused(refusal)) => Err(undelivered(refusal, recipients)),
        Ok(Sent::Unknown(lost)) => {
            Err(DeliverError::Unknown(DeliveryUnknown::new(lost, recipients)))
        }
        Err(lost) => Err(DeliverError::Lost(lost)),
    }
}

pub(super) fn undelivered(refusal: Refusal, recipients: Vec<Recipient>) -> DeliverError {
    DeliverError::Refused(Undelivered::new(refusal, recipients))
}

fn lost(fault: crate::Fault) -> DeliverError {
    DeliverError::Lost(fault.into())
}
