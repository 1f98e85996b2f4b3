//! An attribute that does not exist.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any), requries = "X-A")]
struct Command;

fn main() {}
