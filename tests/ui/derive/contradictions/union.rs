//! A union.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
union Command {
    one: u8,
}

fn main() {}
