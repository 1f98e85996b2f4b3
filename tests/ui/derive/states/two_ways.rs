//! Two ways out of one state.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", transition(Tls => Tls, Tls => Authed))]
struct Command;

fn main() {}
