//! An argument after free text.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(text)]
    text: String,
    field: u8,
}

fn main() {}
