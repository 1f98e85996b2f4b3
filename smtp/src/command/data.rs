//! DATA: asks the server to take the message.

use smtp_derive::SmtpCommand;

/// The command DATA.
///
/// ```text
/// data = "DATA" CRLF      ; RFC 5321 §4.1.1.4
/// ```
///
/// The server answers 354 and waits for the message, so it is sent by
/// `Connection::<InTransaction<_>>::data`, which has one.
#[derive(Debug, Clone, Copy, Default, SmtpCommand)]
#[smtp(verb = "DATA", accepts(354), stage = Data, content)]
pub struct Data;
