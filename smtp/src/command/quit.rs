//! QUIT: ends the session in order.

use smtp_derive::SmtpCommand;

/// The command QUIT.
///
/// ```text
/// quit = "QUIT" CRLF      ; RFC 5321 §4.1.1.10
/// ```
///
/// It consumes the connection, so `Connection::quit` sends it.
#[derive(Debug, Clone, Copy, Default, SmtpCommand)]
#[smtp(verb = "QUIT", accepts(2xx), stage = Quit, valid_in())]
pub struct Quit;
