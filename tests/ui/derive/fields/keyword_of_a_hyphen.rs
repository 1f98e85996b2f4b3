//! A keyword that begins with a hyphen.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(param = "-KEY")]
    field: u8,
}

fn main() {}
