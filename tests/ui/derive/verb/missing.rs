//! A command without a verb.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(valid_in(any))]
struct Command;

fn main() {}
