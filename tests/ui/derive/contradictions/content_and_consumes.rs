//! A message for nobody.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", content, consumes(InTransaction))]
struct Command;

fn main() {}
