//! Base64 of what has no bytes.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(base64)]
    field: u8,
}

fn main() {}
