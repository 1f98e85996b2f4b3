//! A verb that is no text.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = 250, valid_in(any))]
struct Command;

fn main() {}
