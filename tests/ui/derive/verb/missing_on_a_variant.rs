//! A form without a verb.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(valid_in(any))]
enum Command {
    #[smtp(verb = "X-A")]
    One,
    Two,
}

fn main() {}
