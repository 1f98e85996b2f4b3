//! The same, in a variant.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
enum Command {
    One(#[smtp(text)] String, u8),
}

fn main() {}
