//! Any question, and a login.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(2xx, 3xx), transition(Tls => Authed))]
struct Command {
    field: u8,
}

fn main() {}
