//! Two encoders for one value.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(xtext, base64)]
    field: String,
}

fn main() {}
