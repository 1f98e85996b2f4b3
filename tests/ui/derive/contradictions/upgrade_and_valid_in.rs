//! A handshake in a state of its own.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", upgrade, valid_in(Greeted))]
struct Command;

fn main() {}
