//! A secret that is not sent.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command(#[smtp(skip, secret)] u8);

fn main() {}
