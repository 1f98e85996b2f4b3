//! STARTTLS: asks the server to go on inside TLS.

use smtp_derive::SmtpCommand;

/// The command STARTTLS.
///
/// ```text
/// "STARTTLS" CRLF      ; RFC 3207 §4: no parameters
/// ```
///
/// `Connection::<Greeted>::starttls` sends it and does what must follow.
#[derive(Debug, Clone, Copy, Default, SmtpCommand)]
#[smtp(verb = "STARTTLS", requires = "STARTTLS", accepts(220), stage = StartTls, upgrade)]
pub struct StartTls;
