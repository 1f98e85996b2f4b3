//! A space between two values.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command(#[smtp(param = "P", join = ", ")] Vec<u8>);

fn main() {}
