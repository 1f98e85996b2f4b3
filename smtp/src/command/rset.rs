//! RSET: abandons the transaction.

use smtp_derive::SmtpCommand;

/// The command RSET.
///
/// ```text
/// rset = "RSET" CRLF      ; RFC 5321 §4.1.1.5
/// ```
///
/// Outside of a transaction it does nothing, and is allowed.
#[derive(Debug, Clone, Copy, Default, SmtpCommand)]
#[smtp(
    verb = "RSET",
    stage = Reset,
    pipelining,
    valid_in(Idle),
    transition(InTransaction => Idle)
)]
pub struct Rset;
