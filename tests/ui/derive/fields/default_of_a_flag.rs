//! A flag that is false is not written anyway.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(flag = "F", unless_default)]
    field: bool,
}

fn main() {}
