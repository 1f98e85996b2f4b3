//! A function for another type.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command(#[smtp(with = hex)] Nothing);

fn hex(number: &u8) -> String {
    format!("{number:x}")
}

fn main() {}
