//! A stage that does not exist.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any), stage = Male)]
struct Command;

fn main() {}
