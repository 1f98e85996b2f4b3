//! A function whose result has no form.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command {
    #[smtp(with = nothing)]
    field: u8,
}

fn nothing(_: &u8) -> Nothing {
    Nothing
}

fn main() {}
