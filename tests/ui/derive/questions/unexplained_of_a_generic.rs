//! The same, of a generic command.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(354), valid_in(Idle))]
struct Command<T: std::fmt::Display>(T);

fn main() {}
