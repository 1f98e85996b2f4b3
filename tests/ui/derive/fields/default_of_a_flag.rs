//! A default of a flag, which is left out when it is false.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(flag = "F", unless_default)]
    field: bool,
}

fn main() {}
