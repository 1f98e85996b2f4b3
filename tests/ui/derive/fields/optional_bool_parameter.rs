//! The same, where it may be missing.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(param = "REQUIRETLS")]
    field: Option<bool>,
}

fn main() {}
