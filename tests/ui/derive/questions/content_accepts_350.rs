//! A message after another question.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(350), content)]
struct Command;

fn main() {}
