//! A type that writes no arguments.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
enum Command {
    One(#[smtp(flatten)] Nothing),
}

fn main() {}
