//! A way into TLS without a handshake.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", transition(Greeted => Tls))]
struct Command;

fn main() {}
