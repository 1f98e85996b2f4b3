//! States of a form.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A")]
enum Command {
    #[smtp(valid_in(any))]
    One,
}

fn main() {}
