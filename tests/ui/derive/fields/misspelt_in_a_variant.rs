//! A misspelt attribute in a variant.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
enum Command {
    One(#[smtp(parm = "P")] u8),
}

fn main() {}
