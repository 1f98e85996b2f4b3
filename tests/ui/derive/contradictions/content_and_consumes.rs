//! A message after the end of the session.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", content, consumes(InTransaction))]
struct Command;

fn main() {}
