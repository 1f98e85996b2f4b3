//! Free text in pieces.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X-A", valid_in(any))]
struct Command(#[smtp(text)] Vec<String>);

fn main() {}
