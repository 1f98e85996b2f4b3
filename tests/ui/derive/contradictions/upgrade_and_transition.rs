//! A handshake, and a transition.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", upgrade, transition(Tls => Authed))]
struct Command;

fn main() {}
