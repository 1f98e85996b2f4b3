//! A command that asks, with others after it.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(250, 334), converses, pipelining, valid_in(Idle))]
struct Command;

fn main() {}
