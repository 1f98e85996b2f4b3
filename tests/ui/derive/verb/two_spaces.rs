//! Words of a verb with two spaces between them.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X  A", valid_in(any))]
struct Command;

fn main() {}
