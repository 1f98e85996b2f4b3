//! A keyword that no parameter has.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(param = "A B")]
    field: u8,
}

fn main() {}
