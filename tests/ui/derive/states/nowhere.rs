//! A command that can never be sent.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A")]
struct Command;

fn main() {}
