//! A length of a field that is not sent.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
enum Command {
    One(#[smtp(skip, raises = 10)] u8),
}

fn main() {}
