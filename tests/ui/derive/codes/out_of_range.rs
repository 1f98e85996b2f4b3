//! A code that no reply has.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any), accepts(250, 600))]
struct Command;

fn main() {}
