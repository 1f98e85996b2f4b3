//! A secret is compared with nothing.

use smtp::{Secret, SmtpCommand};

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(unless_default)]
    field: Secret,
}

fn main() {}
