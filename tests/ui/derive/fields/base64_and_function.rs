//! Two encoders.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command(#[smtp(base64, with = hex)] u8);

fn hex(field: &u8) -> String {
    format!("{field:x}")
}

fn main() {}
