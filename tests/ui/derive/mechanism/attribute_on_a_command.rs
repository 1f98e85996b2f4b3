//! An attribute of mechanisms.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any), reveals_secret)]
struct Command;

fn main() {}
