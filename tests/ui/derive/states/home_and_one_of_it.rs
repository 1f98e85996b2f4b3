//! A state twice, by two names.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(Idle, Tls))]
struct Command;

fn main() {}
