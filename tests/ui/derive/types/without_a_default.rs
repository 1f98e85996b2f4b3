//! A type without a default.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(unless_default, with = hex)]
    field: Nothing,
}

fn hex(_: &Nothing) -> u8 {
    0
}

fn main() {}
