//! The same, of a generic command.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command<'a, T: std::fmt::Display> {
    #[smtp(xtxt)]
    field: &'a T,
}

fn main() {}
