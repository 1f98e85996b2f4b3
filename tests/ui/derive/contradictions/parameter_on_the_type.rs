//! A parameter of the whole command.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any), param = "A")]
struct Command(u8);

fn main() {}
