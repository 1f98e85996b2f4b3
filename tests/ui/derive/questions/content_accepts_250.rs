//! A message after a reply that asks for none.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(354, 250), content)]
struct Command;

fn main() {}
