//! A transition without an arrow.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", transition(Tls, Authed))]
struct Command;

fn main() {}
