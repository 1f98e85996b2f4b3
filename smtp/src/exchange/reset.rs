//! RSET by the library's own decision, where the server may still have a transaction open that is
//! over for this side.
//!
//! It is due after a message that was refused. RFC 5321 §4.1.1.4 ends the transaction with the
//! final dot, but Postfix keeps it when a policy refuses the message, and the recipients of the
//! next message would join it. The session keeps the fact that RSET is due: RSET goes before the
//! first command of the next call. QUIT needs none, and EHLO resets as well (RFC 5321 §4.1.4).

use crate::proto::engine::{Engine, Outcome, ReplyHead};
use crate::proto::fault::{Fault, ProtocolError};

/// Queues RSET before the first command of an exchange, where it is due.
pub(crate) fn submit_if_due(engine: &mut Engine) {
    if engine.facts.reset_due {
        engine.submit_reset();
    }
}

/// Takes the reply to a RSET that the library has sent by its own decision.
///
/// # Errors
///
/// When it is refused: a server that does not even let a transaction be ended is out of step.
#[inline]
pub(crate) fn settle(engine: &mut Engine, head: &ReplyHead) -> Result<(), Fault> {
    if head.accepted {
        engine.facts.end_transaction();
        engine.skip(head);
        return Ok(());
    }
    // RSET is always answered 250 (RFC 5321 §4.1.1.5). After a refusal it is unknown whose message
    // the next content would be.
    let (Outcome::Accepted(reply) | Outcome::Refused(reply)) = engine.take(head);
    Err(engine.end(ProtocolError::ResetRefused(reply).into()))
}
