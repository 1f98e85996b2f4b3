//! A command that asks, and accepts no question.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", converses, valid_in(Idle))]
struct Command;

fn main() {}
