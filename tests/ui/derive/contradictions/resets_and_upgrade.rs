//! EHLO after a handshake.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", upgrade, resets)]
struct Command;

fn main() {}
