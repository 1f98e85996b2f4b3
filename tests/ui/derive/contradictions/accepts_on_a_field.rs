//! Codes of a field.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(accepts(250))]
    field: u8,
}

fn main() {}
