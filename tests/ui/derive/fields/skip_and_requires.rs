//! A requirement of a field that is not sent.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(skip, requires = "X-B")]
    field: u8,
}

fn main() {}
