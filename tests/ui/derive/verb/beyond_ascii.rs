//! A verb with a letter beyond ASCII.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-Ä", valid_in(any))]
struct Command;

fn main() {}
