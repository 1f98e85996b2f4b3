//! A question before a handshake.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(334), upgrade)]
struct Command;

fn main() {}
