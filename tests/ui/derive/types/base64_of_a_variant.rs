//! Nothing as base64.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
enum Command {
    One(#[smtp(base64)] Nothing),
}

fn main() {}
