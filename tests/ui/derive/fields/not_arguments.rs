//! Arguments that write nothing.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(flatten)]
    field: u8,
}

fn main() {}
