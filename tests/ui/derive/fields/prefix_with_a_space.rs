//! A space before a value.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
enum Command {
    One(#[smtp(prefix = "# ")] u8),
}

fn main() {}
