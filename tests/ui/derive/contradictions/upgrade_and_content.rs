//! A handshake, and a message.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", upgrade, content)]
struct Command;

fn main() {}
