//! A state twice, by two names.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(Home, Tls))]
struct Command;

fn main() {}
