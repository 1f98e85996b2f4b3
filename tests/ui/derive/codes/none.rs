//! A list without codes.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any), accepts())]
struct Command;

fn main() {}
