//! Which results of a message are those of a stale connection.

use smtp::DeliverError;
use smtp::error::Fault;
use smtp::grammar::EnhancedStatusCode;

/// Whether a connection had ended, or takes no more messages, before the server accepted anything
/// of a message: the message goes over another one, and nothing counts.
///
/// It is asked of a connection that had messages before. One that ends with its first message has
/// not become stale: something is wrong with it.
pub(crate) fn is_stale(error: &DeliverError) -> bool {
    match error {
        DeliverError::NotSent(_) => true,
        DeliverError::Refused(_) => is_too_many(error),
        DeliverError::Lost(lost) => {
            let ended = match lost.lost().fault() {
                Fault::Closed | Fault::Io(_) => true,
                Fault::Closing(reply) => {
                    let is_bad_connection =
                        |code: EnhancedStatusCode| code.is(EnhancedStatusCode::BAD_CONNECTION);
                    let code = reply.code();
                    code.value() == 421
                        || (code.is_transient() && reply.enhanced().is_some_and(is_bad_connection))
                }
                _ => false,
            };
            ended && lost.recipients().iter().all(|recipient| !recipient.is_accepted())
        }
        DeliverError::Unknown(_) => false,
    }
}

/// Whether the server takes no more messages over the connection.
pub(crate) fn is_too_many(error: &DeliverError) -> bool {
    let refusal = match error {
        DeliverError::Refused(undelivered) => Some(undelivered.refusal()),
        DeliverError::Lost(lost) => lost.lost().refusal(),
        DeliverError::NotSent(_) | DeliverError::Unknown(_) => None,
    };
    refusal.is_some_and(smtp::Refusal::is_too_many_messages)
}
