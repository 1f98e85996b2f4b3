//! A prefix that is no text.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command(#[smtp(prefix = 5)] u8);

fn main() {}
