//! The same, in a variant.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", accepts(220), upgrade)]
enum Command {
    One(Option<smtp::Secret>),
}

fn main() {}
