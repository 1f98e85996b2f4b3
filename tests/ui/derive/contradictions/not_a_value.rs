//! A value that is a list.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = ["X-A"], valid_in(any))]
struct Command;

fn main() {}
