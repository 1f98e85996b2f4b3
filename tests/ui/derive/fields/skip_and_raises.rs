//! What is not sent has no length.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
enum Command {
    One(#[smtp(skip, raises = 10)] u8),
}

fn main() {}
