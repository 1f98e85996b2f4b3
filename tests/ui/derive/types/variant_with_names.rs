//! The same in a variant with names.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
enum Command {
    One { first: u8, second: Nothing },
}

fn main() {}
