//! Free text with a keyword.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(text, param = "P")]
    field: String,
}

fn main() {}
