//! NOOP: asks whether the server is still there.

use smtp_derive::SmtpCommand;

/// The command NOOP.
///
/// ```text
/// noop = "NOOP" [ SP String ] CRLF      ; RFC 5321 §4.1.1.9
/// ```
///
/// Servers ignore the string, so none is sent.
#[derive(Debug, Clone, Copy, Default, SmtpCommand)]
#[smtp(verb = "NOOP", valid_in(any))]
pub struct Noop;
