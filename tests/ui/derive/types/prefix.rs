//! A prefix before nothing.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(prefix = "#")]
    field: Nothing,
}

fn main() {}
