//! Commands in the middle of a handshake.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", upgrade, pipelining)]
struct Command;

fn main() {}
