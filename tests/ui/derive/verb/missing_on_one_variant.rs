//! One of two variants without a verb.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(valid_in(any))]
enum Command {
    #[smtp(verb = "X-A")]
    One,
    Two(u8),
}

fn main() {}
