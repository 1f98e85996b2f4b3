//! The result of a message that was answered for each recipient, until it is known that its replies
//! were its own.
//!
//! ```text
//! C: .  RSET  MAIL  RCPT  DATA
//! S: 250 a                        no 250 b: the server has forgotten a recipient
//! S: 250 reset                    taken for the reply for b
//! S: 250 sender  250 recipient    taken for the replies to RSET and MAIL
//! S: 354                          no reply to RCPT, and that to DATA never comes
//! ```
//!
//! In LMTP (RFC 2033 §4.2), and in PRDR after 353, the number of replies to a message is that of its
//! recipients, and a stream sends commands in the flight of the message. A reply to one of them
//! cannot be told from a reply for a recipient. But where one was too few, one of the next message's
//! commands stays without: so the result waits until they are all answered, which is one flight, and
//! no round trip of its own.

use std::borrow::Borrow;

use super::counted::{Unconfirmed, doubt, shows_a_miscount, unknown};
use super::{Delivered, Delivery, Messages};
use crate::error::lost::Lost;
use crate::message::envelope::Envelope;

impl<'b, M, E, T> Delivery<'b, M, E, T>
where
    M: Messages<'b, Envelope = E, Ticket = T>,
    E: Borrow<Envelope>,
{
    /// Keeps the result of a message until the commands in its flight are answered.
    #[cold]
    pub(super) fn wait_for_next(&mut self, result: Option<(T, Delivered)>) {
        self.unconfirmed = Some(Box::new(Unconfirmed { result }));
    }

    /// Reports the message that waits, once nothing that left with it is without an answer.
    #[cold]
    pub(super) fn confirm(&mut self) {
        if self.in_flight.front().is_some_and(|flight| flight.transaction.awaits()) {
            return;
        }
        if let Some(Unconfirmed { result: Some((ticket, result)) }) =
            self.unconfirmed.take().map(|unconfirmed| *unconfirmed)
        {
            self.messages.report(ticket, result);
        }
    }

    /// The connection is lost, and with it the replies that would have confirmed the message.
    // After another end than that of a miscount, the replies that were read decide.
    pub(super) fn lose_unconfirmed(&mut self, lost: &Lost) {
        let Some(unconfirmed) = self.unconfirmed.take() else {
            return;
        };
        let miscounted = shows_a_miscount(lost);
        match unconfirmed.result {
            Some((ticket, result)) => {
                let result = if miscounted { doubt(result, lost) } else { result };
                self.messages.report(ticket, result);
            }
            // It waits for another transaction, and there is no other message that does.
            None if miscounted => {
                if let Some(mut flight) = self.again.pop_front() {
                    let recipients = &mut flight.transaction.recipients;
                    recipients.lose(None);
                    let unknown = Err(unknown(recipients.take(), lost));
                    self.messages.report(flight.ticket, unknown);
                }
            }
            None => {}
        }
    }
}
