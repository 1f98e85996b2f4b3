//! Why a message cannot be sent as it is.
//!
//! Each of these is found in the client, so each text says what the author of the message can do.

use std::fmt::{self, Display};

use smtp_grammar::EnhancedStatusCode;

use super::line_ends::TEXT_LINE;

/// Why a message cannot be sent as it is.
///
/// Offsets count the bytes of the message from 0, before anything is done to them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentError {
    /// A NUL, at this offset.
    Nul(u64),
    /// A CR without LF, which ends at this offset: that of the byte following it.
    BareCarriageReturn(u64),
    /// A LF without CR, at this offset.
    BareLineFeed(u64),
    /// A line of more than 998 bytes, which ends at this offset: that of its line end.
    LineTooLong(u64),
    /// A byte beyond ASCII in a message that was declared to have none, or for a server that does
    /// not offer 8BITMIME.
    EightBit,
    /// A header that holds UTF-8 beyond ASCII, for a server that does not offer SMTPUTF8, or after
    /// a MAIL that did not ask for it.
    Utf8Header,
    /// A [binary](crate::message::LineEnds::Binary) message that was to be sent with DATA, which
    /// sends lines.
    BinaryNeedsBdat,
}

impl ContentError {
    /// The meaning of the error as an enhanced status code (RFC 3463), for a report about the
    /// message: 5.6.9 where its header needs SMTPUTF8 (RFC 6531 §3.5), 5.6.3 where it would have
    /// to be converted for this server, and 5.6.0 where it may not be sent to any.
    pub fn enhanced(&self) -> Option<EnhancedStatusCode> {
        let detail = match self {
            Self::Nul(_)
            | Self::BareCarriageReturn(_)
            | Self::BareLineFeed(_)
            | Self::LineTooLong(_) => 0,
            Self::EightBit | Self::BinaryNeedsBdat => 3,
            Self::Utf8Header => 9,
        };
        EnhancedStatusCode::new(5, 6, detail)
    }
}

impl Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nul(offset) => write!(
                f,
                "the message holds a NUL at byte {offset}, which no mail may hold: encode it \
                 (RFC 5322 §2.2, RFC 2045 §2.7)"
            ),
            Self::BareCarriageReturn(offset) => write!(
                f,
                "the message holds a CR without LF at byte {offset}: end lines with CRLF, or let \
                 them be normalized (RFC 5321 §2.3.8)"
            ),
            Self::BareLineFeed(offset) => write!(
                f,
                "the message holds a LF without CR at byte {offset}: end lines with CRLF, or let \
                 them be normalized (RFC 5321 §2.3.8)"
            ),
            Self::LineTooLong(offset) => write!(
                f,
                "the message has a line of more than {TEXT_LINE} bytes, which ends at byte \
                 {offset}: encode it as quoted-printable or base64 (RFC 5321 §4.5.3.1.6)"
            ),
            Self::EightBit => f.write_str(
                "the message holds bytes beyond ASCII and the server does not offer 8BITMIME, \
                 or they were not declared: encode them as quoted-printable or base64 (RFC 6152)",
            ),
            Self::Utf8Header => f.write_str(
                "the header of the message holds UTF-8, and the server does not offer SMTPUTF8 or \
                 it was not asked for: encode the header (RFC 2047), use another server, or ask \
                 for it in MAIL (RFC 6531)",
            ),
            Self::BinaryNeedsBdat => f.write_str(
                "the message is binary and was to be sent with DATA: a binary message needs BDAT \
                 and BODY=BINARYMIME (RFC 3030 §3)",
            ),
        }
    }
}

impl std::error::Error for ContentError {}
