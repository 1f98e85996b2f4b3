//! A default of what may be missing.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(unless_default)]
    field: Option<u8>,
}

fn main() {}
