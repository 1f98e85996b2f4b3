//! The same in a variant.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
enum Command {
    One(u8),
    Two(Nothing),
}

fn main() {}
