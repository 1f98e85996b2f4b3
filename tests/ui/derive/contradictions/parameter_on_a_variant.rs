//! A parameter of a form.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
enum Command {
    #[smtp(param = "A")]
    One(u8),
}

fn main() {}
