//! A command with fields, and no verb.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(valid_in(any))]
struct Command {
    field: u8,
}

fn main() {}
