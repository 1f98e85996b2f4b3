//! The same, of another type.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(220), upgrade)]
struct Command(#[smtp(secret)] String);

fn main() {}
