//! A flag that is no yes or no.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(flag = "A")]
    field: u8,
}

fn main() {}
