//! A command that asks, after others.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(250, 334), converses, last, valid_in(Idle))]
struct Command;

fn main() {}
