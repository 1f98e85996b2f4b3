//! Bytes that are no number.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(raises = "many")]
    field: u8,
}

fn main() {}
