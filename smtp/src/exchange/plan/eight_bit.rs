//! Bytes beyond ASCII: which declarations a message needs that holds them.
//!
//! A server that was not told of them may cut off their highest bit, or refuse the message after
//! all of it was sent, so they leave only where 8BITMIME or SMTPUTF8 was agreed on, or where the
//! caller insists.

use crate::error::refusal::Refusal;
use crate::message::body::Body;
use crate::proto::content::{ContentError, ContentSummary, LineEnds};
use crate::proto::line::Declared;

/// Checks whether a message may be sent after a MAIL that declares this, or can declare it.
///
/// # Errors
///
/// When it may not. Of a message that is produced while it is sent nothing is known yet: the
/// encoder looks at its bytes.
#[inline]
pub(super) fn check(
    body: &Body<'_>,
    summary: Option<ContentSummary>,
    declared: Declared,
) -> Result<(), Refusal> {
    match summary {
        Some(summary) if summary.eight_bit => check_message(body, summary, declared),
        _ => Ok(()),
    }
}

#[cold]
fn check_message(
    body: &Body<'_>,
    summary: ContentSummary,
    declared: Declared,
) -> Result<(), Refusal> {
    // A header in UTF-8 needs SMTPUTF8, in a binary message too (RFC 6531 §3.6).
    if summary.utf8_header && !declared.has(Declared::UTF8) && !body.undeclared {
        return Err(Refusal::content(ContentError::Utf8Header));
    }
    // A binary message is declared as such, or refused by its own rule.
    if body.line_ends != LineEnds::Binary && !may_leave(body, Some(summary), declared) {
        return Err(Refusal::content(ContentError::EightBit));
    }
    Ok(())
}

/// Whether bytes beyond ASCII may leave after a MAIL that has declared this. SMTPUTF8 without BODY
/// declares "the header contains UTF-8 characters, but all the body parts are in ASCII" (RFC 6531
/// §3.6).
#[inline]
pub(crate) fn may_leave(
    body: &Body<'_>,
    summary: Option<ContentSummary>,
    declared: Declared,
) -> bool {
    declared.has(Declared::EIGHT_BIT)
        || body.undeclared
        || (declared.has(Declared::UTF8)
            && summary.is_some_and(|summary| summary.utf8_header_alone))
}
