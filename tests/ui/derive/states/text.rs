//! A state in quotes.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in("Authed"))]
struct Command;

fn main() {}
