//! A secret that is a flag.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(flag = "F", secret)]
    field: bool,
}

fn main() {}
