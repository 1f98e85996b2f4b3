//! A value for what has none.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any), resets = "yes")]
struct Command;

fn main() {}
