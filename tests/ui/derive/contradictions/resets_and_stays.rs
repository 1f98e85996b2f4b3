//! EHLO after a command that stays.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any), resets)]
struct Command;

fn main() {}
