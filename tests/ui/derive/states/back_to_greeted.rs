//! A way out of TLS.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", transition(Tls => Greeted))]
struct Command;

fn main() {}
