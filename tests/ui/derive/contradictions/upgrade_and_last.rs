//! A handshake at the end of a group.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", upgrade, last)]
struct Command;

fn main() {}
