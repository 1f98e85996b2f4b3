//! A secret that is there or not.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(flag = "F", secret)]
    field: bool,
}

fn main() {}
