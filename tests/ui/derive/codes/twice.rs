//! A code that is listed twice.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any), accepts(250, 250))]
struct Command;

fn main() {}
