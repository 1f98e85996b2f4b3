//! A line break between two values.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command(#[smtp(join = "\n")] Vec<u8>);

fn main() {}
