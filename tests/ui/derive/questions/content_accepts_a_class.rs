//! A message after any question.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(3xx), content)]
struct Command;

fn main() {}
