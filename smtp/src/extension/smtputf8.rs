//! SMTPUTF8: addresses and headers may hold UTF-8 (RFC 6531).

use smtp_grammar::{Capability, Params};

use super::parameter::{MailParameter, Parameter};

/// SMTPUTF8: addresses and headers may hold UTF-8 (RFC 6531).
///
/// It is a parameter of MAIL too. A delivery asks for it where an address needs it, or the header
/// of a message in memory; of a message that is produced while it is sent only the caller knows:
///
/// ```
/// use smtp::Envelope;
/// use smtp::extension::SmtpUtf8;
///
/// let envelope = Envelope::new("me@example.com", ["you@example.org"])?.with(SmtpUtf8);
/// # Ok::<(), smtp::error::EnvelopeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmtpUtf8;

impl Capability for SmtpUtf8 {
    const KEYWORD: &'static str = "SMTPUTF8";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}

impl MailParameter for SmtpUtf8 {
    fn into_parameter(self) -> Parameter {
        // MAIL has ten bytes more for it (RFC 6531 §3.1).
        Parameter::flag(Self::KEYWORD, Self::KEYWORD).raises(10)
    }
}
