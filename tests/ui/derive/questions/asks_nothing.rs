//! A command that asks, and accepts no question.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", converses, valid_in(Home))]
struct Command;

fn main() {}
