//! A state that does not exist.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(Tsl))]
struct Command;

fn main() {}
