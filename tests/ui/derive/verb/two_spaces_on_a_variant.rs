//! The same, on a variant.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(valid_in(any))]
enum Command {
    #[smtp(verb = "X  A")]
    One,
}

fn main() {}
