//! An attribute that does not exist.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(parma = "A")]
    field: u8,
}

fn main() {}
