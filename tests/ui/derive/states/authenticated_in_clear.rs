//! A login in clear.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", transition(Greeted => Authed))]
struct Command;

fn main() {}
