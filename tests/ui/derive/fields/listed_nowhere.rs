//! A parameter that no keyword can list.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(param = "A", if_listed)]
    field: u8,
}

fn main() {}
