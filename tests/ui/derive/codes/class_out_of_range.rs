//! A class that no reply has.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any), accepts(9xx))]
struct Command;

fn main() {}
