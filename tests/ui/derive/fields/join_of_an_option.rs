//! One value that may be missing, joined.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command(#[smtp(join = ",")] Option<u8>);

fn main() {}
