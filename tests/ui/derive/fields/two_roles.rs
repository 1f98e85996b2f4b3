//! A field that is two things.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(param = "A", skip)]
    field: u8,
}

fn main() {}
