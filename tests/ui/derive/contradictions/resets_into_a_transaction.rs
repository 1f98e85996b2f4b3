//! A transaction of a server that is at its greeting.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", transition(Idle => InTransaction), resets)]
struct Command;

fn main() {}
