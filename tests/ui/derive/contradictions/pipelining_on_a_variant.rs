//! A position in a group, of a form.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
enum Command {
    #[smtp(pipelining)]
    One,
    Two,
}

fn main() {}
