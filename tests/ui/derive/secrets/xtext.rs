//! A secret has no text that could be encoded.

use smtp::{Secret, SmtpCommand};

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(param = "P", xtext)]
    field: Secret,
}

fn main() {}
