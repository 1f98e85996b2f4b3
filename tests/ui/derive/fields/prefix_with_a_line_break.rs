//! A line break before a value.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(prefix = "\r\n")]
    field: u8,
}

fn main() {}
