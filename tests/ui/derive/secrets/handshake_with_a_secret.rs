//! A secret before TLS.

use smtp::{Secret, SmtpCommand};

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(220), upgrade)]
struct Command {
    token: Secret,
}

fn main() {}
