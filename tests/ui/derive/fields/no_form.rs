//! Bytes without an encoder.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    field: Vec<Vec<u8>>,
}

fn main() {}
