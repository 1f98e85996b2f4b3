//! A flag with an encoder.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(flag = "KEY", xtext)]
    field: bool,
}

fn main() {}
