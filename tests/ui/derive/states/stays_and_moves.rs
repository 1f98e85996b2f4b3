//! A command that stays and moves.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(Tls), transition(Tls => Authed))]
struct Command;

fn main() {}
