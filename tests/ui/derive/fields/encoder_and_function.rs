//! An encoder beside a function.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(xtext, with = hex)]
    field: u8,
}

fn hex(number: &u8) -> String {
    format!("{number:x}")
}

fn main() {}
