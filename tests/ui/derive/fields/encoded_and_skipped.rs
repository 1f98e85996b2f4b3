//! An encoder of what is not sent.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(skip, base64)]
    field: u8,
}

fn main() {}
