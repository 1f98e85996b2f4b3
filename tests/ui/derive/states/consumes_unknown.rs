//! A state that is misspelt where the session ends.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", consumes(Authd))]
struct Command;

fn main() {}
