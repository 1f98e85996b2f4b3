//! Answers, or a handshake.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", upgrade, converses)]
struct Command;

fn main() {}
