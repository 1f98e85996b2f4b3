//! A message whose replies are counted, and the doubt about them.

use crate::error::lost::Lost;
use crate::exchange::transaction::Transaction;
use crate::message::error::{DeliverError, DeliveryUnknown};
use crate::message::receipt::Receipt;
use crate::message::recipient::Recipient;
use crate::message::transfer::BodyMethod;
use crate::proto::fault::{Fault, ProtocolError};

/// A message whose replies may have been those to other commands.
pub(super) struct Unconfirmed<T> {
    /// Its result; none where it goes on in another transaction.
    pub(super) result: Option<(T, Result<Receipt, DeliverError>)>,
}

/// Whether the number of replies to the message was that of its recipients.
// An eager window has other commands in flight than those of the next message, and HELP at its end.
#[inline]
pub(super) fn is_counted(transaction: &Transaction<'_>) -> bool {
    transaction.has_own_replies() && transaction.method() != BodyMethod::EagerBdat
}

/// Whether the connection was lost as it is where a reply was too few: one stayed away, or one
/// answers another command than it came to.
pub(super) fn shows_a_miscount(lost: &Lost) -> bool {
    match lost.fault() {
        Fault::Protocol(error) => matches!(error, ProtocolError::Unexpected { .. }),
        fault => matches!(fault, Fault::TimedOut(_)),
    }
}

/// The result of a message whose replies may be those to other commands.
pub(super) fn doubt(
    result: Result<Receipt, DeliverError>,
    lost: &Lost,
) -> Result<Receipt, DeliverError> {
    match result {
        Ok(receipt) => Err(unknown(receipt.into_recipients(), lost)),
        Err(DeliverError::Refused(refused)) => Err(unknown(refused.into_parts().1, lost)),
        Err(error) => Err(error),
    }
}

/// The error for these recipients, whose final replies may be those to other commands.
pub(super) fn unknown(mut recipients: Vec<Recipient>, lost: &Lost) -> DeliverError {
    recipients.iter_mut().for_each(Recipient::doubt_final);
    DeliverError::Unknown(DeliveryUnknown::new(lost.clone(), recipients))
}
