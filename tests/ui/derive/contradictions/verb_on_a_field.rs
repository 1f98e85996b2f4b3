//! A verb in the middle.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command(#[smtp(verb = "A")] u8);

fn main() {}
