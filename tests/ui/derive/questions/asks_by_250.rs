//! A command that asks by a reply that is no question.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(250, 251), converses, valid_in(Idle))]
struct Command;

fn main() {}
